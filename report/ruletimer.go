package report

import (
	"context"

	"goheap/gocore"
)

// RuleTimer is the rule for timers that nobody stops.
const RuleTimer = "timer"

func timerRule() Rule {
	return Rule{
		Name:  RuleTimer,
		Title: "timers not stopped",
		Doc:   "Timers of one function are suspect: each keeps what its function needs until it has run, however long that takes.",
		Try:   "Stop the timers that are no longer needed.",
		find:  findTimers,
	}
}

func findTimers(_ context.Context, h *hunt) error {
	for i := range h.found {
		f := &h.found[i]
		if f.Why != "" || h.s.Heap.KindOf(f.Node) != gocore.TimerRoot {
			continue
		}
		f.Try = timerRule().Try
		if f.Name == gocore.ChannelTimers {
			f.Try = "Make one timer and use it again, or Stop it, in place of time.After in a loop; from Go 1.23 on timers that nobody waits for are freed."
		}
	}
	return nil
}
