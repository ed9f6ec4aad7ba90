package heap_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"gonum.org/v1/gonum/graph/flow"
	"gonum.org/v1/gonum/graph/simple"

	"goheap/heap"
	"goheap/heap/heaptest"
)

func dominators(t testing.TB, g *heap.Graph) *heap.Dominators {
	t.Helper()
	d, err := g.Dominators(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// checkDominators compares everything that d says of the live set and of the
// dominators with the removal of each node in turn.
func checkDominators(t *testing.T, g *heap.Graph, d *heap.Dominators) {
	t.Helper()
	live := heaptest.Reach(g, heap.SuperRoot)
	count, bytes := 0, uint64(0)
	nodes := heaptest.Nodes(g)
	// dominates[a] are the nodes that die with a.
	dominates := make(map[heap.Node][]bool)
	for _, n := range nodes {
		if d.Live(n) != live[n] {
			t.Fatalf("Live(%d) = %v", n, d.Live(n))
		}
		if live[n] && int(n) > g.Roots {
			count++
			bytes += g.Size(n)
		}
		without := heaptest.Reach(g, heap.SuperRoot, n)
		gone := make([]bool, g.Len())
		for m := range gone {
			gone[m] = live[m] && !without[m]
		}
		dominates[n] = gone
	}
	if d.LiveCount() != count || d.LiveBytes() != bytes {
		t.Fatalf("live: %d nodes, %d bytes; want %d, %d", d.LiveCount(), d.LiveBytes(), count, bytes)
	}
	children := make(map[heap.Node][]heap.Node)
	for _, n := range nodes {
		wantBytes, wantObjects := heaptest.Retained(g, n)
		if got := d.Retained(n); got != wantBytes {
			t.Fatalf("Retained(%d) = %d, want %d", n, got, wantBytes)
		}
		if got := d.Objects(n); got != wantObjects {
			t.Fatalf("Objects(%d) = %d, want %d", n, got, wantObjects)
		}
		// The dominators of n other than n form a chain; the closest one is
		// dominated by all others.
		idom := heap.None
		var chain []heap.Node
		for _, a := range nodes {
			if got := d.Dominates(a, n); got != dominates[a][n] {
				t.Fatalf("Dominates(%d, %d) = %v", a, n, got)
			}
			if dominates[a][n] && a != heap.SuperRoot {
				chain = append(chain, a)
			}
			if a != n && dominates[a][n] && (idom == heap.None || dominates[idom][a]) {
				idom = a
			}
		}
		if got := d.Idom(n); got != idom {
			t.Fatalf("Idom(%d) = %d, want %d", n, got, idom)
		}
		slices.SortFunc(chain, func(a, b heap.Node) int {
			switch {
			case a == b:
				return 0
			case dominates[a][b]:
				return -1
			}
			return 1
		})
		if n == heap.SuperRoot {
			chain = nil
		}
		if got := d.Chain(n); !slices.Equal(got, chain) {
			t.Fatalf("Chain(%d) = %d, want %d", n, got, chain)
		}
		if idom != heap.None {
			children[idom] = append(children[idom], n)
		}
	}
	for _, list := range children {
		slices.SortFunc(list, func(a, b heap.Node) int {
			if x, y := d.Retained(a), d.Retained(b); x != y {
				if x > y {
					return -1
				}
				return 1
			}
			return int(a) - int(b)
		})
	}
	for _, n := range nodes {
		want := children[n]
		if got := d.Children(n); !slices.Equal(got, want) {
			t.Fatalf("Children(%d) = %d, want %d", n, got, want)
		}
		if got := d.ChildCount(n); got != len(want) {
			t.Fatalf("ChildCount(%d) = %d, want %d", n, got, len(want))
		}
		for _, k := range []int{-1, 0, 1, 2, 3, len(want), len(want) + 1} {
			top := want[:max(0, min(k, len(want)))]
			if got := d.TopChildren(n, k); !slices.Equal(got, top) {
				t.Fatalf("TopChildren(%d, %d) = %d, want %d", n, k, got, top)
			}
		}
		point := heap.None
		if live[n] {
			point = n
			for len(children[point]) > 0 {
				c := children[point][0]
				if r := d.Retained(c); r == 0 || float64(r) < 0.7*float64(d.Retained(point)) {
					break
				}
				point = c
			}
		}
		if got := d.Accumulation(n); got != point {
			t.Fatalf("Accumulation(%d) = %d, want %d", n, got, point)
		}
	}
	if got := d.Largest(3); !slices.Equal(got, d.Children(heap.SuperRoot)[:min(3, len(children[heap.SuperRoot]))]) {
		t.Fatalf("Largest(3) = %d", got)
	}
}

func TestDominatorsAgainstRemoval(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 3000 {
		g := heaptest.Random(r, 1+i/60)
		checkDominators(t, g, dominators(t, g))
		if t.Failed() {
			return
		}
	}
}

func TestDominatorsAgainstGonum(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 60 {
		g := heaptest.Random(r, 3000)
		d := dominators(t, g)
		// flow.Dominators wants no self edges; they change nothing.
		s := simple.NewDirectedGraph()
		for _, n := range heaptest.Nodes(g) {
			if d.Live(n) {
				s.AddNode(simple.Node(n))
			}
		}
		for _, n := range heaptest.Nodes(g) {
			if d.Live(n) {
				for _, to := range g.Targets(n) {
					if to != n {
						s.SetEdge(simple.Edge{F: simple.Node(n), T: simple.Node(to)})
					}
				}
			}
		}
		tree := flow.Dominators(simple.Node(heap.SuperRoot), s)
		for _, n := range heaptest.Nodes(g) {
			want := heap.None
			if p := tree.DominatorOf(int64(n)); p != nil && n != heap.SuperRoot {
				want = heap.Node(p.ID())
			}
			if got := d.Idom(n); got != want {
				t.Fatalf("Idom(%d) = %d, gonum says %d", n, got, want)
			}
		}
	}
}

// list returns a list of n objects behind one root, with a pointer from every
// object back to the one before.
func list(n int) *heap.Graph {
	extents := []heap.Extent{{First: 8, Count: uint32(n), Size: 16}}
	edges := []heaptest.Edge{{From: 1, To: 8}}
	for i := range heap.Node(n - 1) {
		edges = append(edges, heaptest.Edge{From: 8 + i, To: 9 + i}, heaptest.Edge{From: 9 + i, To: 8 + i})
	}
	return heaptest.Build(1, extents, edges)
}

func TestLongList(t *testing.T) {
	const n = 1_000_000
	g := list(n)
	d := dominators(t, g)
	for _, i := range []int{0, 1, n / 2, n - 1} {
		node := heap.Node(8 + i)
		if got, want := d.Retained(node), uint64(n-i)*16; got != want {
			t.Errorf("element %d retains %d bytes, want %d", i, got, want)
		}
		if got, want := d.Objects(node), uint64(n-i); got != want {
			t.Errorf("element %d retains %d objects, want %d", i, got, want)
		}
		if got := d.Chain(node); len(got) != i+2 || got[0] != 1 || got[i+1] != node {
			t.Errorf("chain of element %d has %d nodes", i, len(got))
		}
		if got := d.PathTo(node); len(got) != i+2 || got[0] != 1 || got[i+1] != node {
			t.Errorf("path to element %d has %d nodes", i, len(got))
		}
	}
	if !d.Dominates(8, 8+n-1) || d.Dominates(8+n-1, 8) {
		t.Error("the first element must dominate the last")
	}
	if got := d.Accumulation(1); got != 8+999 {
		t.Errorf("accumulation point %d, want the bound on the walk", got)
	}
}

func TestFanOut(t *testing.T) {
	const n = 1_000_000
	// An array of n pointers; every other object is also held by a second
	// root, the last one points to all of them once more.
	extents := []heap.Extent{{First: 8, Count: 1, Size: n * 8}, {First: 16, Count: n, Size: 32}}
	edges := []heaptest.Edge{{From: 1, To: 8}}
	for i := range heap.Node(n) {
		edges = append(edges, heaptest.Edge{From: 8, To: 16 + i})
		if i%2 == 0 {
			edges = append(edges, heaptest.Edge{From: 2, To: 16 + i})
		}
	}
	d := dominators(t, heaptest.Build(2, extents, edges))
	if got, want := d.ChildCount(8), n/2; got != want {
		t.Errorf("the array dominates %d objects, want %d", got, want)
	}
	if got, want := d.ChildCount(heap.SuperRoot), n/2+2; got != want {
		t.Errorf("SuperRoot dominates %d nodes, want %d", got, want)
	}
	if got, want := d.Retained(1), uint64(n*8+n/2*32); got != want {
		t.Errorf("the first root retains %d bytes, want %d", got, want)
	}
	if got := d.Retained(2); got != 0 {
		t.Errorf("the second root retains %d bytes, want 0", got)
	}
	if got, want := d.Largest(3), []heap.Node{1, 16, 18}; !slices.Equal(got, want) {
		t.Errorf("Largest(3) = %d, want %d", got, want)
	}
	if got, want := d.PathTo(18), []heap.Node{2, 18}; !slices.Equal(got, want) {
		t.Errorf("PathTo(18) = %d, want %d", got, want)
	}
	if got, want := d.PathTo(17), []heap.Node{1, 8, 17}; !slices.Equal(got, want) {
		t.Errorf("PathTo(17) = %d, want %d", got, want)
	}
}

// iterate computes immediate dominators by the algorithm of Cooper, Harvey and
// Kennedy ("A Simple, Fast Dominance Algorithm", 2001): intersect what is known
// of the predecessors, in reverse postorder, until nothing changes.
func iterate(g *heap.Graph) []heap.Node {
	n := g.Len()
	post := make([]int, n) // from 1; 0 for unreachable
	var order []heap.Node  // by post-1
	type frame struct {
		n    heap.Node
		next int
	}
	seen := make([]bool, n)
	seen[heap.SuperRoot] = true
	for stack := []frame{{n: heap.SuperRoot}}; len(stack) > 0; {
		f := &stack[len(stack)-1]
		if targets := g.Targets(f.n); f.next < len(targets) {
			t := targets[f.next]
			f.next++
			if !seen[t] {
				seen[t] = true
				stack = append(stack, frame{n: t})
			}
			continue
		}
		order = append(order, f.n)
		post[f.n] = len(order)
		stack = stack[:len(stack)-1]
	}
	from := make([][]heap.Node, n)
	for _, v := range order {
		for _, t := range g.Targets(v) {
			from[t] = append(from[t], v)
		}
	}
	idom := make([]heap.Node, n)
	for i := range idom {
		idom[i] = heap.None
	}
	idom[heap.SuperRoot] = heap.SuperRoot
	for changed := true; changed; {
		changed = false
		for i := len(order) - 2; i >= 0; i-- {
			v := order[i]
			best := heap.None
			for _, u := range from[v] {
				if idom[u] == heap.None {
					continue
				}
				if best == heap.None {
					best = u
					continue
				}
				for best != u {
					for post[best] < post[u] {
						best = idom[best]
					}
					for post[u] < post[best] {
						u = idom[u]
					}
				}
			}
			if idom[v] != best {
				idom[v] = best
				changed = true
			}
		}
	}
	idom[heap.SuperRoot] = heap.None
	return idom
}

// large returns a random graph that is large enough for several parts of every
// pass that workers share.
func large() *heap.Graph {
	r := rand.New(rand.NewPCG(5, 6))
	const n = 300_000
	extents := []heap.Extent{{First: 16, Count: n / 2, Size: 48}, {First: 16 + n/2, Count: n / 2, Size: 112}}
	var edges []heaptest.Edge
	for root := range heap.Node(10) {
		for range 1000 {
			edges = append(edges, heaptest.Edge{From: 1 + root, To: 16 + heap.Node(r.IntN(n/2))})
		}
	}
	for range 2 * n {
		edges = append(edges, heaptest.Edge{From: 16 + heap.Node(r.IntN(n/2)), To: 16 + heap.Node(r.IntN(n))})
	}
	return heaptest.Build(10, extents, edges)
}

func TestLarge(t *testing.T) {
	g := large()
	d := dominators(t, g)
	idom := iterate(g)
	retained := make(map[heap.Node]uint64)
	for n, up := range idom {
		if got := d.Idom(heap.Node(n)); got != up {
			t.Fatalf("Idom(%d) = %d, want %d", n, got, up)
		}
		if up != heap.None {
			for a := heap.Node(n); a != heap.None; a = idom[a] {
				retained[a] += g.Size(heap.Node(n))
			}
		}
	}
	for n := range heap.Node(g.Len()) {
		if d.Retained(n) != retained[n] {
			t.Fatalf("Retained(%d) = %d, want %d", n, d.Retained(n), retained[n])
		}
	}
	if d.LiveBytes() != retained[heap.SuperRoot] || d.LiveBytes() == 0 {
		t.Fatalf("LiveBytes() = %d, want %d", d.LiveBytes(), retained[heap.SuperRoot])
	}
}

// countdown is a context that ends when it has been asked often enough.
type countdown struct {
	context.Context
	left atomic.Int64
}

func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// TestCancelAnywhere ends each computation at every point where it looks.
func TestCancelAnywhere(t *testing.T) {
	g := large()
	d := dominators(t, g)
	for name, f := range map[string]func(ctx context.Context) error{
		"Dominators": func(ctx context.Context) error {
			d, err := g.Dominators(ctx)
			if err == nil {
				d.Close()
			}
			return err
		},
		"Joint": func(ctx context.Context) error {
			_, err := d.Joint(ctx, nil)
			return err
		},
		"RetainedSet": func(ctx context.Context) error {
			_, err := d.RetainedSet(ctx, nil)
			return err
		},
	} {
		steps := int64(0)
		for {
			ctx := &countdown{Context: context.Background()}
			ctx.left.Store(steps)
			err := f(ctx)
			if err == nil {
				break
			}
			if err != context.Canceled {
				t.Fatalf("%s: %v", name, err)
			}
			steps += 1 + steps/8
		}
		if steps < 3 {
			t.Errorf("%s looked at its context %d times", name, steps)
		}
	}
}

// TestDeterminism: a graph large enough that several workers share each phase
// gives the same answers with one.
func TestDeterminism(t *testing.T) {
	g := large()
	d := dominators(t, g)
	refs, err := d.Referrers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	one := dominators(t, g)
	oneRefs, err := one.Referrers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for n := range heap.Node(g.Len()) {
		if d.Live(n) != one.Live(n) || d.Idom(n) != one.Idom(n) || d.Retained(n) != one.Retained(n) {
			t.Fatalf("node %d depends on GOMAXPROCS", n)
		}
		if !slices.Equal(refs.Of(n), oneRefs.Of(n)) {
			t.Fatalf("referrers of %d depend on GOMAXPROCS", n)
		}
	}
	if d.LiveCount() < g.Len()/2 {
		t.Fatalf("only %d live", d.LiveCount())
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	g := list(200_000)
	if d, err := g.Dominators(ctx); d != nil || err != context.Canceled {
		t.Errorf("Dominators = %v, %v", d, err)
	}
	if b, err := g.Reachable(ctx); b != nil || err != context.Canceled {
		t.Errorf("Reachable = %v, %v", b, err)
	}
	d := dominators(t, g)
	if r, err := d.Referrers(ctx); r != nil || err != context.Canceled {
		t.Errorf("Referrers = %v, %v", r, err)
	}
	if err := d.PreparePaths(ctx); err != context.Canceled {
		t.Errorf("PreparePaths = %v", err)
	}
	if got := d.PathTo(9); !slices.Equal(got, []heap.Node{1, 8, 9}) {
		t.Errorf("PathTo after a cancelled PreparePaths = %d", got)
	}
}

// Outermost is the first node of the chain of dominators.
func TestOutermost(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	for range 300 {
		g := heaptest.Random(r, 40)
		d := dominators(t, g)
		nodes := heaptest.Nodes(g)
		for i, top := range d.Outermost(nodes) {
			want := heap.None
			if chain := d.Chain(nodes[i]); len(chain) > 0 {
				want = chain[0]
			}
			if top != want {
				t.Fatalf("node %d: %d, the chain begins with %d", nodes[i], top, want)
			}
		}
	}
}
