package report

import (
	"context"
	"fmt"

	"goheap/heap"
)

// RuleEnded is the rule for what is left of goroutines that have ended.
const RuleEnded = "ended"

func endedRule() Rule {
	return Rule{
		Name:  RuleEnded,
		Title: "records of ended goroutines",
		Doc: "After a peak the runtime keeps the records of goroutines that have ended for new ones, and never frees them; " +
			"they are more than a twentieth of live heap and stacks.",
		Try:  "Bound the number of goroutines that run at once, for example with a semaphore.",
		find: findEnded,
	}
}

// recordType is the type of the runtime's record of a goroutine (runtime/runtime2.go).
const recordType = "runtime.g"

func findEnded(ctx context.Context, h *hunt) error {
	nodes, err := h.ofType(ctx, func(name string) bool { return name == recordType })
	if err != nil {
		return err
	}
	s, d := h.s, h.s.Dominators
	running := map[heap.Node]bool{}
	without := 0 // goroutines of which a heap dump does not say which record is theirs
	for _, g := range s.Process.Goroutines() {
		if !s.Graph.IsRoot(g.Node) {
			continue // it has nothing on the heap
		}
		found := false
		for _, n := range s.Graph.Targets(g.Node) {
			running[n] = true // its own record is among what it holds
			found = found || s.Heap.Type(n) == recordType
		}
		if !found {
			without++
		}
	}
	var ended []heap.Node
	var bytes uint64
	for _, n := range nodes {
		if !running[n] {
			ended = append(ended, n)
			bytes += s.Graph.Size(n)
		}
	}
	const some = 10
	if bytes <= h.least || without > len(ended)/some {
		return nil
	}
	most := ended[0]
	for _, n := range ended {
		if d.Retained(n) > d.Retained(most) {
			most = n
		}
	}
	h.found = append(h.found, Suspect{
		Rule: RuleEnded, Name: recordType, Type: recordType, Node: most, Count: uint64(len(ended)), Retained: bytes, Members: ended,
		Accumulation: accumulationAt(s, most), Try: endedRule().Try,
		Sentence: fmt.Sprintf("%s of the runtime for goroutines that have ended keep %s alive.", plural(uint64(len(ended)), "record"), h.amount(bytes)),
	})
	return nil
}
