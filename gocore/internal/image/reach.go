package image

import (
	"slices"
	"sync"

	"goheap/heap"
)

// Reach is what the values in chunks of user arenas lead to, from the words of a node on,
// or of all that lead into the chunks: From is heap.None then. Values lead to each other,
// and out of the chunks. V is what a value is to who names it.
type Reach[V any] struct {
	From   heap.Node
	Start  V
	Chunks []heap.Node
	Values []ReachedValue[V] // as they are met, breadth first
	out    map[heap.Node]ChunkWord
}

// ReachedValue is a value in a chunk: size bytes from Addr on, and the word by which it
// was met.
type ReachedValue[V any] struct {
	Value      V
	Type       uint32
	Addr, Size uint64
	By         ChunkWord
}

// ChunkWord is a word of the value with the number In, or, where that is -1, of the node
// From, which leads into chunks: of a root it is the piece with the given number.
type ChunkWord struct {
	From        heap.Node
	In, Piece   int
	Slot, Value uint64
}

// How many values are met, and how many of their words looked at.
const (
	maxMet    = 1 << 20
	maxFollow = 1 << 24
)

// Way returns the words that lead to a node outside of the chunks, the first one first:
// ok is false where no value does.
func (r *Reach[V]) Way(to heap.Node) (words []ChunkWord, ok bool) {
	w, ok := r.out[to]
	if !ok {
		return nil, false
	}
	for words = append(words, w); w.In >= 0; words = append(words, w) {
		w = r.Values[w.In].By
	}
	slices.Reverse(words)
	return words, true
}

// ChunkWords are the words of the object from, in the slot at an address, that lead to
// chunks.
func (im *Image) ChunkWords(types *GCTypes, e *Extent, slot uint64, from heap.Node, chunks []heap.Node) (words []ChunkWord) {
	for _, off := range im.PointerWords(types, e, slot) {
		value, _ := im.Mem.Word(slot + off)
		if n, ok := im.Pages.Lookup(value); ok && slices.Contains(chunks, n) {
			words = append(words, ChunkWord{From: from, In: -1, Slot: slot + off, Value: value})
		}
	}
	return words
}

// ChunksOn are the chunks that a way goes through, each once: what lies between two visits
// of one is left out.
func (im *Image) ChunksOn(words []ChunkWord) (chunks []heap.Node) {
	for _, w := range words[:len(words)-1] {
		n, _ := im.Pages.Lookup(w.Value)
		if again := slices.Index(chunks, n); again >= 0 {
			chunks = chunks[:again]
		}
		chunks = append(chunks, n)
	}
	return chunks
}

// Explore meets what start leads to, and follows the words of what it meets. lead says
// what a word leads to; it is not asked again for what has the same type, place and size.
func (r *Reach[V]) Explore(im *Image, types *GCTypes, start []ChunkWord, lead func(w ChunkWord) (ReachedValue[V], bool)) {
	type place struct {
		t          uint32
		addr, size uint64
	}
	r.out = map[heap.Node]ChunkWord{}
	met := map[place]bool{}
	meet := func(w ChunkWord) {
		to, ok := im.Pages.Lookup(w.Value)
		if !ok {
			return
		}
		if !slices.Contains(r.Chunks, to) {
			if _, ok := r.out[to]; !ok && w.In >= 0 {
				r.out[to] = w
			}
			return
		}
		x, ok := lead(w)
		if at := (place{x.Type, x.Addr, x.Size}); ok && !met[at] && len(r.Values) < maxMet {
			met[at] = true
			x.By = w
			r.Values = append(r.Values, x)
		}
	}
	for _, w := range start {
		meet(w)
	}
	words := map[heap.Node][]uint64{} // the offsets of those that the collector follows
	for _, n := range r.Chunks {
		base, _ := im.Bounds(n)
		words[n] = im.PointerWords(types, im.ExtentAt(base), base)
	}
	followed := 0
	for i := 0; i < len(r.Values); i++ {
		x := &r.Values[i]
		n, _ := im.Pages.Lookup(x.Addr)
		base, _ := im.Bounds(n)
		off, size := x.Addr-base, x.Size
		first, _ := slices.BinarySearch(words[n], off)
		for _, at := range words[n][first:] {
			if followed++; at-off >= size || followed > maxFollow {
				break
			}
			value, _ := im.Mem.Word(base + at)
			meet(ChunkWord{In: i, Slot: base + at, Value: value})
		}
	}
}

// Reaches remembers the last reaches: whoever names what an arena leads to asks for the
// same one each time. Goroutines may share it; the zero value is ready.
type Reaches[V any] struct {
	mu   sync.Mutex
	list []*Reach[V]
}

const maxReaches = 8

// Of returns the reach of a node and chunks, made by explore where it is not remembered;
// same compares starts.
func (c *Reaches[V]) Of(from heap.Node, start V, chunks []heap.Node, same func(a, b V) bool, explore func(r *Reach[V])) *Reach[V] {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.list {
		if r.From == from && slices.Equal(r.Chunks, chunks) && same(r.Start, start) {
			return r
		}
	}
	r := &Reach[V]{From: from, Start: start, Chunks: slices.Clone(chunks)}
	explore(r)
	if len(c.list) == maxReaches {
		c.list = slices.Delete(c.list, 0, 1)
	}
	c.list = append(c.list, r)
	return r
}
