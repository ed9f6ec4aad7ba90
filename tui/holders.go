package tui

import (
	"fmt"

	"goheap/report"
)

// aboutHolder is what a row of holders is about: the node whose numbers it shows, or of
// several the one that retains most.
func (w *words) aboutHolder(h *report.Holder) subject {
	if !h.Single() {
		return subject{node: h.Node, note: "the one of " + countText(h.Count) + " that retains most"}
	}
	return subject{node: report.Counted(w.snap, h)}
}

// aboutSuspect is likewise what a suspect is about.
func aboutSuspect(f *report.Suspect) subject {
	s := subject{node: f.Node}
	if len(f.Members) > 1 {
		s.note = "the one of " + countText(uint64(len(f.Members))) + " that retains most"
	}
	return s
}

// suspectSet is what a suspect stands for: its objects or roots.
func (w *words) suspectSet(f *report.Suspect) rowSet {
	if len(f.Members) <= 1 {
		return w.setOf(f.Node)
	}
	return setOfAll(fmt.Sprintf("%s, %s", f.Name, addrText(w.snap.Heap.ValueAddr(f.Node))), f.Node, f.Members)
}

// openSet shows what is held by what a row stands for: goroutines with their frames,
// anything else in the dominator tree.
func openSet(a *App, set rowSet) {
	switch {
	case set.nodes == nil && a.goroutineOf(set.node) >= 0:
		a.inspect(set.node)
	case set.nodes == nil:
		revealHeld(a, set.node, true)
	case a.goroutineOf(set.node) >= 0:
		nodes, err := set.all(a.ctx) // they are at hand
		if err != nil {
			a.failed(err)
			return
		}
		a.push(newMembers(a, nodes))
	default:
		a.open(tabDominators)
		a.base[tabDominators].(*dominators).revealGroup(set.node)
	}
}
