package gocore_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// Along a list each name goes on from the one before, and says what all of the path says,
// in whatever order they are asked for.
func TestLongChains(t *testing.T) {
	core := testcore.Core(t, "opened", testcore.Options{}, testcore.Kernel).Core
	p, fresh := openFile(t, core, "", nil), openFile(t, core, "", nil)
	var far []heap.Node
	for i := range p.graph.Extents {
		e := &p.graph.Extents[i]
		for n := e.First; n < e.First+heap.Node(e.Count); n++ {
			if p.doms.Live(n) && n%61 == 0 && len(p.doms.PathTo(n)) > 500 {
				far = append(far, n)
			}
		}
	}
	if len(far) < 100 {
		t.Fatalf("%d objects are far from the roots", len(far))
	}
	r := rand.New(rand.NewPCG(11, 12))
	var paths [][]heap.Node
	for _, n := range far {
		nodes := p.doms.PathTo(n)
		paths = append(paths, nodes, nodes[:len(nodes)-1-r.IntN(20)])
	}
	// Of ever shorter paths nothing is known yet.
	slices.SortFunc(paths, func(a, b []heap.Node) int { return len(b) - len(a) })
	places := map[string]gocore.Place{}
	for _, nodes := range paths {
		name := fresh.Path(nodes).Expression
		place, err := fresh.Resolve(name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		places[name] = place
	}
	r.Shuffle(len(paths), func(i, j int) { paths[i], paths[j] = paths[j], paths[i] })
	for _, nodes := range paths {
		name, path := p.Expr(nodes), p.Path(nodes)
		if name != path.Expression {
			t.Fatalf("%s is called %s by itself", path.Expression, name)
		}
		place, err := p.Resolve(name)
		want := places[name]
		if err != nil || place.Node != want.Node || place.Part != want.Part || place.Value.Addr != want.Value.Addr {
			t.Fatalf("%s: %+v (%v), want %+v", name, place, err, want)
		}
	}
	// To name one more object and to find it costs nothing for the hops before it.
	nodes := paths[0]
	name := p.Expr(nodes)
	if _, err := p.Resolve(name); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(10, func() { p.Expr(nodes) }); n > 100 {
		t.Errorf("the name of a path of %d nodes is made with %.0f allocations", len(nodes), n)
	}
	if n := testing.AllocsPerRun(10, func() { p.Resolve(name) }); n > 300 {
		t.Errorf("the name of a path of %d nodes is looked up with %.0f allocations", len(nodes), n)
	}
}
