package report

import (
	"context"

	"goheap/heap"
)

// CutAnswer says what would be if some pointers were not there.
type CutAnswer struct {
	// Freed are the objects and bytes that nothing would hold any more; exact.
	Freed heap.Total
	// Live says that the object asked for would still be held, by Paths, the
	// shortest first, one at least. More says that there may be others.
	Live  bool
	Paths [][]heap.Node
	More  bool
}

// Cut answers what would be freed without the pointers of edges, and by up to n
// paths what would still hold node. An edge stands for all pointers between two
// nodes; one from heap.SuperRoot takes away a root. Node may be heap.None.
func (s *Snapshot) Cut(ctx context.Context, node heap.Node, edges []heap.Edge, n int) (CutAnswer, error) {
	cut, err := s.Dominators.Cut(s.within(ctx), edges)
	if err != nil {
		return CutAnswer{}, err
	}
	defer cut.Close()
	a := CutAnswer{Freed: cut.Freed, Live: node != heap.SuperRoot && cut.Live(node)}
	if !a.Live || n <= 0 {
		return a, nil
	}
	if a.Paths, a.More, err = s.Paths(ctx, node, n, edges...); err != nil || len(a.Paths) > 0 {
		return a, err
	}
	// The search from the object was cut short, but there is a path.
	path, err := cut.Path(ctx, node)
	a.Paths = [][]heap.Node{path}
	return a, err
}
