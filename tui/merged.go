package tui

import (
	"context"
	"fmt"
	"slices"

	"goheap/heap"
	"goheap/report"
)

// mergedView shows the shortest paths to many objects laid over each other: which
// roots hold how many of them, and through what.
type mergedView struct {
	fixed
	app  *App
	of   rowSet
	cols []column
	m    *report.MergedPaths // nil until loaded
	rows []mergedRow
}

// mergedRow is a node on the paths, or what stands for those that are not listed.
type mergedRow struct {
	node, from heap.Node
	depth      int
	open       bool
	more       int
	text       string // clean; "" until made
}

func newMerged(a *App, of rowSet) view {
	v := &mergedView{app: a, of: of}
	v.cols = v.makeColumns()
	v.body.sorted = -1
	v.body.rows = v
	return v
}

func (v *mergedView) name() string { return "merged paths: " + report.ShortPaths(v.of.name) }
func (v *mergedView) tab() tab     { return v.app.stack[0].tab() }
func (v *mergedView) hasWhy() bool { return true }

func (v *mergedView) enter() {
	if v.m != nil {
		return
	}
	a, of := v.app, v.of
	a.start(slotView, "merging the paths", func(ctx context.Context) (func(), error) {
		nodes, err := of.all(ctx)
		if err != nil {
			return nil, err
		}
		m, err := report.MergePaths(ctx, a.snap, nodes)
		if err != nil {
			return nil, err
		}
		along := a.snap.Dominators.PathTo(m.Gathered)
		return func() {
			v.m = m
			v.rows = v.level(heap.SuperRoot, 0)
			v.descend(along)
			v.body.invalidate()
			a.moved()
		}, nil
	})
}

// level is the rows that follow a node on the paths.
func (v *mergedView) level(n heap.Node, depth int) []mergedRow {
	nodes, more := v.m.Level(n)
	var rows []mergedRow
	for _, c := range nodes {
		rows = append(rows, mergedRow{node: c, from: n, depth: depth})
	}
	if more > 0 {
		rows = append(rows, mergedRow{node: heap.None, from: n, depth: depth, more: more})
	}
	return rows
}

// descend opens the rows along a path, a few of them, and selects the last.
func (v *mergedView) descend(along []heap.Node) {
	const most = 12
	at := -1
	for _, n := range along[:min(len(along), most)] {
		next := -1
		for i := at + 1; i < len(v.rows); i++ {
			if v.rows[i].node == n {
				next = i
				break
			}
		}
		if next < 0 {
			break
		}
		at = next
		v.unfold(at)
	}
	v.body.selectRow(max(at, 0))
}

func (v *mergedView) unfold(i int) {
	r := &v.rows[i]
	if r.more > 0 || r.open || v.m.ChildCount(r.node) == 0 {
		return
	}
	r.open = true
	v.rows = slices.Insert(v.rows, i+1, v.level(r.node, r.depth+1)...)
	v.body.invalidate()
}

func (v *mergedView) fold(i int) {
	r := &v.rows[i]
	r.open = false
	end := i + 1
	for end < len(v.rows) && v.rows[end].depth > r.depth {
		end++
	}
	v.rows = slices.Delete(v.rows, i+1, end)
	v.body.invalidate()
}

func (v *mergedView) set(place int) rowSet {
	if place >= len(v.rows) {
		return rowSet{node: heap.None}
	}
	return v.app.setOf(v.rows[place].node)
}

func (v *mergedView) subject() subject { return subject{node: v.set(v.body.selected).node} }

func (v *mergedView) open() {
	i := v.body.selected
	switch {
	case i >= len(v.rows):
	case v.rows[i].more > 0:
		v.app.flash("these lead to fewer than the ones above")
	case v.rows[i].open:
		v.fold(i)
	case v.m.ChildCount(v.rows[i].node) > 0:
		v.unfold(i)
	default:
		v.app.inspect(v.rows[i].node)
	}
}

func (v *mergedView) actions() []Action {
	return []Action{
		{Keys: []Key{char('l'), code(keyRight)}, Label: "expand", Priority: 3,
			Help: "Show how the paths go on from the selected row.",
			Do: func() {
				if i := v.body.selected; i < len(v.rows) {
					if v.rows[i].open || v.rows[i].more > 0 || v.m.ChildCount(v.rows[i].node) == 0 {
						v.body.move(1)
					} else {
						v.unfold(i)
					}
				}
			}},
		{Keys: []Key{char('h'), code(keyLeft)}, Label: "collapse", Priority: 3,
			Help: "Hide how the paths go on, or go to the row before.",
			Do: func() {
				i := v.body.selected
				if i >= len(v.rows) {
					return
				}
				if v.rows[i].open {
					v.fold(i)
					return
				}
				for up := i - 1; up >= 0; up-- {
					if v.rows[up].depth < v.rows[i].depth {
						v.body.selectRow(up)
						return
					}
				}
			}},
	}
}

func (v *mergedView) facts(w, h int) []string {
	if v.m == nil {
		return nil
	}
	text := plural(v.m.Members.Objects, "object") + ", " + v.app.bytes(v.m.Members.Bytes) + " without what they hold; each counts for its shortest path"
	return []string{text, ""}
}

func (v *mergedView) status() string {
	return fmt.Sprintf("row %s of %s", countText(uint64(min(v.body.selected+1, len(v.rows)))), countText(uint64(len(v.rows))))
}

func (v *mergedView) columns() []column { return v.app.widened(v.cols) }

// makeColumns has nothing to say of what is not listed, but how much that is.
func (v *mergedView) makeColumns() []column {
	a := v.app
	listed := func(say func(n heap.Node) string) func(row int) string {
		return func(row int) string {
			if r := &v.rows[row]; r.more == 0 {
				return blank(say(r.node))
			}
			return " "
		}
	}
	return []column{
		{report.Column{Name: "members", Title: "Lead to", Kind: report.Count, MinWidth: 10, Right: true},
			listed(func(n heap.Node) string { return countText(v.m.Of(n).Objects) })},
		{report.Column{Name: "members_share", Title: "Of all", Kind: report.Percent, MinWidth: 7, Right: true}, func(row int) string {
			if v.rows[row].more > 0 {
				return " "
			}
			return report.HumanPercent(v.share(row))
		}},
		{report.Column{Name: "members_bytes", Title: "Shallow", Kind: report.Bytes, Priority: 2, MinWidth: 9, Right: true},
			listed(func(n heap.Node) string { return a.bytes(v.m.Of(n).Bytes) })},
		{report.Column{Name: "path", Title: "Path", MinWidth: 40}, v.step},
		{report.Column{Name: "retained_bytes", Title: "Retained", Kind: report.Bytes, Priority: 1, MinWidth: 9, Right: true},
			listed(func(n heap.Node) string { return a.bytes(a.snap.Dominators.Retained(n)) })},
		{report.Column{Name: "address", Title: "Address", Kind: report.Addr, Priority: 3, MinWidth: 14},
			listed(func(n heap.Node) string { return addrText(a.snap.Heap.ValueAddr(n)) })},
	}
}

func (v *mergedView) len() int { return len(v.rows) }

// share implements shares: of the members.
func (v *mergedView) share(row int) uint64 {
	r := &v.rows[row]
	if r.more > 0 || v.m.Members.Objects == 0 {
		return 0
	}
	return uint64(float64(v.m.Of(r.node).Objects) / float64(v.m.Members.Objects) * 1e6)
}

// step is the text of a row, kept once made.
func (v *mergedView) step(row int) string {
	r := &v.rows[row]
	if r.more > 0 {
		return indented(r.depth, "~ "+countText(uint64(r.more))+" more")
	}
	if r.text == "" {
		r.text = v.app.mergedText(v.m, *r)
	}
	mark := "  "
	switch {
	case v.m.ChildCount(r.node) == 0:
	case r.open:
		mark = v.app.sym.open + " "
	default:
		mark = v.app.sym.closed + " "
	}
	return indented(r.depth, mark+r.text)
}

// mergedText names the step to a row and what is there.
func (w *words) mergedText(m *report.MergedPaths, r mergedRow) string {
	word := m.Word(r.from, r.node)
	if w.snap.Graph.IsRoot(r.node) {
		return w.clean(word)
	}
	return w.clean(word + "  " + w.nodeText(r.node))
}

// fetch implements slowRows: it makes the texts.
func (v *mergedView) fetch(g *grid, places, cols []int) func() func() {
	rows, m := make([]mergedRow, len(places)), v.m
	for i, at := range places {
		rows[i] = v.rows[at]
	}
	return func() func() {
		for i := range rows {
			if rows[i].more == 0 {
				rows[i].text = v.app.mergedText(m, rows[i])
			}
		}
		return func() {
			for i, at := range places {
				if at < len(v.rows) && v.rows[at].node == rows[i].node && v.rows[at].from == rows[i].from {
					v.rows[at].text = rows[i].text
					g.cells(at, cols, false) // the rest is at hand
				}
			}
		}
	}
}
