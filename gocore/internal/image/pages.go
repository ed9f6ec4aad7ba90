package image

import (
	"goheap/heap"
	"goheap/internal/flat"
)

const (
	PageShift = 13 // runtime's pageSize is 8 KiB on every platform
	PageSize  = 1 << PageShift
	// PagesPerBlock pages share one entry of the page table's first level.
	BlockShift    = 26
	PagesPerBlock = 1 << (BlockShift - PageShift)
)

// PageTable finds the slot that an address lies in: 16 bytes for each page of
// the heap, so that a lookup touches one of them and nothing of the spans.
type PageTable struct {
	firstBlock uint64
	blocks     []uint32 // by block after firstBlock: 1 + index of its pages
	Pages      []page
}

// page holds what is needed to find a slot and to divide: first and n are 0 for
// a page without objects. magic is 2³²/elem rounded up, 0 for a span of one
// object; the quotient is exact for offsets in any span of small objects
// (runtime/mspan.divideByElemSize).
type page struct {
	first heap.Node
	magic uint32
	index uint32 // of the page in its span
	n     uint16
	// kind is elem/8 in spans of several objects. In spans of one it is where in
	// the page the object ends, /8, or 0 if it does not end before the page. The
	// PointerMap stands on top.
	kind uint16
}

// pageKindShift is above elem/8, which is at most MaxSmallElem/8.
const (
	pageKindShift = 14
	MaxSmallElem  = 1<<pageKindShift*8 - 8
)

// Divisible reports whether the table finds the slot of every address in n slots of elem
// bytes side by side: the larger they are, the fewer of them. All spans of the runtime
// are (internal/runtime/gc/sizeclasses.go).
func Divisible(elem, n uint64) bool {
	if n <= 1 || elem > MaxSmallElem || n >= 1<<16 {
		return n <= 1
	}
	// The quotient is too high by off·above / (2³²·elem), which may not reach the 1/elem
	// that the last byte of a slot is away from the next.
	above := uint64(magicOf(elem))*elem - 1<<32
	return (n*elem-1)*above < 1<<32
}

// magicOf is 2³²/elem rounded up.
func magicOf(elem uint64) uint32 { return ^uint32(0)/uint32(elem) + 1 }

// Lookup returns the node whose slot holds addr, and whether there is one.
func (t *PageTable) Lookup(addr uint64) (heap.Node, bool) {
	b := addr>>BlockShift - t.firstBlock
	if b >= uint64(len(t.blocks)) || t.blocks[b] == 0 {
		return 0, false
	}
	p := &t.Pages[uint64(t.blocks[b]-1)*PagesPerBlock+addr>>PageShift%PagesPerBlock]
	off := uint64(p.index)<<PageShift | addr&(PageSize-1)
	i := uint32(off * uint64(p.magic) >> 32)
	if i >= uint32(p.n) || p.magic == 0 && p.behind(addr) {
		return 0, false
	}
	return p.first + heap.Node(i), true
}

// behind reports whether the only object of the page's span ends before addr.
func (p *page) behind(addr uint64) bool {
	end := p.kind & (1<<pageKindShift - 1)
	return end != 0 && addr%PageSize >= uint64(end)*8
}

// SlotAt is what a page tells about a slot.
type SlotAt struct {
	Node     heap.Node
	Off      uint64 // of the address in the slot
	Elem     uint64 // 0 where the span has one object: its extent knows
	Pointers PointerMap
}

// Find is lookup with what else is known of the slot.
func (t *PageTable) Find(addr uint64) (SlotAt, bool) {
	b := addr>>BlockShift - t.firstBlock
	if b >= uint64(len(t.blocks)) || t.blocks[b] == 0 {
		return SlotAt{}, false
	}
	p := &t.Pages[uint64(t.blocks[b]-1)*PagesPerBlock+addr>>PageShift%PagesPerBlock]
	off := uint64(p.index)<<PageShift | addr&(PageSize-1)
	i := uint32(off * uint64(p.magic) >> 32)
	if i >= uint32(p.n) || p.magic == 0 && p.behind(addr) {
		return SlotAt{}, false
	}
	elem := uint64(0)
	if p.magic != 0 {
		elem = uint64(p.kind&(1<<pageKindShift-1)) * 8
	}
	return SlotAt{p.first + heap.Node(i), off - uint64(i)*elem, elem, PointerMap(p.kind >> pageKindShift)}, true
}

// build makes the table from extents whose first nodes are set.
func (t *PageTable) build(extents []Extent) {
	if len(extents) == 0 {
		return
	}
	last := extents[len(extents)-1]
	t.firstBlock = extents[0].Base >> BlockShift
	t.blocks = flat.Make[uint32](int((last.Base+last.Size-1)>>BlockShift-t.firstBlock) + 1)
	used := uint32(0)
	for _, e := range extents {
		for b := e.Base >> BlockShift; b <= (e.Base+e.Size-1)>>BlockShift; b++ {
			if at := &t.blocks[b-t.firstBlock]; *at == 0 {
				used++
				*at = used
			}
		}
	}
	t.Pages = flat.Make[page](int(used) * PagesPerBlock)
	for _, e := range extents {
		p := page{first: e.First, n: uint16(e.N), kind: uint16(e.Pointers) << pageKindShift}
		if e.N > 1 {
			p.magic = magicOf(e.Elem)
			p.kind |= uint16(e.Elem / 8)
		}
		for a := e.Base; a < e.Base+e.Size; a += PageSize {
			if rest := e.Base + e.Elem - a; e.N == 1 && a >= e.Base+e.Elem {
				p.n = 0
			} else if e.N == 1 && rest < PageSize {
				p.kind |= uint16(rest / 8)
			}
			t.Pages[uint64(t.blocks[a>>BlockShift-t.firstBlock]-1)*PagesPerBlock+a>>PageShift%PagesPerBlock] = p
			p.index++
		}
	}
}

// Free gives the memory back; t is empty then.
func (t *PageTable) Free() {
	flat.Free(t.blocks)
	flat.Free(t.Pages)
	*t = PageTable{}
}
