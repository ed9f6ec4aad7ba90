package heap_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
)

// fromBytes reads a small graph from any bytes: roots, slots, then pairs of
// nodes that are edges.
func fromBytes(data []byte) *heap.Graph {
	next := func(n int) int {
		if len(data) == 0 || n == 0 {
			return 0
		}
		b := int(data[0]) % n
		data = data[1:]
		return b
	}
	roots := next(8)
	var extents []heap.Extent
	for range 1 + next(4) {
		extents = append(extents, heap.Extent{First: heaptest.After(roots, extents), Count: uint32(1 + next(12)), Size: uint64(next(64) * 8)})
	}
	all := heaptest.Nodes(heaptest.Build(roots, extents, nil))
	var edges []heaptest.Edge
	for len(data) > 1 {
		from, to := 1+next(len(all)-1), 1+next(len(all)-1)
		edges = append(edges, heaptest.Edge{From: all[from], To: all[to]})
	}
	return heaptest.Build(roots, extents, edges)
}

func FuzzGraph(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 0, 3, 2, 0, 1, 1, 2, 2, 3})
	f.Add([]byte{2, 1, 5, 2, 4, 9, 0, 2, 1, 3, 2, 3, 3, 2, 4, 5, 5, 4, 0, 4})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 300 {
			return
		}
		g := fromBytes(data)
		d := dominators(t, g)
		checkDominators(t, g, d)
		checkJoint(t, g, d, nil)
		r := rand.New(rand.NewPCG(1, uint64(len(data))))
		checkSets(t, r, g, d)
		checkPaths(t, r, g, d)
		checkPathFrom(t, r, g, d)
		checkMarker(t, r, g)
		wide, err := heap.DominatorsWide(context.Background(), g)
		if err != nil {
			t.Fatal(err)
		}
		defer wide.Close()
		for n := range heap.Node(g.Len()) {
			if d.Idom(n) != wide.Idom(n) || d.Retained(n) != wide.Retained(n) {
				t.Fatalf("node %d: wide offsets give %d, %d", n, wide.Idom(n), wide.Retained(n))
			}
		}
	})
}
