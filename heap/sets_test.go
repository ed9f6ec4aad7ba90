package heap_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
)

func checkSets(t *testing.T, r *rand.Rand, g *heap.Graph, d *heap.Dominators) {
	t.Helper()
	nodes := heaptest.Nodes(g)
	for range 5 {
		var set []heap.Node
		for range r.IntN(5) {
			set = append(set, nodes[r.IntN(len(nodes))])
		}
		bytes, objects := heaptest.Retained(g, set...)
		want := heap.Total{Objects: objects, Bytes: bytes}
		got, err := d.RetainedSet(context.Background(), set)
		if err != nil || got != want {
			t.Fatalf("RetainedSet(%d) = %+v, %v; want %+v", set, got, err, want)
		}
	}
	n := 1 + r.IntN(4)
	types := randomTypes(r, g, n)
	want := make([]heap.TypeTotal, n)
	sets := make([][]heap.Node, n)
	for _, m := range nodes[g.Roots+1:] {
		if !d.Live(m) {
			continue
		}
		w := &want[types[m]]
		w.Objects++
		w.Shallow += g.Size(m)
		sets[types[m]] = append(sets[types[m]], m)
		top := true
		for a := d.Idom(m); a != heap.None; a = d.Idom(a) {
			if int(a) > g.Roots && types[a] == types[m] {
				top = false
			}
		}
		if top {
			w.RetainedMin += d.Retained(m)
		}
	}
	for range 5 {
		// Without each of the nodes in turn: what dies with one of them at least.
		var set []heap.Node
		for range r.IntN(5) {
			set = append(set, nodes[r.IntN(len(nodes))])
		}
		want, dead := uint64(0), map[heap.Node]bool{}
		for _, m := range set {
			for v, reached := range heaptest.Reach(g, heap.SuperRoot, m) {
				if v := heap.Node(v); !reached && d.Live(v) && int(v) > g.Roots && !dead[v] {
					dead[v] = true
					want += g.Size(v)
				}
			}
		}
		if got, err := d.RetainedByAny(context.Background(), set); err != nil || got != want {
			t.Fatalf("RetainedByAny(%d) = %d, %v; want %d", set, got, err, want)
		}
	}
	got := d.RetainedByType(types, n)
	if !slices.Equal(got, want) {
		t.Fatalf("RetainedByType = %+v, want %+v", got, want)
	}
	for i, set := range sets {
		exact, err := d.RetainedSet(context.Background(), set)
		if err != nil || exact.Bytes < got[i].RetainedMin {
			t.Fatalf("type %d: at least %d retained, but exactly %+v, %v", i, got[i].RetainedMin, exact, err)
		}
	}
}

func TestSets(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	for i := range 1500 {
		g := heaptest.Random(r, 1+i/30)
		checkSets(t, r, g, dominators(t, g))
	}
}

func checkMarker(t *testing.T, r *rand.Rand, g *heap.Graph) {
	t.Helper()
	m := heap.NewMarker(g)
	defer m.Close()
	nodes := heaptest.Nodes(g)
	want := make([]bool, g.Len())
	for range 3 {
		from := nodes[r.IntN(len(nodes))]
		m.Mark(from)
		for n, ok := range heaptest.Reach(g, from) {
			want[n] = want[n] || ok
		}
		count := 0
		for n := range heap.Node(g.Len()) {
			if m.Has(n) != want[n] {
				t.Fatalf("after Mark(%d): Has(%d) = %v", from, n, m.Has(n))
			}
			if want[n] {
				count++
			}
		}
		if got := m.Bits().Count(); got != count {
			t.Fatalf("%d nodes marked, want %d", got, count)
		}
	}
	reachable, err := g.Reachable(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer reachable.Close()
	for n, live := range heaptest.Reach(g, heap.SuperRoot) {
		if reachable.Has(heap.Node(n)) != live {
			t.Fatalf("Reachable has %d: %v", n, !live)
		}
	}
}

func TestMarker(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	for i := range 1000 {
		checkMarker(t, r, heaptest.Random(r, 1+i/10))
	}
}

func TestBits(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	for _, n := range []int{0, 1, 63, 64, 65, 200} {
		b := heap.NewBits(n)
		want := make([]bool, n)
		for range n / 2 {
			i := r.IntN(n)
			b.Set(heap.Node(i))
			want[i] = true
		}
		for lo := range n + 1 {
			count := 0
			for hi := lo; hi <= n; hi++ {
				if got := b.CountRange(heap.Node(lo), heap.Node(hi)); got != count {
					t.Fatalf("CountRange(%d, %d) = %d, want %d", lo, hi, got, count)
				}
				if hi < n && want[hi] {
					count++
				}
			}
			if lo == 0 && b.Count() != count {
				t.Fatalf("Count() = %d, want %d", b.Count(), count)
			}
		}
		if b.Has(heap.Node(n)) || b.Has(heap.None) {
			t.Error("a set has a node past its end")
		}
		b.Close()
	}
}
