package heap_test

import (
	"math/rand/v2"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
)

// What is reachable around walls is what a search finds that stops at them, and the walls.
func TestReachableAroundWalls(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		g := heaptest.Random(r, 40)
		nodes := heaptest.Nodes(g)
		var walls []heap.Node
		wall := map[heap.Node]bool{}
		for range r.IntN(6) {
			n := nodes[r.IntN(len(nodes))]
			walls, wall[n] = append(walls, n), true
		}
		set, err := g.Reachable(t.Context(), walls...)
		if err != nil {
			t.Fatal(err)
		}
		want := heaptest.Reach(g, heap.SuperRoot, walls...)
		for _, n := range nodes {
			if set.Has(n) != (want[n] || wall[n]) {
				t.Fatalf("seed %d, walls %v: %d is reached: %t", seed, walls, n, set.Has(n))
			}
		}
		set.Close()
	}
}
