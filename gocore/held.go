package gocore

import (
	"math/bits"
	"runtime/debug"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/heap"
)

// CountKnown reports whether Count is the number of values that an object was made for.
// Otherwise it is how many fit, and HeldCount may know better: the allocator rounds sizes
// up, and records none.
func (p *objects) CountKnown(n heap.Node) bool {
	defer p.caught(debug.SetPanicOnFault(true))
	t, _, count, ok := p.valueType(n)
	if !ok || count <= 1 {
		return true
	}
	size, head := uint64(1), uint64(0)
	e, _, _ := p.slot(n)
	if _, f := typing.SplitTypeID(p.typing.IDs[n]); f == typing.ManyValues {
		if size = p.types.Type(t).Size; e.Pointers == image.HeapBits {
			return true // the bits end with the last value
		}
	}
	if e.Pointers == image.Headers {
		head = image.MallocHeader
	}
	// With one value less it would have got a smaller slot.
	return head+(count-1)*size <= p.im.SmallerClass(e.Elem)
}

const (
	maxHolders = 1000    // nodes that HeldCount looks at
	maxHeld    = 1 << 22 // words of them
)

// HeldCount returns how many values of an array, or bytes of a string, slices and strings
// in the given nodes lead to: up to the end of the one that reaches farthest, a slice's
// capacity included. holders are all that point to n. ok is false where none of them has
// such a slice or string, or there are too many to look at.
func (p *naming) HeldCount(n heap.Node, holders []heap.Node) (count uint64, ok bool) {
	defer p.caught(debug.SetPanicOnFault(true))
	t, first, most, known := p.valueType(n)
	if !known || len(holders) > maxHolders {
		return 0, false
	}
	h := holding{p: p, n: n, first: first, words: maxHeld}
	switch _, f := typing.SplitTypeID(p.typing.IDs[n]); f {
	case typing.ManyValues:
		h.size = p.types.Type(t).Size
	case typing.StringData:
		h.size = 1
	}
	if h.size == 0 {
		return 0, false
	}
	for _, from := range holders {
		h.node(from)
	}
	return h.count, h.count > 0 && h.count <= most && h.words > 0
}

// holding is what is being found out about the array n, whose values of size bytes begin
// at first.
type holding struct {
	p           *naming
	n           heap.Node
	first, size uint64
	count       uint64 // so far
	words       int    // that may still be looked at
}

// node looks at all words of one node.
func (h *holding) node(from heap.Node) {
	p := h.p
	r := p.root(from)
	v := p.ownView(from)
	if r != nil {
		v = rootView(r)
		if h.words -= int(r.N); h.words <= 0 {
			return
		}
		pieces := p.im.Pieces[r.First : r.First+r.N]
		for i := range pieces {
			pc := &pieces[i]
			if n, ok := p.im.Pages.Lookup(pc.Value); !ok || n != h.n {
				continue
			}
			if r.Kind == image.GoroutineRoot {
				v = p.pieceView(int(r.Goroutine), pc)
			}
			h.word(v, pc.Slot, pc.Value)
		}
		return
	}
	e, addr, ok := p.slot(from)
	if !ok || v.t == 0 {
		return
	}
	if h.words -= int(min(e.Elem/uint64(p.im.Arch.PtrSize), maxHeld)); h.words <= 0 {
		return
	}
	for _, off := range p.im.PointerWords(p.gcTypes, e, addr) {
		value, _ := p.im.Mem.Word(addr + off)
		if n, ok := p.im.Pages.Lookup(value); ok && n == h.n {
			h.word(v, addr+off, value)
		}
	}
}

// pieceView is the variable of a goroutine's frame that a piece is in.
func (p *naming) pieceView(gi int, pc *image.Piece) view {
	h := p.holderOf(gi, pc)
	if g := &p.im.Goroutines[gi]; h.v != nil && !h.v.Parted && !h.v.Escaped && p.types.Type(h.v.Type).Size <= g.StackHi-g.StackLo {
		return p.variableView(&h, g)
	}
	return view{}
}

// word looks at the word at slot of a value v, which leads to value in the array.
func (h *holding) word(v view, slot, value uint64) {
	p := h.p
	size := p.types.Type(v.t).Size
	off := slot - v.addr
	if slot < v.addr || size == 0 || off/size >= v.n || value < h.first || (value-h.first)%h.size != 0 {
		return
	}
	at := types.Select(p.types, v.t, off%size, nil)
	typ, w, n := p.types.Type(at.Leaf), uint64(p.im.Arch.PtrSize), uint64(0)
	switch {
	case at.Rest != 0:
	case typ.Kind == types.Slice && p.types.Type(typ.Elem).Size == h.size:
		n = p.wordOf(v, slot+2*w)
	case typ.Kind == types.String && h.size == 1:
		n = p.wordOf(v, slot+w)
	}
	if end, over := bits.Add64(n, (value-h.first)/h.size, 0); n > 0 && over == 0 {
		h.count = max(h.count, end)
	}
}
