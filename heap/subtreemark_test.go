package heap_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
)

// A SubtreeMarker has the members that a Marker has, after each step.
func TestSubtreeMarker(t *testing.T) {
	r := rand.New(rand.NewPCG(71, 72))
	whole, part := 0, 0
	for i := range 3000 {
		g := heaptest.Random(r, 1+i/60)
		d := dominators(t, g)
		want := heap.NewMarker(g)
		got, err := d.SubtreeMarker(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 1 + r.IntN(6) {
			from := heap.Node(1 + r.IntN(g.Len()))
			if int(from) == g.Len() {
				continue
			}
			if d.Idom(from) == heap.SuperRoot {
				whole++
			} else {
				part++
			}
			want.Mark(from)
			got.Mark(from)
			for n := range heap.Node(g.Len()) {
				if got.Has(n) != want.Has(n) {
					t.Fatalf("graph %d: after %d node %d is marked: %v, by single pointers %v", i, from, n, got.Has(n), want.Has(n))
				}
			}
		}
		want.Close()
		got.Close()
	}
	if whole < 1000 || part < 1000 {
		t.Errorf("%d subtrees were entered at their head, %d elsewhere", whole, part)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := dominators(t, heaptest.Random(r, 5)).SubtreeMarker(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
