package heap_test

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
)

// checkMerged compares with the paths one by one.
func checkMerged(t *testing.T, r *rand.Rand, g *heap.Graph, d *heap.Dominators) {
	t.Helper()
	nodes := heaptest.Nodes(g)
	var members []heap.Node
	for range r.IntN(2 * len(nodes)) {
		members = append(members, nodes[r.IntN(len(nodes))])
	}
	m, err := d.MergePaths(context.Background(), members)
	if err != nil {
		t.Fatal(err)
	}
	want := map[heap.Node]heap.Total{heap.SuperRoot: {}}
	children := map[heap.Node][]heap.Node{}
	once := slices.Compact(slices.Sorted(slices.Values(members)))
	for _, n := range once {
		path := d.PathTo(n)
		if path == nil {
			continue
		}
		from := heap.SuperRoot
		for _, hop := range append([]heap.Node{heap.SuperRoot}, path...) {
			total := want[hop]
			total.Objects++
			total.Bytes += g.Size(n)
			want[hop] = total
			if hop != heap.SuperRoot && !slices.Contains(children[from], hop) {
				children[from] = append(children[from], hop)
			}
			from = hop
		}
	}
	if m.Len() != len(want) || m.Members != want[heap.SuperRoot] {
		t.Fatalf("%d nodes for %+v, want %d for %+v", m.Len(), m.Members, len(want), want[heap.SuperRoot])
	}
	for _, n := range nodes {
		if m.Of(n) != want[n] {
			t.Fatalf("paths to %d pass %d for %+v, want %+v", once, n, m.Of(n), want[n])
		}
		list := children[n]
		slices.SortFunc(list, func(a, b heap.Node) int {
			return cmp.Or(cmp.Compare(want[b].Objects, want[a].Objects), cmp.Compare(want[b].Bytes, want[a].Bytes), cmp.Compare(a, b))
		})
		if m.ChildCount(n) != len(list) {
			t.Fatalf("%d has %d children, want %d", n, m.ChildCount(n), len(list))
		}
		for i, c := range list {
			if got := m.Child(n, i); got != c {
				t.Fatalf("child %d of %d is %d, want %d", i, n, got, c)
			}
		}
	}
	// Where they come together, more than 0.8 of them pass.
	if at := m.Gather(d); at != heap.SuperRoot && 10*want[at].Objects <= 8*want[heap.SuperRoot].Objects {
		t.Fatalf("%d gathers %+v of %+v", at, want[at], want[heap.SuperRoot])
	}
}

func TestMergePaths(t *testing.T) {
	r := rand.New(rand.NewPCG(27, 28))
	for i := range 1500 {
		g := heaptest.Random(r, 1+i/30)
		checkMerged(t, r, g, dominators(t, g))
	}
}

// A long list costs as much as it is long, not its square; the end of the walk
// is the head of it, whose next element retains a little less each time.
func TestMergePathsOfList(t *testing.T) {
	const n = 300_000
	edges := []heaptest.Edge{{From: 1, To: 8}}
	var members []heap.Node
	for i := range heap.Node(n) {
		members = append(members, 8+i)
		if i+1 < n {
			edges = append(edges, heaptest.Edge{From: 8 + i, To: 9 + i})
		}
	}
	d := dominators(t, heaptest.Build(1, []heap.Extent{{First: 8, Count: n, Size: 16}}, edges))
	m, err := d.MergePaths(t.Context(), members)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []heap.Node{8, 8 + n/2, 8 + n - 1} {
		left := uint64(8 + n - at)
		if want := (heap.Total{Objects: left, Bytes: 16 * left}); m.Of(at) != want {
			t.Errorf("%d: %+v, want %+v", at, m.Of(at), want)
		}
	}
	// 0.8 of the members follow up to element n/5.
	if got := m.Gather(d); got != 8+n/5-1 {
		t.Errorf("gathers at %d, want %d", got, 8+n/5-1)
	}
}

func TestMergePathsCancelled(t *testing.T) {
	g := sessions(1000)
	ctx, cancel := context.WithCancel(t.Context())
	d := dominators(t, g)
	if err := d.PreparePaths(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := d.MergePaths(ctx, g.Targets(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	classes := make([]uint32, g.Roots)
	if _, err := d.RetainedByClass(ctx, classes, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
