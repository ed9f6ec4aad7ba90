package image

import (
	"fmt"

	"goheap/heap"
)

// Sample is an object that the memory profiler has a record of.
type Sample struct {
	Object uint64 // address within a slot
	Bucket uint64 // address of the runtime.bucket with the stack
}

// Special is a record that the runtime attached to an object: what it keeps
// alive, and the object it is about.
type Special struct {
	Object uint64 // the address it was made for, within a slot
	Kind   SpecialKind
	Keeps  []uint64 // addresses that the record itself keeps alive
	// PointerType is the descriptor of the type of the pointer that a finalizer gets,
	// 0 for unknown.
	PointerType uint64
	// Root is, of one that waits to run, the node of the root by which it holds what it
	// needs; 0 where that is nothing, and for all others.
	Root heap.Node
}

// SpecialKind is what kind of record a special is.
type SpecialKind uint8

const (
	FinalizerSpecial SpecialKind = iota
	CleanupSpecial
	WeakHandleSpecial
)

// KeepName names what the i-th word that the special keeps is: "finalizer". number counts
// the specials of this kind that an object has.
func (s *Special) KeepName(i, number int) (how string) {
	switch s.Kind {
	case FinalizerSpecial:
		how = "finalizer"
	case WeakHandleSpecial:
		how = "weak handle"
	case CleanupSpecial:
		how = "cleanup"
	}
	if number > 1 {
		how += fmt.Sprintf(" %d", number)
	}
	// Since Go 1.25 the record of a cleanup has what calls it, the function and
	// the argument (runtime/mcleanup.go, cleanupFn).
	if s.Kind == CleanupSpecial && len(s.Keeps) == 3 {
		how += [...]string{"", " function", " argument"}[i]
	}
	return how
}
