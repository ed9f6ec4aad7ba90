package report

import (
	"context"

	"goheap/heap"
	"goheap/internal/progress"
)

// SetSize says what a set of objects and roots is and what it retains: what would
// be freed if none of them were there. The numbers are exact.
type SetSize struct {
	Objects         uint64 // live objects of the set, each counted once
	Shallow         uint64 // bytes of these
	RetainedObjects uint64
	Retained        uint64 // bytes
}

// within is the context of a question: one that tells nobody of phases tells whom the
// Snapshot was loaded for.
func (s *Snapshot) within(ctx context.Context) context.Context { return progress.Or(ctx, s.progress) }

// RetainedSet measures a set of nodes, as heap's RetainedSet does: it marks the
// graph once more. What is not live counts for nothing.
func (s *Snapshot) RetainedSet(ctx context.Context, nodes []heap.Node) (SetSize, error) {
	retained, err := s.Dominators.RetainedSet(s.within(ctx), nodes)
	if err != nil {
		return SetSize{}, err
	}
	size := SetSize{RetainedObjects: retained.Objects, Retained: retained.Bytes}
	seen := heap.NewBits(s.Graph.Len())
	defer seen.Close()
	for _, n := range nodes {
		if s.Graph.ExtentOf(n) >= 0 && s.Dominators.Live(n) && !seen.Has(n) {
			seen.Set(n)
			size.Objects++
			size.Shallow += s.Graph.Size(n)
		}
	}
	return size, nil
}

// RetainedTypes measures the set of all objects of some types. Of a type alone,
// TypeRow has a lower bound of it.
func (s *Snapshot) RetainedTypes(ctx context.Context, ids []heap.TypeID) (SetSize, error) {
	nodes, err := s.instances(ctx, ids)
	if err != nil {
		return SetSize{}, err
	}
	return s.RetainedSet(ctx, nodes)
}
