package tui

import (
	"fmt"
	"slices"

	"goheap/heap"
	"goheap/report"
)

// pathView is the chain of the why-alive pane on the whole screen: every hop a
// row to be opened.
type pathView struct {
	fixed
	app   *App
	about subject
	cols  []column
}

func newPath(a *App, s subject) view {
	v := &pathView{app: a, about: s}
	v.cols = v.makeColumns()
	v.body.sorted = -1
	v.body.rows = v
	return v
}

func (v *pathView) name() string { return "why alive: " + v.app.nodeText(v.about.node) }
func (v *pathView) tab() tab     { return v.app.stack[0].tab() }
func (v *pathView) enter()       { v.app.why.look(v.about) }

// pinned is what the chains lead to, whichever hop is selected.
func (v *pathView) pinned() subject { return v.about }

func (v *pathView) subject() subject {
	if h, ok := v.hop(); ok {
		return subject{node: h.node}
	}
	return v.about
}

// hop is the selected one.
func (v *pathView) hop() (hop, bool) {
	hops := v.hops()
	if v.body.selected >= len(hops) {
		return hop{}, false
	}
	return hops[v.body.selected], true
}

func (v *pathView) hops() []hop {
	w := &v.app.why
	if len(w.chains) == 0 || w.about != v.about {
		return nil
	}
	return w.chains[w.at].lines(v.app.physical)
}

// turned implements rawHops: the hop that was selected stays so, if it is still shown.
func (v *pathView) turned(n heap.Node) {
	if i := slices.IndexFunc(v.hops(), func(h hop) bool { return h.node == n }); i >= 0 {
		v.body.selectRow(i)
	}
}

func (v *pathView) open() {
	if h, ok := v.hop(); ok {
		v.app.inspect(h.node)
	}
}

func (v *pathView) where() (string, string) { return "path", v.app.targetOf(v.about.node) }

func (v *pathView) set(place int) rowSet {
	if hops := v.hops(); place < len(hops) {
		return v.app.setOf(hops[place].node)
	}
	return rowSet{node: heap.None}
}

func (v *pathView) facts(w, h int) []string {
	v.body.invalidate() // the pane may have turned to another path
	why := &v.app.why
	lines := []string{why.title()}
	if why.expression() != "" {
		lines = append(lines, cutMiddle(why.expression(), w, v.app.sym.cut), why.paths()+"   * dominates: without it, all below is freed")
	}
	if verdict := why.verdict(); verdict != "" {
		lines = append(lines, wrap(verdict, w, 2)...)
	}
	return append(lines, "")
}

func (v *pathView) actions() []Action {
	return []Action{
		{Keys: []Key{char('x')}, Label: "cut", Priority: 2, Disabled: func() string {
			if h, ok := v.hop(); ok {
				return reasonIf(v.app.why.severed(h), "this pointer is cut")
			}
			return "there is no path"
		},
			Help: "Take the pointer to the selected hop away: show what still holds the object, and what would be freed.",
			Do:   v.cut},
		{Keys: []Key{char('u')}, Label: "uncut", Priority: 5, Disabled: func() string { return reasonIf(len(v.app.why.cuts) == 0, "nothing is cut") },
			Help: "Give the pointer back that was cut last.",
			Do:   func() { v.app.why.take(nil) }},
	}
}

// cut takes away the pointer to the selected hop, of which there must be one.
func (v *pathView) cut() {
	hops, i := v.hops(), min(v.body.selected, len(v.hops())-1)
	word := hops[i].expr
	if word == report.Pointee && i > 0 {
		word = "the pointer of " + hops[i-1].expr
	}
	v.app.why.take(&severed{heap.Edge{From: hops[i].from, To: hops[i].node}, word})
}

func (v *pathView) status() string {
	hops := v.hops()
	return fmt.Sprintf("hop %d of %d   x cuts the pointer to it", min(v.body.selected+1, len(hops)), len(hops))
}

// share implements shares.
func (v *pathView) share(row int) uint64 { return v.app.snap.Share(v.hops()[row].retained) }

func (v *pathView) len() int { return len(v.hops()) }

func (v *pathView) columns() []column { return v.app.widened(v.cols) }

func (v *pathView) makeColumns() []column {
	a := v.app
	said := func(say func(h hop) string) func(row int) string {
		return func(row int) string { return blank(say(v.hops()[row])) }
	}
	return []column{
		{report.Column{Title: "", MinWidth: 1, Kind: report.Count}, said(func(h hop) string {
			switch {
			case a.why.severed(h):
				return "x"
			case h.dominates:
				return "*"
			}
			return ""
		})},
		{report.Column{Title: "Retained", Kind: report.Bytes, MinWidth: 9, Right: true},
			said(func(h hop) string { return a.bytes(h.retained) })},
		{report.Column{Title: "Share", Kind: report.Percent, MinWidth: 7, Right: true},
			said(func(h hop) string { return report.HumanPercent(a.snap.Share(h.retained)) })},
		{report.Column{Title: "Hop", MinWidth: 24}, said(a.hopText)},
		{report.Column{Title: "Type", MinWidth: 14}, said(func(h hop) string { return h.typ })},
		{report.Column{Title: "Address", Kind: report.Addr, MinWidth: 14, Priority: 2},
			said(func(h hop) string { return addrText(h.addr) })},
	}
}
