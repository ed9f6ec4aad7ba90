package gocore

import (
	"math/rand/v2"
	"slices"
	"testing"

	"goheap/gocore/internal/typing"
	"goheap/heap"
	"goheap/internal/testcore"
)

// Types are the same whether the live set is known from the start or only after
// the walk from variables, which then may have looked into dead objects. Objects
// are made dead by leaving out roots.
func TestTypesBesideMarking(t *testing.T) {
	for _, program := range []string{"quiet", "typed", "kinds"} {
		t.Run(program, func(t *testing.T) {
			p, err := Open(t.Context(), testcore.Core(t, program, testcore.Options{}, testcore.Kernel).Core, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			h := graphOnly(t, p)
			defer h.free()
			g := h.graph
			random := rand.New(rand.NewPCG(1, 2))
			repeated := 0
			for _, left := range []int{0, 2, 10, 100} { // percent of the roots
				live := heap.NewMarker(g)
				defer live.Close()
				for _, r := range g.Targets(heap.SuperRoot) {
					if random.IntN(100) >= left {
						live.Mark(r)
					}
				}
				var found [2]*typing.Result
				for i, known := range []bool{true, false} {
					ty := h.newTyper(nil)
					ty.Reached = func() (*heap.Marker, error) { return live, nil }
					if known {
						ty.Alive = live.Bits().Words()
					}
					passes := 0
					err := ty.Run(t.Context(), func(ty *typing.Typer) {
						passes++
						h.vars.Seed(ty)
					})
					if err != nil {
						t.Fatal(err)
					}
					if known && passes != 1 {
						t.Errorf("with the live set known there were %d passes", passes)
					}
					repeated += passes - 1
					found[i] = ty.Out
				}
				a, b := found[0], found[1]
				if !slices.Equal(a.IDs, b.IDs) || !slices.Equal(a.Evidence, b.Evidence) || !slices.Equal(a.Unknown, b.Unknown) || a.Conflicts != b.Conflicts {
					t.Errorf("without %d %% of the roots types differ", left)
				}
			}
			if repeated == 0 {
				t.Error("no walk looked into a dead object")
			}
		})
	}
}
