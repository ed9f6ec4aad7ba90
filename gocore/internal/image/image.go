// Package image holds what a file says of a Go program's heap, as flat arrays, and
// makes the graph of it: which words of which slots are pointers, and to what. It
// follows the garbage collector word by word, and knows nothing of types beyond their
// pointer masks.
//
// Words that are used throughout, most of them the runtime's:
//
//   - extent: a span that holds objects: slots of one size, side by side.
//   - slot: the place of one object. Its node is its number in the graph.
//   - pointer map: what says which words of a slot are pointers: heap bits, a malloc
//     header with the type, or the type of a large span.
//   - special: a finalizer, cleanup or weak handle that hangs on an object.
//   - root: what holds objects and is none: a variable, a goroutine, a special whose
//     object nothing reaches. Its pieces are the words by which it does so.
//   - swept: a span whose marks of the last collection have become its allocation bits.
package image

import (
	"goheap/dump"
	"goheap/gocore/internal/unwind"
	"goheap/heap"
	"goheap/internal/arch"
	"goheap/internal/flat"
)

// Image is what a decoder makes of a file: the heap as flat arrays, the roots,
// the goroutines and the memory to read values from. Graph, types, names and values
// are made of it, whatever kind of file it came from.
//
// A decoder fills in the extents, calls Number, and then fills in what is by node.
type Image struct {
	Mem  *dump.Memory
	Arch arch.Arch

	// Extents are the spans that hold objects, in address order. Node numbers
	// are given to their slots by Number.
	Extents []Extent
	smaller []uint32 // the next smaller size of slots, by size / 8; 0 for a size that is none
	Pages   PageTable
	// ArenaBits has the heap bits of all spans where the program keeps them by
	// arena; nil where they stand at the ends of the spans.
	ArenaBits []byte
	// Listed says that ArenaBits has the pointers of all slots, those with headers
	// too, and that the contents of slots stand apart in the file.
	Listed bool
	Nodes  int // one more than the highest node number
	Blind  int // allocated slots that the graph has no edges from, since nothing says where their pointers are

	// By node, one bit each: the slot is allocated; it was marked by the last
	// garbage collection; it was allocated since its span was swept.
	// What is in a span that is being swept counts as fresh.
	Allocated, Marked, Fresh []uint64
	Sweeping                 Unsettled

	Chunks []Chunk // by address
	// FreedMarked are the bytes of chunks without memory that the last collection marked.
	FreedMarked uint64
	Specials    []Special // by object address
	Queued      []Special // finalizers and cleanups that wait to run, in the order of their roots
	Samples     []Sample  // by object address
	Roots       []Root
	Pieces      []Piece // of all roots: see Root

	Goroutines []Goroutine
	Records    Records
	// Interned are the nodes that the tables of package unique lead to, though in the graph
	// others alone hold them: RootGraph finds them.
	Interned []heap.Node
	// Physical asks for a graph with all pointers of the runtime, as the collector
	// follows them.
	Physical bool
	Walker   *unwind.Walker // nil without an executable
	Walks    unwind.Walks   // of the goroutines' stacks

	// Of a heap dump: the frames of all goroutines, and the data segments.
	Frames   []Frame
	Segments []Segment
}

// Extent is a span: n slots of elem bytes from base.
type Extent struct {
	Base  uint64
	Elem  uint64
	Size  uint64 // of the whole span, in bytes; more than n*elem
	First heap.Node
	N     uint32

	Pointers PointerMap
	At       uint64 // HeapBits: see Image.HeapBits; OneType: address of the type, 0 for none

	Swept     bool // by the last collection
	Sweeping  bool // a thread was at it: the bitmaps are being exchanged
	Freeindex uint32
	AllocBits uint64 // address of the bitmap, 0 for none
	MarkBits  uint64
	Inline    uint64 // address of the inline mark bits, 0 for none
}

// Unsettled counts what lies in spans that were not swept yet, or were being swept.
type Unsettled struct {
	Unswept int    // spans
	Spans   int    // being swept
	Slots   uint64 // of those, all
	Fresh   uint64 // of those, the ones that count as allocated
}

// PointerMap says where an extent keeps which words of its slots are pointers
// (runtime/mbitmap.go, Go 1.22 and later).
type PointerMap uint8

const (
	NoPointers PointerMap = iota // the span class says noscan
	HeapBits                     // one bit a word for the whole span
	Headers                      // each slot starts with the address of its type
	OneType                      // the span names the type of its only object
)

// MallocHeader is how many bytes of a slot its header takes, on every processor:
// behind it, values of 8 bytes are aligned (internal/runtime/gc, MallocHeaderSize;
// until Go 1.24 in package runtime).
const MallocHeader = 8

// Number gives nodes to all slots, after roots root nodes, and fills the bit
// sets that need node numbers.
func (im *Image) Number(roots int) bool {
	next := uint64(AlignUp(1+uint64(roots), heap.ExtentAlign))
	for i := range im.Extents {
		e := &im.Extents[i]
		e.First = heap.Node(next)
		next = AlignUp(next+uint64(e.N), heap.ExtentAlign)
		if next > heap.MaxNodes {
			return false
		}
	}
	im.Nodes = int(next)
	im.Pages.build(im.Extents)
	return true
}

// Free gives back the arrays that are not on the Go heap. Nothing may be looked up
// afterwards.
func (im *Image) Free() {
	im.Pages.Free()
	flat.Free(im.ArenaBits)
	for _, set := range []*[]uint64{&im.Allocated, &im.Marked, &im.Fresh} {
		flat.Free(*set)
		*set = nil
	}
	im.ArenaBits = nil
}

// SetClasses takes the sizes of slots, in ascending order.
func (im *Image) SetClasses(sizes []uint16) {
	im.smaller = nil
	for i := 1; i < len(sizes); i++ {
		c := int(sizes[i]) / 8
		for len(im.smaller) <= c {
			im.smaller = append(im.smaller, 0)
		}
		im.smaller[c] = uint32(sizes[i-1])
	}
}

// SmallerClass returns the size of the next smaller slot than one of elem bytes.
func (im *Image) SmallerClass(elem uint64) uint64 {
	if i := elem / 8; i < uint64(len(im.smaller)) && im.smaller[i] != 0 {
		return uint64(im.smaller[i])
	}
	return elem - min(elem, PageSize) // large objects are whole pages
}

// SlotFor returns the size of the slot that an object of size bytes gets, its header
// included where it has one (runtime/msize.go, roundupsize).
func (im *Image) SlotFor(size uint64, pointers bool) uint64 {
	w := uint64(im.Arch.PtrSize)
	if pointers && im.ArenaBits == nil && size > w*w*8 && size <= maxSmallSize-MallocHeader {
		size += MallocHeader
	}
	if size <= 8 {
		return 8
	}
	for c := (size + 7) / 8; size <= maxSmallSize && c < uint64(len(im.smaller)); c++ {
		if im.smaller[c] != 0 {
			return c * 8
		}
	}
	return AlignUp(size, PageSize)
}

// maxSmallSize is the largest slot of which a span has several
// (internal/runtime/gc/sizeclasses.go).
const maxSmallSize = 32768

// MaxAddr bounds where spans may lie: no supported platform has more than
// 48 bits of heap addresses (runtime/malloc.go, heapAddrBits).
const MaxAddr = 1 << 48
