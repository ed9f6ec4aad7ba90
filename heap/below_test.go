package heap_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
)

// byPointersBruteForce searches from each target alone, not through the node itself.
func byPointersBruteForce(g *heap.Graph, d *heap.Dominators, n heap.Node, targets []heap.Node) map[uint64]heap.PointerSet {
	reached := map[heap.Node]uint64{}
	for bit, to := range targets {
		if d.Idom(to) != n {
			continue
		}
		for m, ok := range heaptest.Reach(g, to, n) {
			if ok && d.Idom(heap.Node(m)) == n {
				reached[heap.Node(m)] |= 1 << bit
			}
		}
	}
	sets := map[uint64]heap.PointerSet{}
	for m, mask := range reached {
		w := sets[mask]
		bytes, objects := heaptest.Retained(g, m)
		w.Pointers, w.Nodes = mask, append(w.Nodes, m)
		w.Total.Bytes, w.Total.Objects = w.Total.Bytes+bytes, w.Total.Objects+objects
		sets[mask] = w
	}
	return sets
}

// What a node holds by some of its pointers together is what a search from each says, and
// with all pointers it is all that the node holds but itself.
func TestByPointers(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	together := 0
	for i := range 1500 {
		g := heaptest.Random(r, 2+i/30)
		d := dominators(t, g)
		for _, n := range heaptest.Nodes(g)[1:] {
			if d.Retained(n) == 0 && !g.IsRoot(n) {
				continue
			}
			var targets []heap.Node
			for _, to := range g.Targets(n) {
				if !slices.Contains(targets, to) {
					targets = append(targets, to)
				}
			}
			sets, ok, err := d.ByPointers(t.Context(), n, targets)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				continue // a leaf, or not alive
			}
			want := byPointersBruteForce(g, d, n, targets)
			sum := uint64(0)
			for _, w := range sets {
				slices.Sort(w.Nodes)
				slices.Sort(want[w.Pointers].Nodes)
				if !reflect.DeepEqual(w, want[w.Pointers]) {
					t.Fatalf("node %d by %b: %+v, want %+v", n, w.Pointers, w, want[w.Pointers])
				}
				if w.Several() {
					together++
				}
				sum += w.Total.Bytes
			}
			if len(sets) != len(want) || sum+g.Size(n) != d.Retained(n) {
				t.Fatalf("node %d: %+v of %d bytes, want %+v of %d", n, sets, sum, want, d.Retained(n)-g.Size(n))
			}
		}
	}
	if together == 0 {
		t.Error("nothing was held by two pointers")
	}
}
