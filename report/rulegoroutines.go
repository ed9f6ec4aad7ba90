package report

import (
	"context"
	"fmt"
	"slices"

	"goheap/heap"
)

// RuleGoroutines is the rule for goroutines of one kind that hold much together.
const RuleGoroutines = "goroutines"

func goroutineRule() Rule {
	return Rule{
		Name:  RuleGoroutines,
		Title: "group of goroutines",
		Doc: "Goroutines in the same function, created by the same one, none of them suspect by itself, together hold more than a tenth of the live heap: " +
			"that much would be freed if all of them ended, what several of them share included.",
		find: findGoroutines,
	}
}

// findGoroutines does for goroutines what MAT's hunter does for classes, with
// what the goroutines retain as a set in place of a sum: a leak of goroutines
// that all hold the same thing would have a sum of nothing.
func findGoroutines(ctx context.Context, h *hunt) error {
	alone := map[heap.Node]bool{}
	for i, r := range h.retainers {
		alone[r.Node] = h.claimed[i]
	}
	classes := make([]uint32, h.s.Graph.Roots) // 0 for other roots
	groups := []Suspect{{}}
	place := map[goroutineKind]uint32{}
	for _, g := range h.s.Process.Goroutines() {
		if alone[g.Node] {
			continue
		}
		key := kindOfGoroutine(g)
		at, old := place[key]
		if !old {
			at = uint32(len(groups))
			place[key] = at
			groups = append(groups, Suspect{Rule: RuleGoroutines, Name: g.Func, Node: g.Node})
		}
		f := &groups[at]
		classes[g.Node-1] = at
		f.Count++
		f.Members = append(f.Members, g.Node)
		if a, b := h.s.Dominators.Retained(g.Node), h.s.Dominators.Retained(f.Node); a > b || a == b && g.Node < f.Node {
			f.Node = g.Node
		}
	}
	totals, err := h.s.Dominators.RetainedByClass(h.s.within(ctx), classes, len(groups))
	if err != nil {
		return err
	}
	for i, f := range groups {
		if f.Retained = totals[i].Bytes; i == 0 || f.Retained <= h.threshold {
			continue
		}
		slices.Sort(f.Members)
		f.Accumulation = h.s.Accumulation(f.Node)
		f.Sentence = fmt.Sprintf("%s, %s %s alive.", Printable(goroutinesIn(f.Count, h.goroutines[f.Node])), keep(f.Count), h.amount(f.Retained))
		h.found = append(h.found, f)
	}
	return nil
}
