package gocore

import (
	"slices"

	"goheap/dump"
	"goheap/gocore/internal/unwind"
	"goheap/heap"
	"goheap/internal/arch"
	"goheap/internal/flat"
)

// image is what a decoder makes of a file: the heap as flat arrays, the roots,
// the goroutines and the memory to read values from. Everything above it,
// graph, types, names and values, sees only this and does not know what kind of
// file it came from.
type image struct {
	mem  *dump.Memory
	arch arch.Arch

	// extents are the spans that hold objects, in address order. Node numbers
	// are given to their slots by number().
	extents []extent
	smaller []uint32 // the next smaller size of slots, by size / 8; 0 for a size that is none
	pages   pageTable
	// arenaBits has the heap bits of all spans where the program keeps them by
	// arena; nil where they stand at the ends of the spans.
	arenaBits []byte
	// listed says that arenaBits has the pointers of all slots, those with headers
	// too, and that the contents of slots stand apart in the file.
	listed bool
	nodes  int // one more than the highest node number
	blind  int // allocated slots that the graph has no edges from, since nothing says where their pointers are

	// By node, one bit each: the slot is allocated; it was marked by the last
	// garbage collection; it was allocated since its span was swept.
	// What is in a span that is being swept counts as fresh.
	allocated, marked, fresh []uint64
	sweeping                 unsettled

	specials []special // by object address
	samples  []sample  // by object address
	roots    []root
	pieces   []piece // of all roots; root.pieces says which

	goroutines []goroutine
	walker     *unwind.Walker // nil without an executable

	// Of a heap dump: the frames of all goroutines, and the data segments.
	frames   []dumpFrame
	segments []dumpSegment
}

// extent is a span: n slots of elem bytes from base.
type extent struct {
	base  uint64
	elem  uint64
	size  uint64 // of the whole span, in bytes; more than n*elem
	first heap.Node
	n     uint32

	pointers pointerMap
	at       uint64 // heapBits: see image.heapBits; oneType: address of the type, 0 for none

	swept     bool // by the last collection
	sweeping  bool // a thread was at it: the bitmaps are being exchanged
	freeindex uint32
	allocBits uint64 // address of the bitmap, 0 for none
	markBits  uint64
	inline    uint64 // address of the inline mark bits, 0 for none
}

// unsettled counts what lies in spans that were not swept yet, or were being swept.
type unsettled struct {
	unswept int    // spans
	spans   int    // being swept
	slots   uint64 // of those, all
	fresh   uint64 // of those, the ones that count as allocated
}

// pointerMap says where an extent keeps which words of its slots are pointers
// (runtime/mbitmap.go, Go 1.22 and later).
type pointerMap uint8

const (
	noPointers pointerMap = iota // the span class says noscan
	heapBits                     // one bit a word for the whole span
	headers                      // each slot starts with the address of its type
	oneType                      // the span names the type of its only object
)

// mallocHeader is how many bytes of a slot its header takes, on every processor:
// behind it, values of 8 bytes are aligned (internal/runtime/gc, MallocHeaderSize;
// until Go 1.24 in package runtime).
const mallocHeader = 8

// heapBits returns the bits of a span whose pointers are described by them, one
// for each word; nil where they are not in the core.
func (im *image) heapBits(e *extent) []byte {
	return im.heapBitsFrom(e, 0, e.size/uint64(im.arch.PtrSize)/8)
}

// heapBitsFrom returns n bytes of the bits of a span.
func (im *image) heapBitsFrom(e *extent, from, n uint64) []byte {
	if im.arenaBits != nil {
		if at := e.at + from; at <= uint64(len(im.arenaBits)) && n <= uint64(len(im.arenaBits))-at {
			return im.arenaBits[at : at+n]
		}
		return nil
	}
	if !im.arch.BigEndian {
		b, _ := im.mem.Slice(e.at+from, n)
		return b
	}
	// The runtime writes the bits as words (runtime/mbitmap.go,
	// writeHeapBitsSmall): here the first byte of each has its last bits.
	w := uint64(im.arch.PtrSize)
	start := from / w * w
	b, ok := im.mem.Slice(e.at+start, alignUp(from+n, w)-start)
	if !ok {
		return nil
	}
	b = slices.Clone(b)
	for word := b; len(word) > 0; word = word[w:] {
		slices.Reverse(word[:w])
	}
	return b[from-start:][:n]
}

// special is a record that the runtime attached to an object: what it keeps
// alive, and the object it is about.
type special struct {
	object uint64 // the address it was made for, within a slot
	kind   specialKind
	keeps  []uint64 // addresses that the record itself keeps alive
}

type specialKind uint8

const (
	finalizerSpecial specialKind = iota
	cleanupSpecial
	weakHandleSpecial
)

// piece is one word that a root holds. slot is its address, 0 for a register.
type piece struct {
	slot, value  uint64
	frame        int32 // index in the goroutine's frames, -1 for none
	register     int16 // DWARF number where slot is 0, else -1
	conservative bool
}

const (
	pageShift = 13 // runtime's pageSize is 8 KiB on every platform
	pageSize  = 1 << pageShift
	// pagesPerBlock pages share one entry of the page table's first level.
	blockShift    = 26
	pagesPerBlock = 1 << (blockShift - pageShift)
)

// pageTable finds the slot that an address lies in: 16 bytes for each page of
// the heap, so that a lookup touches one of them and nothing of the spans.
type pageTable struct {
	firstBlock uint64
	blocks     []uint32 // by block after firstBlock: 1 + index of its pages
	pages      []page
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
	// pointerMap stands on top.
	kind uint16
}

// pageKindShift is above elem/8, which is at most maxSmallElem/8.
const (
	pageKindShift = 14
	maxSmallElem  = 1<<pageKindShift*8 - 8
)

// lookup returns the node whose slot holds addr, and whether there is one.
func (t *pageTable) lookup(addr uint64) (heap.Node, bool) {
	b := addr>>blockShift - t.firstBlock
	if b >= uint64(len(t.blocks)) || t.blocks[b] == 0 {
		return 0, false
	}
	p := &t.pages[uint64(t.blocks[b]-1)*pagesPerBlock+addr>>pageShift%pagesPerBlock]
	off := uint64(p.index)<<pageShift | addr&(pageSize-1)
	i := uint32(off * uint64(p.magic) >> 32)
	if i >= uint32(p.n) || p.magic == 0 && p.behind(addr) {
		return 0, false
	}
	return p.first + heap.Node(i), true
}

// behind reports whether the only object of the page's span ends before addr.
func (p *page) behind(addr uint64) bool {
	end := p.kind & (1<<pageKindShift - 1)
	return end != 0 && addr%pageSize >= uint64(end)*8
}

// slotAt is what a page tells about a slot.
type slotAt struct {
	node     heap.Node
	off      uint64 // of the address in the slot
	elem     uint64 // 0 where the span has one object: its extent knows
	pointers pointerMap
}

// find is lookup with what else is known of the slot.
func (t *pageTable) find(addr uint64) (slotAt, bool) {
	b := addr>>blockShift - t.firstBlock
	if b >= uint64(len(t.blocks)) || t.blocks[b] == 0 {
		return slotAt{}, false
	}
	p := &t.pages[uint64(t.blocks[b]-1)*pagesPerBlock+addr>>pageShift%pagesPerBlock]
	off := uint64(p.index)<<pageShift | addr&(pageSize-1)
	i := uint32(off * uint64(p.magic) >> 32)
	if i >= uint32(p.n) || p.magic == 0 && p.behind(addr) {
		return slotAt{}, false
	}
	elem := uint64(0)
	if p.magic != 0 {
		elem = uint64(p.kind&(1<<pageKindShift-1)) * 8
	}
	return slotAt{p.first + heap.Node(i), off - uint64(i)*elem, elem, pointerMap(p.kind >> pageKindShift)}, true
}

// build makes the table from extents whose first nodes are set.
func (t *pageTable) build(extents []extent) {
	if len(extents) == 0 {
		return
	}
	last := extents[len(extents)-1]
	t.firstBlock = extents[0].base >> blockShift
	t.blocks = flat.Make[uint32](int((last.base+last.size-1)>>blockShift-t.firstBlock) + 1)
	used := uint32(0)
	for _, e := range extents {
		for b := e.base >> blockShift; b <= (e.base+e.size-1)>>blockShift; b++ {
			if at := &t.blocks[b-t.firstBlock]; *at == 0 {
				used++
				*at = used
			}
		}
	}
	t.pages = flat.Make[page](int(used) * pagesPerBlock)
	for _, e := range extents {
		p := page{first: e.first, n: uint16(e.n), kind: uint16(e.pointers) << pageKindShift}
		if e.n > 1 {
			p.magic = ^uint32(0)/uint32(e.elem) + 1
			p.kind |= uint16(e.elem / 8)
		}
		for a := e.base; a < e.base+e.size; a += pageSize {
			if rest := e.base + e.elem - a; e.n == 1 && a >= e.base+e.elem {
				p.n = 0
			} else if e.n == 1 && rest < pageSize {
				p.kind |= uint16(rest / 8)
			}
			t.pages[uint64(t.blocks[a>>blockShift-t.firstBlock]-1)*pagesPerBlock+a>>pageShift%pagesPerBlock] = p
			p.index++
		}
	}
}

func (t *pageTable) free() {
	flat.Free(t.blocks)
	flat.Free(t.pages)
	*t = pageTable{}
}

// number gives nodes to all slots, after roots root nodes, and fills the bit
// sets that need node numbers.
func (im *image) number(roots int) bool {
	next := uint64(alignUp(1+uint64(roots), heap.ExtentAlign))
	for i := range im.extents {
		e := &im.extents[i]
		e.first = heap.Node(next)
		next = alignUp(next+uint64(e.n), heap.ExtentAlign)
		if next > heap.MaxNodes {
			return false
		}
	}
	im.nodes = int(next)
	im.pages.build(im.extents)
	return true
}

// free gives back the arrays that are not on the Go heap. Nothing may be looked up
// afterwards.
func (im *image) free() {
	im.pages.free()
	flat.Free(im.arenaBits)
	for _, set := range []*[]uint64{&im.allocated, &im.marked, &im.fresh} {
		flat.Free(*set)
		*set = nil
	}
	im.arenaBits = nil
}

// alignUp rounds n up to a multiple of a.
func alignUp(n, a uint64) uint64 { return (n + a - 1) / a * a }

func hasBit(set []uint64, n heap.Node) bool { return set[n/64]>>(n%64)&1 != 0 }

func setBit(set []uint64, n heap.Node) { set[n/64] |= 1 << (n % 64) }

// setClasses takes the sizes of slots, in ascending order.
func (im *image) setClasses(sizes []uint16) {
	im.smaller = nil
	for i := 1; i < len(sizes); i++ {
		c := int(sizes[i]) / 8
		for len(im.smaller) <= c {
			im.smaller = append(im.smaller, 0)
		}
		im.smaller[c] = uint32(sizes[i-1])
	}
}

// smallerClass returns the size of the next smaller slot than one of elem bytes.
func (im *image) smallerClass(elem uint64) uint64 {
	if i := elem / 8; i < uint64(len(im.smaller)) && im.smaller[i] != 0 {
		return uint64(im.smaller[i])
	}
	return elem - min(elem, pageSize) // large objects are whole pages
}
