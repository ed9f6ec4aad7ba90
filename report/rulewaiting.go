package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"goheap/gocore"
	"goheap/heap"
)

// RuleWaiting is the rule for many goroutines that wait for one thing.
const RuleWaiting = "waiting"

const (
	manyWaiting = 100 // goroutines from which a queue is more than a busy moment
	waitingPart = 20  // of the live heap and the stacks together
)

func waitingRule() Rule {
	return Rule{
		Name:  RuleWaiting,
		Title: "many in one place",
		Doc: "A hundred goroutines or more in the same function, created by the same one, wait for one lock or WaitGroup or to send to one channel, and with their stacks hold more than a twentieth of the live heap and all stacks. " +
			"Those that wait to receive are none: that is how workers rest.",
		Try:  "See who should unlock or receive: what is missing, who may hold the lock and who else has the channel is said with it.",
		find: findWaiting,
	}
}

// findWaiting looks at classes that are not suspects already.
func findWaiting(ctx context.Context, h *hunt) error {
	stacks := map[heap.Node]uint64{}
	total := h.s.Dominators.LiveBytes()
	for _, g := range h.s.Process.Goroutines() {
		stacks[g.Node] = g.StackBytes
		total += g.StackBytes
	}
	for i := range h.holders {
		r := &h.holders[i]
		known := slices.ContainsFunc(h.found, func(f Suspect) bool { return f.Rule == RuleClass && f.Node == r.Node })
		if !r.Class || r.Own || known || len(r.Members) < manyWaiting || h.s.Heap.KindOf(r.Node) != gocore.GoroutineRoot {
			continue
		}
		own := uint64(0)
		for _, n := range r.Members {
			own += stacks[n]
		}
		if own+r.Retained <= max(total/waitingPart, h.s.LeastSuspect) {
			continue
		}
		c, err := waitCause(ctx, h.s, r.Members)
		if err != nil {
			return err
		}
		if c == nil || c.Things != 1 || c.Members < manyWaiting || !stalls(c) {
			continue
		}
		f := Suspect{Rule: RuleWaiting, Name: r.Name, Node: r.Node, Count: r.Count, Retained: r.Retained, Members: r.Members, within: r.within}
		f.Accumulation = h.s.Accumulation(r.Node)
		what := Printable(h.s.HeldBy(r))
		if strings.Contains(what, ", ") {
			what += ","
		}
		f.Sentence = fmt.Sprintf("%s %s in one %s, with %s of stacks and %s of objects", what,
			waiting(c, len(r.Members)), c.Operation, HumanBytes(own), HumanBytes(r.Retained))
		if r.ReachedKnown {
			f.Sentence += fmt.Sprintf("; they lead to %s", HumanBytes(r.Reached))
		}
		f.Sentence += "."
		h.found = append(h.found, f)
	}
	return nil
}

// stalls reports whether many goroutines that wait so for one thing do not do so because
// they have nothing to do: workers rest in receiving and on a Cond.
func stalls(c *WaitCause) bool {
	return c.Operation == "chan send" || strings.HasSuffix(c.Thing, "Mutex") || c.Thing == "sync.WaitGroup"
}

// waiting says how many of some goroutines wait.
func waiting(c *WaitCause, all int) string {
	if c.Members == all {
		return "wait"
	}
	return comma(uint64(c.Members)) + " of them wait"
}
