package tui

import (
	"context"
	"fmt"
	"slices"

	"goheap/heap"
	"goheap/report"
)

// mergedView shows all ways by which many objects are held, merged: which roots lead to how
// many of them, goroutines with the same stack as one, and through what.
type mergedView struct {
	fixed
	app  *App
	of   rowSet
	cols []column
	ways *report.Ways // nil until loaded
	rows []mergedRow
}

// mergedRow is a way, or what stands for those that are not listed.
type mergedRow struct {
	*report.Way        // nil for these
	text        string // clean
	depth       int
	open        bool
	more        int
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

// enter finds the roots, and goes on from the first row as long as it leads to nearly all.
func (v *mergedView) enter() {
	if v.ways != nil {
		return
	}
	const nearly, deep = 0.8, 12
	a, of := v.app, v.of
	a.start(slotView, "merging the paths", func(ctx context.Context) (func(), error) {
		nodes, err := of.all(ctx)
		if err != nil {
			return nil, err
		}
		w, err := report.WaysTo(ctx, a.snap, nodes)
		if err != nil {
			return nil, err
		}
		level, err := a.mergedLevel(ctx, w, nil, 0)
		rows, at, next := level, 0, 0 // at is where nearly all of them come together
		for depth := 1; err == nil && depth <= deep && len(level) > 0; depth++ {
			first := level[0].Way
			if float64(first.Leads.Objects) <= nearly*float64(w.Members.Objects) || first.Ends {
				break
			}
			if level, err = a.mergedLevel(ctx, w, first, depth); err != nil {
				break
			}
			rows[next].open = true
			rows = slices.Insert(rows, next+1, level...)
			at = next
			next++
		}
		if err != nil {
			return nil, err
		}
		return func() {
			v.ways, v.rows = w, rows
			v.body.invalidate()
			v.body.selectRow(at)
			a.moved()
		}, nil
	})
}

// mergedLevel makes the rows below a way. It is called off the event loop.
func (w *words) mergedLevel(ctx context.Context, ways *report.Ways, of *report.Way, depth int) ([]mergedRow, error) {
	const most = 1000 // rows
	all, err := ways.Level(ctx, of)
	if err != nil {
		return nil, err
	}
	var rows []mergedRow
	for _, way := range all[:min(len(all), most)] {
		rows = append(rows, mergedRow{Way: way, depth: depth, text: w.mergedText(way)})
	}
	if more := len(all) - len(rows); more > 0 {
		rows = append(rows, mergedRow{depth: depth, more: more})
	}
	return rows, nil
}

// mergedText names the step to a row and what is there.
func (w *words) mergedText(way *report.Way) string {
	switch {
	case way.Type == "": // a root
		return w.clean(way.Word)
	case len(way.Nodes) == 1:
		return w.clean(way.Word + "  " + w.nodeText(way.Nodes[0]))
	}
	return w.clean(way.Word + "  " + countText(uint64(len(way.Nodes))) + " × " + report.ShortPaths(way.Type))
}

// unfold shows how the ways go on from a row.
func (v *mergedView) unfold(i int) {
	r := v.rows[i]
	if r.more > 0 || r.open || r.Ends {
		return
	}
	a, ways := v.app, v.ways
	a.start(slotView, "counting the ways", func(ctx context.Context) (func(), error) {
		level, err := a.mergedLevel(ctx, ways, r.Way, r.depth+1)
		if err != nil {
			return nil, err
		}
		return func() {
			at := slices.IndexFunc(v.rows, func(o mergedRow) bool { return o.Way == r.Way })
			if at < 0 || v.rows[at].open {
				return
			}
			v.rows[at].open = true
			v.rows = slices.Insert(v.rows, at+1, level...)
			v.body.invalidate()
			a.moved()
		}, nil
	})
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
	if place >= len(v.rows) || v.rows[place].more > 0 {
		return rowSet{node: heap.None}
	}
	r := v.rows[place]
	most := r.Most(v.app.snap.Dominators)
	if len(r.Nodes) == 1 {
		return v.app.setOf(most)
	}
	return setOfAll(r.text, most, r.Nodes)
}

func (v *mergedView) subject() subject {
	s := subject{node: v.set(v.body.selected).node}
	if s.node != heap.None && len(v.rows[v.body.selected].Nodes) > 1 {
		s.note = "the one of " + countText(uint64(len(v.rows[v.body.selected].Nodes))) + " that retains most"
	}
	return s
}

func (v *mergedView) open() {
	i := v.body.selected
	switch {
	case i >= len(v.rows):
	case v.rows[i].more > 0:
		v.app.flash("these lead to fewer than the ones above")
	case v.rows[i].open:
		v.fold(i)
	case !v.rows[i].Ends:
		v.unfold(i)
	default:
		v.app.inspect(v.set(i).node)
	}
}

func (v *mergedView) actions() []Action {
	return []Action{
		{Keys: []Key{char('l'), code(keyRight)}, Label: "expand", Priority: 3,
			Help: "Show how the ways go on from the selected row.",
			Do: func() {
				if i := v.body.selected; i < len(v.rows) {
					if v.rows[i].open || v.rows[i].more > 0 || v.rows[i].Ends {
						v.body.move(1)
					} else {
						v.unfold(i)
					}
				}
			}},
		{Keys: []Key{char('h'), code(keyLeft)}, Label: "collapse", Priority: 3,
			Help: "Hide how the ways go on, or go to the row before.",
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
	if v.ways == nil {
		return nil
	}
	text := plural(v.ways.Members.Objects, "object") + ", " + v.app.bytes(v.ways.Members.Bytes) + " without what they hold; each counts in every way"
	return []string{text, ""}
}

func (v *mergedView) status() string {
	return fmt.Sprintf("row %s of %s", countText(uint64(min(v.body.selected+1, len(v.rows)))), countText(uint64(len(v.rows))))
}

func (v *mergedView) columns() []column { return v.app.widened(v.cols) }

// makeColumns has nothing to say of what is not listed, but how much that is.
func (v *mergedView) makeColumns() []column {
	a := v.app
	listed := func(say func(way *report.Way) string) func(row int) string {
		return func(row int) string {
			if r := &v.rows[row]; r.more == 0 {
				return blank(say(r.Way))
			}
			return " "
		}
	}
	single := func(say func(n heap.Node) string) func(row int) string {
		return listed(func(way *report.Way) string {
			if len(way.Nodes) > 1 {
				return "" // of several they are not known
			}
			return say(way.Nodes[0])
		})
	}
	return []column{
		{report.Column{Name: "members", Title: "Lead to", Kind: report.Count, MinWidth: 10, Right: true},
			listed(func(way *report.Way) string { return countText(way.Leads.Objects) })},
		{report.Column{Name: "members_share", Title: "Of all", Kind: report.Percent, MinWidth: 7, Right: true}, func(row int) string {
			if v.rows[row].more > 0 {
				return " "
			}
			return report.HumanPercent(v.share(row))
		}},
		{report.Column{Name: "members_bytes", Title: "Shallow", Kind: report.Bytes, Priority: 2, MinWidth: 9, Right: true},
			listed(func(way *report.Way) string { return a.bytes(way.Leads.Bytes) })},
		{report.Column{Name: "path", Title: "Path", MinWidth: 40}, v.step},
		{report.Column{Name: "retained_bytes", Title: "Retained", Kind: report.Bytes, Priority: 1, MinWidth: 9, Right: true},
			single(func(n heap.Node) string { return a.bytes(a.snap.Dominators.Retained(n)) })},
		{report.Column{Name: "address", Title: "Address", Kind: report.Addr, Priority: 3, MinWidth: 14},
			single(func(n heap.Node) string { return addrText(a.snap.Heap.ValueAddr(n)) })},
	}
}

func (v *mergedView) len() int { return len(v.rows) }

// share implements shares: of the members.
func (v *mergedView) share(row int) uint64 {
	r := &v.rows[row]
	if r.more > 0 || v.ways.Members.Objects == 0 {
		return 0
	}
	return uint64(float64(r.Leads.Objects) / float64(v.ways.Members.Objects) * 1e6)
}

// step is the text of a row.
func (v *mergedView) step(row int) string {
	r := &v.rows[row]
	if r.more > 0 {
		return indented(r.depth, "~ "+countText(uint64(r.more))+" more")
	}
	mark := "  "
	switch {
	case r.Ends:
	case r.open:
		mark = v.app.sym.open + " "
	default:
		mark = v.app.sym.closed + " "
	}
	return indented(r.depth, mark+r.text)
}
