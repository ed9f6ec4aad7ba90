package tui

import (
	"context"
	"strings"

	"goheap/heap"
	"goheap/report"
)

// newOverview is the first screen: who holds the memory, under a few lines
// about the file.
func newOverview(a *App) view {
	var all []holder
	var info report.SummaryDocument
	l := newList(a, "Overview", tabOverview, func(ctx context.Context) (*report.Table, error) {
		found, err := a.holders.get(ctx, a.snap)
		if err != nil {
			return nil, err
		}
		all, info = found, a.snap.Summary() // which looks at every object
		return a.holderTable(found), nil
	})
	l.head = func(w, h int) []string {
		if l.whole == nil {
			return nil
		}
		return a.overviewFacts(info, h)
	}
	// A subject is asked for several times a draw, and the walk to the
	// accumulation point looks at all children on its way.
	accumulation := map[int]heap.Node{}
	l.about = func(row int) subject {
		h := &all[row]
		s := h.about()
		if h.Members != nil {
			return s
		}
		at, known := accumulation[row]
		if !known {
			at = a.snap.Dominators.Accumulation(h.Node)
			accumulation[row] = at
		}
		s.node = at
		return s
	}
	l.body.keepStart = func(place int) bool { return all[l.shown().Row(place)].Members != nil }
	l.opens = func(row int) {
		if h := &all[row]; h.goroutines {
			a.push(newMembers(a, h.Members))
		} else {
			a.reveal(l.about(row).node)
		}
	}
	return l
}

// overviewFacts are the lines above the retainers, the most important first.
func (a *App) overviewFacts(info report.SummaryDocument, h int) []string {
	s := a.snap
	var lines []string
	parts := []string{report.HumanBytes(info.Heap.LiveBytes) + " live in " + plural(info.Heap.LiveObjects, "object")}
	if g := info.Heap.GarbageBytes; g != nil {
		parts = append(parts, report.HumanBytes(*g)+" garbage")
	}
	lines = append(lines, join(append(parts, plural(info.Heap.Goroutines, "goroutine"), plural(info.Heap.Roots, "root"))...))
	typed := report.HumanPercent(s.Share(info.Typing.TypedBytes)) + " of it typed"
	file := "core"
	if info.Source.Kind == "heapdump" {
		file = "dump"
	}
	complete := file + " complete"
	if !info.Source.Complete {
		complete = file + " INCOMPLETE"
	}
	lines = append(lines, join(typed, "check "+a.verdict(), complete))
	if n := len(info.Source.Problems); n > 0 {
		first := info.Source.Problems[0]
		lines = append(lines, plural(uint64(n), "problem")+" (p): "+a.clean(first.Severity+": "+string(first.Message)))
	}
	if h >= 7 {
		lines = append(lines, join("executable "+a.clean(string(info.Source.Executable)), "symbols "+info.Source.Symbols, "loaded in "+elapsed(a.loadFor)))
	}
	if h > len(lines) {
		lines = append(lines, "")
	}
	return lines
}

// verdict is the result of the checks in words.
func (a *App) verdict() string {
	verdict, _ := a.snap.VerdictText()
	return verdict
}

func join(parts ...string) string { return strings.Join(parts, "   ") }
