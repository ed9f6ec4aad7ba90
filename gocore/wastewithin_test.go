package gocore

import (
	"cmp"
	"slices"
	"testing"

	"goheap/gocore/waste"
	"goheap/heap"
	"goheap/internal/testcore"
)

// What is of no use below a node is the same whether that alone is looked at or everything.
func TestWasteWithin(t *testing.T) {
	t.Parallel()
	type pointer struct{ from, to heap.Node }
	compared, pointers, duplicates := 0, 0, 0
	for _, program := range []string{"wasted", "kinds", "interfaces", "stacks"} {
		core := testcore.Core(t, program, testcore.Options{}, testcore.Kernel)
		p, err := Open(t.Context(), core.Core, Options{Exe: core.Exe})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		h, err := p.Analyse(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		look := func(within []heap.Node) (found []waste.Finding, beyond []pointer) {
			err := h.Waste(t.Context(), waste.Visitor{
				Finding: func(f waste.Finding) { found = append(found, f) },
				Pointer: func(from, to heap.Node) { beyond = append(beyond, pointer{from, to}) },
				Type: func(waste.Type) {
					if within != nil {
						t.Error("a type was told of")
					}
				},
				Within: within,
			})
			if err != nil {
				t.Fatal(err)
			}
			slices.SortFunc(found, func(a, b waste.Finding) int {
				return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.Rule, b.Rule))
			})
			return found, beyond
		}
		all, allBeyond := look(nil)
		pooled := map[heap.Node]bool{} // of which the look within says nothing
		for _, f := range all {
			pooled[f.Node] = pooled[f.Node] || f.Rule == waste.Pool
		}
		d := h.Dominators()
		tried := 0
		for n := heap.Node(1); int(n) < h.graph.Len() && tried < 300; n++ {
			// All roots, and every seventh object that has something.
			if d.ChildCount(n) == 0 || !h.graph.IsRoot(n) && n%7 != 0 {
				continue
			}
			tried++
			within := []heap.Node{n}
			for i := 0; i < len(within); i++ {
				d.EachChild(within[i], func(c heap.Node, _ uint64) { within = append(within, c) })
			}
			inside := map[heap.Node]bool{}
			for _, n := range within[1:] {
				inside[n] = true
			}
			equal := map[heap.Node]bool{} // that others are equal to, which may be elsewhere
			var want []waste.Finding
			for _, f := range all {
				if inside[f.Node] && !pooled[f.Node] && f.Rule != waste.Duplicate {
					want = append(want, f)
				} else if f.Rule == waste.Duplicate {
					equal[f.Node] = true
				}
			}
			var wantBeyond []pointer
			for _, p := range allBeyond {
				if inside[p.from] {
					wantBeyond = append(wantBeyond, p)
				}
			}
			got, beyond := look(within)
			got = slices.DeleteFunc(got, func(f waste.Finding) bool {
				if f.Rule != waste.Duplicate {
					return f.Node == n || pooled[f.Node]
				}
				if pooled[f.Node] {
					return true
				}
				if duplicates++; !slices.Contains(within, f.Node) || !equal[f.Node] {
					t.Errorf("%s: below %s %v is a duplicate", program, h.Name(n), f)
				}
				return true
			})
			beyond = slices.DeleteFunc(beyond, func(p pointer) bool { return pooled[p.from] })
			if !slices.Equal(got, want) || !slices.Equal(beyond, wantBeyond) {
				t.Errorf("%s: below %s\n\t%v %v, want\n\t%v %v", program, h.Name(n), got, beyond, want, wantBeyond)
			}
			compared += len(want)
			pointers += len(wantBeyond)
		}
	}
	if compared < 300 || pointers < 30 || duplicates < 30 {
		t.Errorf("only %d findings, %d pointers and %d duplicates were compared", compared, pointers, duplicates)
	}
}
