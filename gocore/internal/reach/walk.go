package reach

import (
	"encoding/binary"
	"math/bits"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/waste"
	"goheap/heap"
)

// way is what covers bytes.
type way uint8

const (
	byString way = iota
	byBytes      // a slice of bytes, up to its length
	bySlice      // another one
	byRoom       // a slice, between its length and its capacity
	byPointer
	perhaps // it is not known how far this leads
	ways
)

// walker goes through all words that hold objects.
type walker struct {
	Config
	word     uint64
	little   bool // words of 8 bytes, the lowest first
	mem      inferior.Reader
	compiled []*compiled                // by types.ID
	maps     map[types.ID]*inferior.Map // nil for what is not understood
	dynamic  map[dynamicWord]*compiled
	last     [64]struct {
		key dynamicWord
		to  *compiled
	}

	found func(waste.Finding) // is told of containers and texts
	// ranged is told where the bytes are of which found is, as far as that is known; nil
	// where nobody asks.
	ranged func(n heap.Node, r waste.Range)
	texts  *texts      // nil where nobody asks for them
	parts  []heap.Node // of a map; buffer
	whole  heap.Bits
	boxes  boxes
	// pooled are the objects that only pools keep, nil for none.
	pooled *heap.Bits
	// stacks says that the words of a stack are walked.
	stacks bool
	lists  [ways]spans // of objects that are not whole, but byRoom
}

// dynamicWord is the first word of an interface.
type dynamicWord struct {
	word uint64
	itab bool
}

func newWalker(c Config) *walker {
	w := &walker{Config: c, word: uint64(c.Image.Arch.PtrSize), little: c.Image.Arch.LittleWords64, dynamic: map[dynamicWord]*compiled{}, maps: map[types.ID]*inferior.Map{}}
	w.whole, w.boxes = heap.NewBits(c.Image.Nodes), boxes{heap.NewBits(c.Image.Nodes)}
	w.mem = inferior.Reader{Mem: c.Image.Mem, Left: 16 * c.Image.Mem.Size()}
	for i := range w.lists {
		w.lists[i].drop = func(s span) bool {
			n, ok := w.Image.Pages.Lookup(s.lo)
			return !ok || w.whole.Has(n)
		}
	}
	return w
}

// beside returns a walker that takes a part of the heap from w, which absorbs it at the end.
func (w *walker) beside() *walker {
	o := newWalker(w.Config)
	o.mem.Ended, o.found, o.texts, o.pooled = w.mem.Ended, w.found, w.texts, w.pooled
	return o
}

// absorb adds what a walker beside w has found to what w has.
func (w *walker) absorb(o *walker) {
	for i, word := range o.whole.Words() {
		w.whole.Words()[i] |= word
	}
	for i, word := range o.boxes.Words() {
		w.boxes.Words()[i] |= word
	}
	for k := range w.lists {
		w.lists[k].list = append(w.lists[k].list, o.lists[k].list...)
		o.lists[k].list = nil
	}
}

func (w *walker) free() {
	w.whole.Close()
	w.boxes.Close()
}

func (w *walker) freePooled() {
	if w.pooled != nil {
		w.pooled.Close()
	}
}

// mark makes the object at p whole.
func (w *walker) mark(p uint64) {
	if n, ok := w.Image.Pages.Lookup(p); ok {
		w.whole.Set(n)
	}
}

// elem is the size of a slot.
func (w *walker) elem(at *image.SlotAt) uint64 {
	if at.Elem != 0 {
		return at.Elem
	}
	return w.Image.Extents[w.Graph.ExtentOf(at.Node)].Elem
}

// cover covers n bytes from p on, and room as far as most bytes from there.
func (w *walker) cover(p, n, most uint64, by way) {
	at, ok := w.Image.Pages.Find(p)
	if !ok || most == 0 {
		return
	}
	elem, head := w.elem(&at), uint64(0)
	if at.Pointers == image.Headers {
		head = image.MallocHeader
	}
	if w.texts != nil && by <= byBytes && at.Off == 0 && at.Pointers == image.NoPointers {
		w.texts.note(at.Node, n, elem, by)
	}
	switch {
	case most > elem-at.Off || n > most || at.Off < head:
		w.whole.Set(at.Node) // it says more than there is
	case elem == tiny && at.Pointers == image.NoPointers:
		w.whole.Set(at.Node) // shared by several values
	case at.Off == head && n == most && head+n > w.Image.SmallerClass(elem):
		w.whole.Set(at.Node) // the object is not smaller for it
	case w.whole.Has(at.Node) && n == most:
	default:
		if n > 0 {
			w.lists[by].add(span{p, p + n})
		}
		if most > n {
			w.lists[byRoom].add(span{p + n, p + most})
		}
	}
}

// onwards covers everything from p on, perhaps.
func (w *walker) onwards(p uint64) {
	if at, ok := w.Image.Pages.Find(p); ok {
		n := w.elem(&at) - at.Off
		w.cover(p, n, n, perhaps)
	}
}

// extent walks the live objects of a span.
func (w *walker) extent(e *image.Extent) {
	for s := range e.N {
		if n := e.First + heap.Node(s); image.HasBit(w.Live, n) {
			w.slot(e, n, e.Base+uint64(s)*e.Elem)
		}
	}
}

// slot walks an object. What has no pointers for the collector holds nothing, but channels
// and maps may be among these: see container.
func (w *walker) slot(e *image.Extent, n heap.Node, slot uint64) {
	if e.Pointers != image.NoPointers {
		w.object(e, n, slot)
		return
	}
	if id := w.IDs[n]; id != 0 && id < typing.FirstFit {
		if t, form := typing.SplitTypeID(id); form == typing.Container {
			w.container(e, n, slot, t)
		}
	}
}

// object walks the words of an object.
func (w *walker) object(e *image.Extent, n heap.Node, slot uint64) {
	id := w.IDs[n]
	if id == 0 || id >= typing.FirstFit {
		w.unknown(e, slot, 0)
		return
	}
	t, form := typing.SplitTypeID(id)
	c := w.compile(t)
	head := uint64(0)
	if e.Pointers == image.Headers {
		head = image.MallocHeader
	}
	switch {
	case form == typing.Container:
		w.container(e, n, slot, t)
		return
	case c.size == 0 || c.opaque && len(c.steps) == 0 || form == typing.StringData:
		w.unknown(e, slot, 0)
		return
	}
	size := c.size
	if form == typing.ManyValues {
		size = w.Image.Filled(e, slot, e.Elem-head, c.size)
	}
	size = min(size, e.Elem-head)
	data := w.mem.Bytes(slot+head, size)
	if uint64(len(data)) < size {
		w.unknown(e, slot, 0)
		return
	}
	if c.bufio && form == typing.OneValue {
		w.buffer(c, data)
	}
	for ; uint64(len(data)) >= c.size; data = data[c.size:] {
		w.steps(data[:c.size], c.steps)
	}
	if e.Pointers == image.HeapBits && head+size < e.Elem {
		w.unknown(e, slot, size/c.size*c.size)
	}
}

// unknown makes whole what the pointers from an offset in a slot on lead to.
func (w *walker) unknown(e *image.Extent, slot, from uint64) {
	if e.Pointers == image.HeapBits && w.Image.PointersEnd(e, slot) <= from {
		return
	}
	for _, off := range w.Image.PointerWords(w.GCTypes, e, slot) {
		if off >= from {
			p, _ := w.Image.Mem.Word(slot + off)
			w.mark(p)
		}
	}
}

func (w *walker) steps(data []byte, steps []step) {
	for i := range steps {
		x := &steps[i]
		if x.off+w.word > uint64(len(data)) {
			return
		}
		if x.kind == types.RepeatWord {
			for k := range x.count {
				at := x.off + k*x.stride
				if at+x.stride > uint64(len(data)) {
					break
				}
				w.steps(data[at:at+x.stride], x.sub)
			}
			continue
		}
		if p := w.at(data, x.off, 0); p != 0 {
			w.follow(x, p, data, x.off)
		}
	}
}

// at reads the word i words behind off; 0 where there is none.
func (w *walker) at(data []byte, off, i uint64) uint64 {
	at := off + i*w.word
	if at+w.word > uint64(len(data)) {
		return 0
	}
	if w.little {
		return binary.LittleEndian.Uint64(data[at:])
	}
	return w.Image.Arch.Word(data[at:])
}

// follow covers what the step x leads to, whose first word is p and stands at off in data.
func (w *walker) follow(x *step, p uint64, data []byte, off uint64) {
	if x.to == nil {
		x.to = w.compile(x.target)
	}
	switch x.kind {
	case types.PointerWord:
		w.value(x.to, p)
	case types.SliceWord, types.BufferWord, types.SockaddrWord:
		w.slice(x.to, p, w.at(data, off, 1), w.at(data, off, 2))
	case types.StringWord:
		n := w.at(data, off, 1)
		w.cover(p, n, n, byString)
	case types.EfaceWord, types.TracedEfaceWord, types.IfaceWord:
		if x.kind == types.TracedEfaceWord {
			w.mark(p)
		}
		if v := w.at(data, off, 1); v != 0 {
			w.boxed(w.dynamicType(dynamicWord{p, x.kind == types.IfaceWord}), v)
		}
	case types.ReflectWord:
		const indirect = 1 << 7 // reflect/value.go, flagIndir
		to := w.dynamicType(dynamicWord{word: w.at(data, off-w.word, 0)})
		if w.at(data, off, 1)&indirect != 0 && to != nil {
			w.value(to, p)
		} else {
			w.boxed(to, p)
		}
	default:
		w.mark(p) // closures, maps, channels, and what is not known
	}
}

// value covers a value of a type.
func (w *walker) value(c *compiled, p uint64) {
	if c.opaque {
		w.mark(p)
		return
	}
	w.cover(p, c.size, c.size, byPointer)
}

// slice covers a slice of a type.
func (w *walker) slice(c *compiled, p, n, most uint64) {
	over, used := bits.Mul64(c.size, n)
	over2, all := bits.Mul64(c.size, most)
	if over != 0 || over2 != 0 || c.size == 0 && c.opaque {
		w.mark(p)
		return
	}
	by := bySlice
	if c.size == 1 {
		by = byBytes
	}
	w.cover(p, used, all, by)
}

// boxed covers what an interface with the data word p holds; a nil type is not known.
func (w *walker) boxed(c *compiled, p uint64) {
	switch {
	case c == nil:
		w.mark(p)
	case c.direct != nil:
		w.follow(c.direct, p, nil, 0)
	case w.fitsInterface(c):
		w.box(c, p)
	default:
		w.value(c, p)
	}
}

// dynamicType returns the type of the value in an interface, nil where it is not known.
func (w *walker) dynamicType(key dynamicWord) *compiled {
	// Descriptors and itabs are aligned.
	at := &w.last[key.word/16%uint64(len(w.last))]
	if at.key == key && key.word != 0 {
		return at.to
	}
	to, ok := w.dynamic[key]
	if !ok {
		desc := key.word
		if key.itab {
			desc = w.Space.ItabType(desc)
		}
		if id, ok := w.Types.ByRuntimeType(desc); ok && desc != 0 {
			to = w.compile(id)
		}
		w.dynamic[key] = to
	}
	at.key, at.to = key, to
	return to
}
