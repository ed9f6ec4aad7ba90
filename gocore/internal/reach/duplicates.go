package reach

import (
	"bytes"
	"context"
	"hash/maphash"
	"runtime"
	"sync/atomic"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/waste"
	"goheap/heap"
	"goheap/internal/flat"
	"goheap/internal/progress"
)

// texts finds strings, and slices of bytes, with equal content: where they begin an object
// without pointers that could not be smaller for them. Of several in one object the longest
// counts, and of these the string. Those below tiny bytes share slots with others.
//
// The walk notes how long each is. Then two passes look at the contents, in the order in
// which they stand in memory. The first notes for each hash whether one text has it or
// several, in 2 bits; the second looks only at texts of which there seem to be several, so
// that what it keeps is in proportion to these.
type texts struct {
	*walker
	seed maphash.Seed // which one does not matter: what seems equal is compared
	// lengths has by node, two in a word, 0 for no text; else the higher the longer it is:
	// see note.
	lengths []uint32
	once    []uint64 // a bit for each hash modulo their number
	more    []uint64

	// The texts of the second pass, each content once, and an open hash table of these.
	list  []text
	table []uint32 // 1 + place in list, 0 for none
}

// text is one that others may be equal to.
type text struct {
	addr, n, hash uint64
	elem          uint64 // size of the slot
	node          heap.Node
	told          bool
}

func newTexts(w *walker) *texts {
	return &texts{walker: w, seed: maphash.MakeSeed(), lengths: flat.Make[uint32](w.Image.Nodes/2 + 1)}
}

func (x *texts) free() {
	flat.Free(x.lengths)
	flat.Free(x.once)
	flat.Free(x.more)
}

// noText is the length of what is no text, whatever leads to it.
const noText = 1<<16 - 1

// maxRest is more than what a slot has beyond a size that it is the smallest for: large
// ones are whole pages.
const maxRest = image.PageSize

// note notes a text of n bytes that begins an object. Bytes that only stacks lead to are a
// buffer that somebody works with, and nothing that could be kept once.
func (x *texts) note(node heap.Node, n, elem uint64, by way) {
	if by == byBytes && x.stacks || n < tiny || n > elem || elem-n >= maxRest {
		return
	}
	length := 2 * (maxRest - (elem - n))
	if by == byString {
		length++
	}
	x.raise(node, uint32(length))
}

// raise makes the length of a text no less than that. Several walkers may do so at once.
func (x *texts) raise(node heap.Node, length uint32) {
	word, shift := &x.lengths[node/2], node%2*16
	for {
		old := atomic.LoadUint32(word)
		if old>>shift&noText >= length || atomic.CompareAndSwapUint32(word, old, old&^(noText<<shift)|length<<shift) {
			return
		}
	}
}

// length is what was noted of a node.
func (x *texts) length(node heap.Node) uint32 { return x.lengths[node/2] >> (node % 2 * 16) & noText }

// each calls f with the texts in some extents that could not be in a smaller slot, by
// address.
func (x *texts) each(ctx context.Context, phase *progress.Phase, mem *inferior.Reader, extents []image.Extent, f func(t *text, data []byte)) error {
	done := uint64(0)
	for i := range extents {
		phase.Add(1)
		e := &extents[i]
		if e.Pointers != image.NoPointers {
			continue
		}
		if done += e.Size; done >= 1<<20 {
			if done = 0; ctx.Err() != nil {
				return ctx.Err()
			}
		}
		smaller := x.Image.SmallerClass(e.Elem)
		for s := range e.N {
			length := x.length(e.First + heap.Node(s))
			n := e.Elem - (maxRest - uint64(length/2))
			if length == 0 || length == noText || n <= smaller || x.inPool(e.First+heap.Node(s)) {
				continue
			}
			t := text{addr: e.Base + uint64(s)*e.Elem, n: n, elem: e.Elem, node: e.First + heap.Node(s)}
			data := mem.Bytes(t.addr, n)
			if uint64(len(data)) < n || !image.HasBit(x.Live, t.node) {
				continue
			}
			if t.hash = maphash.Bytes(x.seed, data); length%2 == 0 {
				t.hash = ^t.hash
			}
			f(&t, data)
		}
	}
	return ctx.Err()
}

// duplicates calls found with the texts that are equal to others.
func (x *texts) duplicates(ctx context.Context) error {
	bits := uint64(1 << 10)
	for bits < uint64(x.Image.Nodes) {
		bits *= 2
	}
	x.once, x.more = flat.Make[uint64](int(bits/64)), flat.Make[uint64](int(bits/64))
	extents := x.Image.Extents
	phase := progress.Start(ctx, "hash texts", int64(len(extents)))
	err := shared(ctx, len(extents), min(runtime.GOMAXPROCS(0), maxWalkers), func(int) func(lo, hi int) error {
		mem := x.mem
		return func(lo, hi int) error {
			return x.each(ctx, phase, &mem, extents[lo:hi], func(t *text, _ []byte) {
				word, bit := t.hash%bits/64, uint64(1)<<(t.hash%64)
				if atomic.OrUint64(&x.once[word], bit)&bit != 0 {
					atomic.OrUint64(&x.more[word], bit)
				}
			})
		}
	})
	phase.Finish()
	if err != nil {
		return err
	}
	x.table = make([]uint32, 1<<10)
	phase = progress.Start(ctx, "equal texts", int64(len(extents)))
	defer phase.Finish()
	return x.each(ctx, phase, &x.mem, extents, func(t *text, data []byte) {
		if x.more[t.hash%bits/64]>>(t.hash%64)&1 != 0 {
			x.compare(t, data)
		}
	})
}

// compare tells of a text that is equal to one before it, and else keeps it. Strings are
// equal to strings, and bytes to bytes.
func (x *texts) compare(t *text, data []byte) {
	mask := uint64(len(x.table) - 1)
	at := t.hash & mask
	for ; x.table[at] != 0; at = (at + 1) & mask {
		old := &x.list[x.table[at]-1]
		if old.hash != t.hash || old.n != t.n || x.length(old.node)%2 != x.length(t.node)%2 || !bytes.Equal(x.mem.Bytes(old.addr, old.n), data) {
			continue
		}
		if !old.told {
			old.told = true
			x.found(waste.Finding{Rule: waste.Duplicate, Node: old.node, First: true})
		}
		x.found(waste.Finding{Rule: waste.Duplicate, Node: t.node, Bytes: t.elem})
		return
	}
	x.list = append(x.list, *t)
	x.table[at] = uint32(len(x.list))
	if 2*len(x.list) > len(x.table) {
		x.grow()
	}
}

// grow doubles the table.
func (x *texts) grow() {
	x.table = make([]uint32, 2*len(x.table))
	mask := uint64(len(x.table) - 1)
	for i := range x.list {
		at := x.list[i].hash & mask
		for x.table[at] != 0 {
			at = (at + 1) & mask
		}
		x.table[at] = uint32(i + 1)
	}
}
