package report

import (
	"context"
	"fmt"

	"goheap/gocore"
)

// RuleFinalizer is the rule for objects that their own finalizers or cleanups keep.
const RuleFinalizer = "finalizer"

func finalizerRule() Rule {
	return Rule{
		Name:  RuleFinalizer,
		Title: "finalizers that never run",
		Doc:   "Finalizers or cleanups of one type are suspect, and keep their own objects alive: an object that leads to itself, or to which its cleanup leads, is never found to be unreachable.",
		Try:   "Let nothing that the object leads to lead back to it, and nothing that its finalizer or cleanup needs; or free it by a method Close.",
		find:  findFinalizers,
	}
}

func findFinalizers(_ context.Context, h *hunt) error {
	s := h.s
	roots := s.Heap.Roots()
	for i := range h.found {
		f := &h.found[i]
		if kind := s.Heap.KindOf(f.Node); f.Why != "" || kind != gocore.FinalizerRoot && kind != gocore.CleanupRoot {
			continue
		}
		members := f.Members
		own := uint64(0)
		for _, m := range members {
			if n, ok := s.Heap.NodeAt(roots[m-1].Addr); ok && s.Dominators.Dominates(m, n) {
				own++
			}
		}
		if own > 0 {
			f.Why, f.Try = fmt.Sprintf("%s of them keep their own object alive, so that they never run.", comma(own)), finalizerRule().Try
		}
	}
	return nil
}
