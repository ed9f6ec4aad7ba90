package gocore_test

import (
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// The name of each word by which a goroutine holds an object is read back as the object;
// the first is the one that the path goes through, and the others are in the order of
// their addresses.
func TestHoldings(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"kinds", "probe", "lockfirst", "goroutines", "registers"} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			kind := testcore.Kernel
			if program == "registers" {
				kind = testcore.Captured // before the kernel writes a core, threads are in handlers of signals
			}
			p := open(t, program, testcore.Options{}, kind)
			words, several, registers, wrong, said := 0, 0, 0, 0, p.asSaid()
			for _, r := range p.Roots() {
				if r.Kind != gocore.GoroutineRoot {
					continue
				}
				seen := map[heap.Node]bool{}
				for _, n := range p.graph.Targets(r.Node) {
					if seen[n] || wrong > 10 {
						continue
					}
					seen[n] = true
					list, more := p.Holdings(r.Node, n, 50)
					if few, rest := p.Holdings(r.Node, n, 0); len(few) != 1 || rest != len(list)-1+more {
						t.Errorf("%s: %d of %d words, and %d more", r.Name, len(few), len(list), rest)
					}
					if len(list) > 1 {
						several++
					}
					nodes := []heap.Node{r.Node, n}
					if path := p.Expr(nodes); path != list[0].Expr {
						t.Errorf("the path is %s, the first word %s", path, list[0].Expr)
					}
					for i, h := range list {
						words++
						if strings.Contains(h.Expr, "· register ") {
							registers++
						}
						place, err := p.Resolve(h.Expr)
						if err != nil || place.Node != n && !said.SameName(nodes, place, h.Expr) {
							wrong++
							t.Errorf("%s is %s, but found to be %s (%v)", h.Expr, p.Name(n), p.Name(place.Node), err)
						}
						if i > 1 && h.Slot <= list[i-1].Slot && list[i-1].Slot != 0 {
							t.Errorf("%s is behind %s", h.Expr, list[i-1].Expr)
						}
					}
				}
			}
			t.Logf("%d words, of them %d registers without a variable, %d objects that several hold", words, registers, several)
			if several == 0 && program != "registers" {
				t.Error("no object is held by several words")
			}
			if registers == 0 && program == "registers" {
				t.Error("no register holds anything")
			}
		})
	}
}
