package tui

import (
	"context"
	"strings"

	"goheap/gocore"
	"goheap/report"
)

// overview is the first screen: who holds the memory, under a few lines about
// the file.
type overview struct {
	*list
	holders  []report.Holder
	info     report.SummaryDocument
	suspects []report.Suspect
	looked   bool // for suspects
}

func newOverview(a *App) view {
	v := &overview{}
	v.list = newList(a, "Overview", tabOverview, "overview")
	v.load = func(ctx context.Context) (loaded, error) {
		found, err := a.snap.Holders(ctx)
		if err != nil {
			return loaded{}, err
		}
		table, err := report.HolderTable(ctx, a.snap)
		if err != nil {
			return loaded{}, err
		}
		info := report.NewSummaryDocument(a.snap) // which looks at every object
		return loaded{shortTypes(table), func() { v.holders, v.info = found, info }}, nil
	}
	v.list.head = func(w, h int) []string {
		if v.whole == nil {
			return nil
		}
		return v.about(h)
	}
	v.list.about = func(row int) subject {
		h := &v.holders[row]
		s := aboutHolder(h)
		s.node = h.At
		return s
	}
	v.list.sets = func(row int) rowSet { return a.holderSet(&v.holders[row]) }
	v.body.keepStart = func(place int) bool { return v.holders[v.shown().Row(place)].Members != nil }
	v.list.opens = func(row int) {
		if h := &v.holders[row]; h.Class && goroutinesAlone(h) {
			a.push(newMembers(a, h.Members))
		} else {
			a.reveal(h.At)
		}
	}
	return v
}

// enter looks for suspects once the rows are shown.
func (v *overview) enter() {
	v.list.enter()
	if v.looked {
		return
	}
	v.looked = true
	a := v.app
	a.start(slotSuspects, "looking for suspects", func(ctx context.Context) (func(), error) {
		all, err := report.Suspects(ctx, a.snap)
		if err != nil {
			return nil, err
		}
		return func() { v.suspects = all }, nil
	})
}

// about is the lines above the retainers, the most important first.
func (v *overview) about(h int) []string {
	a, info := v.app, v.info
	s := a.snap
	var lines []string
	parts := []string{a.bytes(info.Heap.LiveBytes) + " live in " + plural(info.Heap.LiveObjects, "object")}
	if g := info.Heap.GarbageBytes; g != nil {
		parts = append(parts, a.bytes(*g)+" garbage")
	}
	lines = append(lines, join(append(parts, plural(info.Heap.Goroutines, "goroutine"), plural(info.Heap.Roots, "root"))...))
	typed := report.HumanPercent(s.Share(info.Typing.TypedBytes)) + " of it typed"
	if behind := s.Share(info.Typing.BehindUnknown); behind >= 500 { // 0.1 %
		typed += ", " + report.HumanPercent(behind) + " behind unknown"
	}
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
		lines = append(lines, plural(uint64(n), "problem")+" (9): "+a.clean(first.Severity+": "+string(first.Message)))
	}
	if n := len(v.suspects); n > 0 {
		lines = append(lines, plural(uint64(n), "suspect")+" (6): "+a.clean(report.ShortPaths(v.suspects[0].Sentence)))
	}
	if h >= 8 {
		lines = append(lines, join("executable "+a.clean(string(info.Source.Executable)), "symbols "+info.Source.Symbols, "loaded in "+elapsed(a.loadFor)))
	}
	if h > len(lines) {
		lines = append(lines, "")
	}
	return lines
}

// verdict is the result of the checks in words.
func (w *words) verdict() string {
	verdict, _ := w.snap.VerdictText()
	return verdict
}

func join(parts ...string) string { return strings.Join(parts, "   ") }

// goroutinesAlone reports whether a class of roots has goroutines for members.
func goroutinesAlone(h *report.Holder) bool {
	return h.Kind == report.RetainerKind(gocore.GoroutineRoot.String())
}
