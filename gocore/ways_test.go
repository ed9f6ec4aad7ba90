package gocore_test

import (
	"slices"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/heap/heaptest"
	"goheap/internal/testcore"
)

// The ways of the runtime's change who holds what, and nothing else: the same objects are
// alive, the runtime's variables hold nothing that another root reaches, and a goroutine
// holds its own record and what it waits with.
func TestWays(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"probe", "kinds", "goroutines", "blockstore", "leaks"} {
		for _, kind := range []testcore.Kind{testcore.Kernel, testcore.HeapDump} {
			if kind == testcore.HeapDump && program != "kinds" {
				continue
			}
			t.Run(program+"-"+string(kind), func(t *testing.T) {
				t.Parallel()
				d := testcore.Core(t, program, testcore.Options{}, kind)
				all, err := gocore.Open(t.Context(), d.Core, gocore.Options{Runtime: true})
				if err != nil {
					t.Fatal(err)
				}
				defer all.Close()
				held, err := gocore.Open(t.Context(), d.Core, gocore.Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer held.Close()
				compareWays(t, analysed(t, all), analysed(t, held))
			})
		}
	}
}

func compareWays(t *testing.T, all, held process) {
	for _, n := range heaptest.Nodes(all.graph)[1:] {
		if all.doms.Live(n) != held.doms.Live(n) {
			t.Fatalf("%s is alive: %t with the ways of the runtime's, else %t", all.Name(n), all.doms.Live(n), held.doms.Live(n))
		}
	}
	program, own := heap.NewMarker(held.graph), heap.NewMarker(held.graph)
	defer program.Close()
	defer own.Close()
	for _, r := range held.Roots() {
		if !r.Own {
			program.Mark(r.Node)
		}
	}
	for _, r := range held.Roots() {
		if !r.Own {
			continue
		}
		for _, to := range held.graph.Targets(r.Node) {
			if r.Name != "sync.allPools" && r.Name != "sync.oldPools" && program.Has(to) {
				t.Errorf("%s holds %s, which the program does too", r.Name, held.Name(to))
			}
		}
	}
	waits := 0
	for _, r := range held.Roots() {
		record, ok := held.NodeAt(r.Addr)
		if r.Goroutine < 0 || !ok || !held.doms.Live(record) || !slices.Contains(held.graph.Targets(r.Node), record) {
			continue // of a heap dump, or runtime.g0
		}
		if !held.doms.Dominates(r.Node, record) {
			t.Errorf("%s does not hold its own record", r.Name)
		}
		for _, to := range held.graph.Targets(record) {
			if held.Type(to) == "runtime.sudog" && held.doms.Dominates(r.Node, to) {
				waits++
			}
		}
	}
	if len(held.Goroutines()) > 200 && waits == 0 {
		t.Error("no goroutine holds what it waits with")
	}
}
