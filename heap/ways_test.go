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

// membersReached searches from each node of a set by itself.
func membersReached(g *heap.Graph, members map[heap.Node]bool, set []heap.Node, without map[heap.Node]bool) (t heap.Total) {
	seen := map[heap.Node]bool{}
	var visit func(n heap.Node)
	visit = func(n heap.Node) {
		if seen[n] || without[n] {
			return
		}
		if seen[n] = true; members[n] {
			t.Objects++
			t.Bytes += g.Size(n)
		}
		for _, to := range g.Targets(n) {
			visit(to)
		}
	}
	for _, n := range set {
		visit(n)
	}
	return t
}

// All ways are counted: of up to 200 sets, with and without nodes that no way may pass.
func TestAllWays(t *testing.T) {
	r := rand.New(rand.NewPCG(81, 82))
	several := 0
	for i := range 1000 {
		g := heaptest.Random(r, 1+i/30)
		d := dominators(t, g)
		nodes := heaptest.Nodes(g)
		live := heaptest.Reach(g, heap.SuperRoot)
		pick := func(most int) (some []heap.Node) {
			for range r.IntN(most + 1) {
				some = append(some, nodes[r.IntN(len(nodes))])
			}
			return some
		}
		asked := pick(2 * len(nodes))
		members := map[heap.Node]bool{}
		var all heap.Total
		for _, n := range asked {
			if n != heap.SuperRoot && live[n] && !members[n] {
				members[n] = true
				all.Objects++
				all.Bytes += g.Size(n)
			}
		}
		w, err := d.WaysTo(context.Background(), asked)
		if err != nil || w.Members != all {
			t.Fatalf("%+v members, %v; want %+v", w.Members, err, all)
		}
		for _, n := range nodes {
			want := n != heap.SuperRoot && live[n] && membersReached(g, members, []heap.Node{n}, nil).Objects > 0
			if w.Leads(n) != want {
				t.Fatalf("%d leads to members: %t", n, w.Leads(n))
			}
			var next []heap.Node
			w.Next(n, func(to heap.Node) { next = append(next, to) })
			wantNext := slices.DeleteFunc(slices.Clone(g.Targets(n)), func(to heap.Node) bool { return !w.Leads(to) })
			if !slices.Equal(next, wantNext) {
				t.Fatalf("%d goes on to %d, want %d", n, next, wantNext)
			}
		}
		var sets [][]heap.Node
		for range []int{1, 3, 70, 200}[r.IntN(4)] {
			set := slices.DeleteFunc(pick(3), func(n heap.Node) bool { return n == heap.SuperRoot || !live[n] })
			sets = append(sets, set)
		}
		without := map[heap.Node]bool{}
		var not []heap.Node
		if r.IntN(2) == 0 {
			for _, n := range pick(3) {
				if n != heap.SuperRoot {
					not = append(not, n)
					without[n] = true
				}
			}
		}
		totals, err := w.Count(context.Background(), sets, not)
		if err != nil {
			t.Fatal(err)
		}
		sum := uint64(0)
		for k, set := range sets {
			if want := membersReached(g, members, set, without); totals[k] != want {
				t.Fatalf("%d without %d leads to %+v, want %+v", set, not, totals[k], want)
			}
			sum += totals[k].Objects
		}
		if sum > all.Objects {
			several++
		}
	}
	if several == 0 {
		t.Error("no member is reached from two sets")
	}
}

func TestWaysCancelled(t *testing.T) {
	g := sessions(1000)
	d := dominators(t, g)
	if _, err := d.Referrers(t.Context()); err != nil {
		t.Fatal(err)
	}
	w, err := d.WaysTo(t.Context(), g.Targets(1))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.WaysTo(ctx, g.Targets(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if _, err := w.Count(ctx, [][]heap.Node{{1}}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
