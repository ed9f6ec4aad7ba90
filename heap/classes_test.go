package heap_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
)

func checkClasses(t *testing.T, r *rand.Rand, g *heap.Graph, d *heap.Dominators) {
	t.Helper()
	n := 1 + r.IntN(4)
	classes := make([]uint32, g.Roots)
	sets := make([][]heap.Node, n)
	for i := range classes {
		classes[i] = uint32(r.IntN(n))
		sets[classes[i]] = append(sets[classes[i]], heap.Node(i+1))
	}
	got, err := d.RetainedByClass(context.Background(), classes, n)
	if err != nil {
		t.Fatal(err)
	}
	for i, set := range sets {
		bytes, objects := heaptest.Retained(g, set...)
		if want := (heap.Total{Objects: objects, Bytes: bytes}); got[i] != want {
			t.Fatalf("class of roots %d: %+v, want %+v", set, got[i], want)
		}
	}
}

func TestRetainedByClass(t *testing.T) {
	r := rand.New(rand.NewPCG(25, 26))
	for i := range 3000 {
		g := heaptest.Random(r, 1+i/60)
		checkClasses(t, r, g, dominators(t, g))
	}
}
