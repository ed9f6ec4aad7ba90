package image

import (
	"fmt"

	"goheap/gocore/internal/types"
	"goheap/heap"
)

// Piece is one word that a root holds. Slot is its address, 0 for a register.
type Piece struct {
	Slot, Value  uint64
	Frame        int32 // index in the goroutine's frames, -1 for none
	Register     int16 // DWARF number where Slot is 0, InRecord, else -1
	Conservative bool
}

// InRecord is the register of a goroutine's piece that stands for its runtime.g itself.
const InRecord = -2

// Root is one holder of heap memory that is not an object itself.
type Root struct {
	Kind     RootKind
	Name     string
	Addr     uint64
	Size     uint64
	Type     types.ID // of a global, 0 for unknown
	Count    uint64   // values of Type
	Elements bool     // the values are the array behind a slice
	// PointerType is the address of the descriptor of what a finalizer gets, 0 for unknown.
	PointerType uint64
	Goroutine   int32 // index in Image.Goroutines, -1 for none
	First, N    int   // Image.Pieces[First:First+N]
}

// EachHolding calls f with the numbers of the pieces of a root that lead to a node until it
// returns false.
func (im *Image) EachHolding(r *Root, to heap.Node, f func(number int) bool) {
	pieces := im.Pieces[r.First : r.First+r.N]
	lo, hi := im.Bounds(to) // compared first: the heap of timers has a piece for each
	for i := range pieces {
		if v := pieces[i].Value; v-lo >= hi-lo {
			continue
		}
		if n, ok := im.Pages.Lookup(pieces[i].Value); ok && n == to && !f(i) {
			return
		}
	}
}

// RootKind is what kind of thing a root is.
type RootKind uint8

const (
	GlobalRoot RootKind = iota
	GoroutineRoot
	FinalizerRoot // queued, or of an object that nothing reaches any more
	CleanupRoot
	WeakHandleRoot
	TimerRoot   // all timers that run one function
	UnknownRoot // that a heap dump describes in words, or stands for those it lacks
)

// String returns the kind as reports show it.
func (k RootKind) String() string {
	switch k {
	case GlobalRoot:
		return "global"
	case GoroutineRoot:
		return "goroutine"
	case TimerRoot:
		return "timers"
	}
	return "special"
}

// AddRoot starts a root; the pieces appended to im.Pieces until the next call
// are its own. EndRoot drops it again if it holds nothing.
func (im *Image) AddRoot(r Root) {
	r.First = len(im.Pieces)
	im.Roots = append(im.Roots, r)
}

// EndRoot ends the root that AddRoot has begun, and returns its node: 0 where it is
// dropped.
func (im *Image) EndRoot() heap.Node {
	r := &im.Roots[len(im.Roots)-1]
	if r.N = len(im.Pieces) - r.First; r.N == 0 && r.Kind != GoroutineRoot {
		im.Roots = im.Roots[:len(im.Roots)-1]
		return 0
	}
	return heap.Node(len(im.Roots))
}

// InHeap reports whether addr lies in a slot of an extent. It works before
// nodes have numbers.
func (im *Image) InHeap(addr uint64) bool {
	if addr == 0 {
		return false
	}
	e := im.ExtentAt(addr)
	return e != nil && addr-e.Base < e.Elem*uint64(e.N)
}

// ChannelTimers is the name of the root of the timers that send the time on a channel.
const ChannelTimers = "channel timers"

// QueuedFinalizer is the name of the roots of finalizers that wait to run.
const QueuedFinalizer = "queued finalizer"

// NumberNames tells roots of one name apart: the second and all later ones have their
// number behind it. Goroutines have numbers of their own.
func NumberNames(roots []Root) {
	times := map[string]int{}
	for i := range roots {
		r := &roots[i]
		if r.Kind == GoroutineRoot {
			continue
		}
		name := r.Name
		if times[name]++; times[name] > 1 {
			r.Name = fmt.Sprintf("%s %d", name, times[name])
		}
	}
}
