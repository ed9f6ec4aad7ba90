package heap_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
)

// shortest returns the first of the shortest paths from a root to n in the
// order of their nodes, by relaxing whole paths until none gets better.
func shortest(g *heap.Graph, n heap.Node, excluded func(from, to heap.Node) bool) []heap.Node {
	best := make(map[heap.Node][]heap.Node)
	best[heap.SuperRoot] = []heap.Node{}
	better := func(a, b []heap.Node) bool {
		return len(a) < len(b) || len(a) == len(b) && slices.Compare(a, b) < 0
	}
	for changed := true; changed; {
		changed = false
		for _, from := range heaptest.Nodes(g) {
			if best[from] == nil {
				continue
			}
			for _, to := range g.Targets(from) {
				if to == heap.SuperRoot || excluded(from, to) {
					continue
				}
				path := append(slices.Clone(best[from]), to)
				if best[to] == nil || better(path, best[to]) {
					best[to] = path
					changed = true
				}
			}
		}
	}
	if n == heap.SuperRoot {
		return nil
	}
	return best[n]
}

func checkPaths(t *testing.T, r *rand.Rand, g *heap.Graph, d *heap.Dominators) {
	t.Helper()
	nodes := heaptest.Nodes(g)
	refs, err := d.Referrers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	referrers := make(map[heap.Node][]heap.Node)
	for _, from := range nodes {
		for _, to := range g.Targets(from) {
			if d.Live(from) {
				referrers[to] = append(referrers[to], from)
			}
		}
	}
	none := func(_, _ heap.Node) bool { return false }
	for _, n := range nodes {
		if got := refs.Of(n); !slices.Equal(got, referrers[n]) {
			t.Fatalf("referrers of %d: %d, want %d", n, got, referrers[n])
		}
		if got, want := d.PathTo(n), shortest(g, n, none); !slices.Equal(got, want) {
			t.Fatalf("PathTo(%d) = %d, want %d", n, got, want)
		}
	}

	for range 3 {
		n := nodes[r.IntN(len(nodes))]
		var cut []heap.Edge
		for range r.IntN(4) {
			if path := d.PathTo(n); len(path) > 0 && r.IntN(2) == 0 {
				i := r.IntN(len(path))
				from := heap.SuperRoot
				if i > 0 {
					from = path[i-1]
				}
				cut = append(cut, heap.Edge{From: from, To: path[i]})
			} else {
				cut = append(cut, heap.Edge{From: nodes[r.IntN(len(nodes))], To: nodes[r.IntN(len(nodes))]})
			}
		}
		k := r.IntN(6)
		var want [][]heap.Node
		excluded := make(map[heap.Edge]bool)
		used := make(map[heap.Node]bool)
		for _, e := range cut {
			excluded[e] = true
		}
		for len(want) < k {
			path := shortest(g, n, func(from, to heap.Node) bool {
				return excluded[heap.Edge{From: from, To: to}] || used[to]
			})
			if path == nil {
				break
			}
			want = append(want, path)
			switch len(path) {
			case 1:
				excluded[heap.Edge{To: n}] = true
			case 2:
				excluded[heap.Edge{From: path[0], To: n}] = true
			default:
				for _, m := range path[1 : len(path)-1] {
					used[m] = true
				}
			}
		}
		got, bounded, err := d.Paths(context.Background(), n, k, cut)
		if err != nil || bounded || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("Paths(%d, %d, %v) = %d, %v; want %d", n, k, cut, got, bounded, want)
		}
		// With less work allowed, the answer is the beginning of it.
		for _, work := range []int{0, 1, 5, 20} {
			some, bounded := d.PathsWithin(n, k, cut, work)
			if len(some) > len(want) || fmt.Sprint(some) != fmt.Sprint(want[:len(some)]) {
				t.Fatalf("with %d edges: %d, want the beginning of %d", work, some, want)
			}
			if len(some) < len(want) && !bounded {
				t.Fatalf("with %d edges: %d paths of %d, not said to be bounded", work, len(some), len(want))
			}
		}
	}
}

// checkPathFrom compares with the shortest of the paths that the graph has without the
// other roots.
func checkPathFrom(t *testing.T, r *rand.Rand, g *heap.Graph, d *heap.Dominators) {
	t.Helper()
	nodes := heaptest.Nodes(g)
	mask := r.Uint64()
	wanted := func(root heap.Node) bool { return mask>>(root%64)&1 != 0 }
	var cut []heap.Edge
	for range r.IntN(3) {
		cut = append(cut, heap.Edge{From: nodes[r.IntN(len(nodes))], To: nodes[r.IntN(len(nodes))]})
	}
	for _, n := range nodes {
		want := shortest(g, n, func(from, to heap.Node) bool {
			return from == heap.SuperRoot && !wanted(to) || slices.Contains(cut, heap.Edge{From: from, To: to})
		})
		got, err := d.PathFrom(context.Background(), n, wanted, cut)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("PathFrom(%d) = %d, %v; want %d", n, got, err, want)
		}
	}
}

func TestPathFrom(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	for i := range 600 {
		g := heaptest.Random(r, 1+i/12)
		checkPathFrom(t, r, g, dominators(t, g))
	}
	ctx, cancel := context.WithCancel(context.Background())
	g := heaptest.Random(r, 40)
	d := dominators(t, g)
	if _, err := d.Referrers(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	for _, n := range heaptest.Nodes(g) {
		if path, err := d.PathFrom(ctx, n, func(heap.Node) bool { return true }, nil); path != nil || err == nil && n != heap.SuperRoot && d.Live(n) {
			t.Errorf("PathFrom(%d) = %d, %v although its context has ended", n, path, err)
		}
	}
}

func TestPaths(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 20))
	for i := range 1500 {
		g := heaptest.Random(r, 1+i/30)
		checkPaths(t, r, g, dominators(t, g))
	}
}

func TestPathsBounded(t *testing.T) {
	// A fan of slots that all point to the last one.
	const n = 10_000
	extents := []heap.Extent{{First: 8, Count: 2, Size: 8}, {First: 16, Count: n, Size: 8}}
	edges := []heaptest.Edge{{From: 1, To: 9}}
	for i := range heap.Node(n) {
		edges = append(edges, heaptest.Edge{From: 9, To: 16 + i}, heaptest.Edge{From: 16 + i, To: 8})
	}
	d := dominators(t, heaptest.Build(1, extents, edges))
	// The first path needs no search; the second one would have to look at
	// all of the fan.
	paths, bounded := d.PathsWithin(8, 3, nil, n/2)
	if want := [][]heap.Node{{1, 9, 16, 8}}; !bounded || fmt.Sprint(paths) != fmt.Sprint(want) {
		t.Errorf("Paths = %d, %v; want %d and the bound", paths, bounded, want)
	}
	// With enough work: every other way passes through 9 as well.
	paths, bounded, err := d.Paths(context.Background(), 8, 3, nil)
	if want := [][]heap.Node{{1, 9, 16, 8}}; err != nil || bounded || fmt.Sprint(paths) != fmt.Sprint(want) {
		t.Errorf("Paths = %d, %v; want %d and no bound", paths, bounded, want)
	}
}
