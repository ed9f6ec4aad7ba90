package heap_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
)

// distances are the lengths of the shortest ways from a node to all others, -1 for none.
func distances(g *heap.Graph, from heap.Node) []int {
	all := make([]int, g.Len())
	for i := range all {
		all[i] = -1
	}
	all[from] = 0
	for queue := []heap.Node{from}; len(queue) > 0; queue = queue[1:] {
		for _, to := range g.Targets(queue[0]) {
			if all[to] < 0 {
				all[to] = all[queue[0]] + 1
				queue = append(queue, to)
			}
		}
	}
	return all
}

// Each node of the way lies on shortest ways to nearly all members.
func TestWayFrom(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	found := 0
	for i := range 3000 {
		g := heaptest.Random(r, 1+i/60)
		if g.Roots == 0 {
			continue
		}
		d := dominators(t, g)
		root := heap.Node(1 + r.IntN(g.Roots))
		reach := distances(g, root)
		var members []heap.Node
		for n := range reach {
			if reach[n] > 0 && n > g.Roots && r.IntN(3) == 0 {
				members = append(members, heap.Node(n))
			}
		}
		way, err := d.WayFrom(context.Background(), root, members, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if way == nil {
			continue
		}
		found++
		if way[0] != root || len(way) < 2 {
			t.Fatalf("the way %d from root %d", way, root)
		}
		for k, n := range way {
			if k > 0 && !slices.Contains(g.Targets(way[k-1]), n) {
				t.Fatalf("the way %d from root %d has no pointer to %d", way, root, n)
			}
			on := 0
			below := distances(g, n)
			for _, m := range members {
				if below[m] >= 0 && reach[m] == k+below[m] {
					on++
				}
			}
			if 10*on <= 8*len(members) {
				t.Fatalf("of the way %d, node %d leads to %d of %d members", way, n, on, len(members))
			}
		}
	}
	if found < 300 {
		t.Errorf("only %d ways were found", found)
	}
}

// A variable that leads to one of the members, and by way of that to all, does not hide
// the shorter way of the others; where they part at the root, or there is too much to look
// at, there is none.
func TestWayFromParts(t *testing.T) {
	const last, hub, first, n = heap.Node(8), heap.Node(9), heap.Node(10), 50
	var members []heap.Node
	edges := []heaptest.Edge{{From: 1, To: first}, {From: 1, To: last}, {From: last, To: hub}, {From: first, To: last}}
	for i := range heap.Node(n) {
		edges = append(edges, heaptest.Edge{From: hub, To: first + i}, heaptest.Edge{From: 2, To: first + i})
		members = append(members, first+i)
	}
	d := dominators(t, heaptest.Build(2, []heap.Extent{{First: 8, Count: n + 2, Size: 8}}, edges))
	for _, c := range []struct {
		root heap.Node
		work int
		want []heap.Node
	}{
		{1, 1000, []heap.Node{1, last, hub}},
		{1, 2, nil},
		{2, 1000, nil},
	} {
		if got, err := d.WayFrom(t.Context(), c.root, members, c.work); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("from root %d with %d pointers: %d, %v, want %d", c.root, c.work, got, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.WayFrom(ctx, 1, members, 1000); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
