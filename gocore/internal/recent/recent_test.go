package recent

import (
	"math/rand/v2"
	"slices"
	"testing"

	"goheap/heap"
)

// What is known of chains is what a list says that moves what is used to its front and is
// cut behind.
func TestChains(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	var x Chains[int]
	type known struct {
		nodes []heap.Node
		v     int
	}
	var want []known
	found := 0
	for i := range 20_000 {
		nodes := []heap.Node{1}
		for range r.IntN(6) {
			nodes = append(nodes, 1+heap.Node(r.IntN(2)))
		}
		if r.IntN(2) == 0 {
			x.Add(nodes, i)
			want = append([]known{{slices.Clone(nodes), i}}, want[:min(len(want), most-1)]...)
			nodes[0] = 9 // it is the caller's
			continue
		}
		best := -1
		for k, w := range want {
			if len(w.nodes) <= len(nodes) && slices.Equal(w.nodes, nodes[:len(w.nodes)]) && (best < 0 || len(w.nodes) > len(want[best].nodes)) {
				best = k
			}
		}
		v, n := x.Longest(nodes)
		if best < 0 {
			if n != 0 {
				t.Fatalf("%v: %d nodes are known, want none", nodes, n)
			}
			continue
		}
		found++
		w := want[best]
		want = slices.Insert(slices.Delete(want, best, best+1), 0, w)
		if v != w.v || n != len(w.nodes) {
			t.Fatalf("%v: %d of %d nodes, want %d of %d", nodes, v, n, w.v, len(w.nodes))
		}
	}
	if found < 1000 {
		t.Errorf("only %d were known", found)
	}
}

func TestRepeats(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	var x Repeats[int]
	type known struct {
		what     string
		times, v int
	}
	var want []known
	found := 0
	for i := range 20_000 {
		what, times := []string{"a", "b"}[r.IntN(2)], 1+r.IntN(9)
		if r.IntN(2) == 0 {
			x.Add(what, times, i)
			want = append([]known{{what, times, i}}, want[:min(len(want), most-1)]...)
			continue
		}
		best := -1
		for k, w := range want {
			if w.what == what && w.times <= times && (best < 0 || w.times > want[best].times) {
				best = k
			}
		}
		v, n := x.Most(what, times)
		if best < 0 {
			if n != 0 {
				t.Fatalf("%s ×%d: %d are known, want none", what, times, n)
			}
			continue
		}
		found++
		w := want[best]
		want = slices.Insert(slices.Delete(want, best, best+1), 0, w)
		if v != w.v || n != w.times {
			t.Fatalf("%s ×%d: %d of %d, want %d of %d", what, times, v, n, w.v, w.times)
		}
	}
	if found < 1000 {
		t.Errorf("only %d were known", found)
	}
}
