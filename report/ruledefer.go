package report

import (
	"context"
	"fmt"
	"path"

	"goheap/gocore"
)

// RuleDefer is the rule for deferred calls that pile up.
const RuleDefer = "defer"

// manyDeferred is how many deferred calls of one statement are suspect.
const manyDeferred = 1000

func deferRule() Rule {
	return Rule{
		Name:  RuleDefer,
		Title: "deferred calls pile up",
		Doc:   "A goroutine that is suspect has a thousand deferred calls or more of one statement in one frame: defer stands in a loop, and what the calls need stays until the function returns.",
		Try:   "Put the body of the loop into a function of its own, or make the call without defer.",
		find:  findDeferred,
	}
}

func findDeferred(_ context.Context, h *hunt) error {
	const frames = 100 // the innermost and outermost ones
	for i := range h.found {
		f := &h.found[i]
		g, ok := h.goroutineOf(f)
		if !ok || f.Count > 1 || f.Why != "" {
			continue
		}
		calls, _, _ := h.s.Heap.Stack(g.Index, frames)
		for _, c := range calls {
			for _, d := range c.Deferred {
				if d.Count >= manyDeferred {
					f.Why, f.Try = deferredText(c, d), deferRule().Try
				}
			}
		}
	}
	return nil
}

func deferredText(c gocore.StackCall, d gocore.Deferred) string {
	at := ""
	if d.File != "" {
		at = fmt.Sprintf(" (%s:%d)", path.Base(d.File), d.Line)
	}
	return fmt.Sprintf("%s deferred calls of %s%s wait for %s to return.", comma(uint64(d.Count)), Printable(d.Func), Printable(at), Printable(c.Func))
}
