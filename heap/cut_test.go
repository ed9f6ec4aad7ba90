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

// without returns g without the edges, built anew.
func without(g *heap.Graph, cut map[heap.Edge]bool) *heap.Graph {
	offset, target := []uint64{0}, []heap.Node{}
	for n := range heap.Node(g.Len()) {
		for _, t := range g.Targets(n) {
			if !cut[heap.Edge{From: n, To: t}] {
				target = append(target, t)
			}
		}
		offset = append(offset, uint64(len(target)))
	}
	return heap.NewGraph(g.Roots, offset, target, g.Extents)
}

func checkCut(t *testing.T, r *rand.Rand, g *heap.Graph, d *heap.Dominators) {
	t.Helper()
	nodes := heaptest.Nodes(g)
	var cut []heap.Edge
	banned := make(map[heap.Edge]bool)
	for range r.IntN(6) {
		e := heap.Edge{From: nodes[r.IntN(len(nodes))], To: nodes[r.IntN(len(nodes))]}
		if targets := g.Targets(e.From); len(targets) > 0 && r.IntN(5) > 0 {
			e.To = targets[r.IntN(len(targets))]
		}
		cut = append(cut, e)
		banned[e] = true
	}
	c, err := d.Cut(context.Background(), cut)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	rest := without(g, banned)
	reached := heaptest.Reach(rest, heap.SuperRoot)
	var want heap.Total
	for _, n := range nodes {
		if c.Live(n) != reached[n] {
			t.Fatalf("cut %v: Live(%d) = %v", cut, n, c.Live(n))
		}
		if d.Live(n) && !reached[n] && int(n) > g.Roots {
			want.Objects++
			want.Bytes += g.Size(n)
		}
	}
	if c.Freed != want {
		t.Fatalf("cut %v frees %+v, want %+v", cut, c.Freed, want)
	}
	none := func(_, _ heap.Node) bool { return false }
	for range 5 {
		n := nodes[r.IntN(len(nodes))]
		got, err := c.Path(context.Background(), n)
		if want := shortest(rest, n, none); err != nil || !slices.Equal(got, want) {
			t.Fatalf("cut %v: Path(%d) = %d, %v; want %d", cut, n, got, err, want)
		}
	}
}

func TestCut(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 24))
	for i := range 1500 {
		g := heaptest.Random(r, 1+i/30)
		checkCut(t, r, g, dominators(t, g))
	}
}

// A cut of nothing frees nothing; one of all roots frees everything.
func TestCutExtremes(t *testing.T) {
	g := sessions(1000)
	d := dominators(t, g)
	var roots []heap.Edge
	for _, r := range g.Targets(heap.SuperRoot) {
		roots = append(roots, heap.Edge{From: heap.SuperRoot, To: r})
	}
	for _, test := range []struct {
		cut  []heap.Edge
		want heap.Total
	}{
		{nil, heap.Total{}},
		{roots, heap.Total{Objects: uint64(d.LiveCount()), Bytes: d.LiveBytes()}},
		{[]heap.Edge{{From: heap.None, To: 1}, {From: 1, To: heap.None}}, heap.Total{}},
	} {
		c, err := d.Cut(t.Context(), test.cut)
		if err != nil || c.Freed != test.want {
			t.Errorf("%d edges: %+v, %v; want %+v", len(test.cut), c.Freed, err, test.want)
			continue
		}
		c.Close()
	}
}

// Each of these ends soon after its context does.
func TestCancelledQuestions(t *testing.T) {
	g := sessions(10_000)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	n := g.Targets(1)[0]
	for name, ask := range map[string]func(d *heap.Dominators) error{
		"Cut":         func(d *heap.Dominators) error { _, err := d.Cut(ctx, nil); return err },
		"Paths":       func(d *heap.Dominators) error { _, _, err := d.Paths(ctx, n, 3, nil); return err },
		"RetainedSet": func(d *heap.Dominators) error { _, err := d.RetainedSet(ctx, []heap.Node{n}); return err },
		"Path": func(d *heap.Dominators) error {
			c, err := d.Cut(t.Context(), nil)
			if err != nil {
				return err
			}
			defer c.Close()
			_, err = c.Path(ctx, n)
			return err
		},
	} {
		if err := ask(dominators(t, g)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
