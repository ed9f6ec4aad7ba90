package report

import (
	"context"
	"fmt"
	"strings"

	"goheap/gocore"
	"goheap/heap"
)

// RuleClass is the rule for roots of one class that hold much together.
const RuleClass = "roots"

func classRule() Rule {
	return Rule{
		Name:  RuleClass,
		Title: "many roots of one kind",
		Doc: "Goroutines in the same function, created by the same one, timers that run the same function, or finalizers of one type together hold more than a tenth of the live heap: " +
			"that much would be freed if there were none of them, what several of them share included. So do the words of a variable without a name.",
		Try:  "Find out what they wait for, and who should have ended them.",
		find: findClasses,
	}
}

// findClasses does for roots what MAT's hunter does for classes, with what they
// retain as a set in place of a sum: a leak of goroutines that all hold the same
// thing would have a sum of nothing.
func findClasses(ctx context.Context, h *hunt) error {
	for i := range h.holders {
		r := &h.holders[i]
		if !r.Class && r.Timers == 0 || r.Own || r.Retained <= h.threshold {
			continue
		}
		f := Suspect{Rule: RuleClass, Name: r.Name, Node: r.Node, Count: r.Count, Retained: r.Retained, Members: r.Members, within: r.within}
		if f.Members == nil {
			f.Members = []heap.Node{r.Node}
		}
		f.Accumulation = h.s.Accumulation(r.Node)
		what := Printable(h.s.heldBy(r, shortModules))
		if strings.Contains(what, ", ") {
			what += ","
		}
		f.Sentence = fmt.Sprintf("%s %s %s alive.", what, keep(max(f.Count, uint64(r.Timers))), h.amount(f.Retained))
		if h.s.Heap.KindOf(r.Node) == gocore.GlobalRoot {
			f.Try = "As a rule an array or a struct of the program begins there: find out who adds to it, and what should take things out again."
		}
		c, err := waitCause(ctx, h.s, f.Members)
		if err != nil {
			return err
		}
		if c != nil && rests(c) {
			f.Try = "Workers that rest keep what they work with: then fewer of them, or smaller buffers, keep less. Else find out who should have ended them."
		}
		h.found = append(h.found, f)
	}
	return nil
}

// rests reports whether goroutines wait as workers do that have nothing to do: to receive
// from one channel, or on one Cond, which somebody else has.
func rests(c *WaitCause) bool {
	return !c.Vain && c.Things == 1 && (c.Operation == "chan receive" || c.Thing == "sync.Cond")
}
