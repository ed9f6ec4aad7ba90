package tui

import (
	"context"
	"fmt"
	"slices"

	"goheap/heap"
	"goheap/report"
)

// marks are the rows that a person has marked, in the order of marking.
type marks struct {
	sets []rowSet
	keys map[string]bool // of sets
}

// turn marks a set, or no longer.
func (m *marks) turn(set rowSet) {
	if i := slices.IndexFunc(m.sets, func(have rowSet) bool { return have.key == set.key }); i >= 0 {
		m.sets = slices.Delete(m.sets, i, i+1)
	} else {
		m.sets = append(m.sets, set)
	}
	m.keys = map[string]bool{}
	for _, set := range m.sets {
		m.keys[set.key] = true
	}
}

// in returns a test for the rows of a view, nil if nothing is marked.
func (m *marks) in(v view) func(row int) bool {
	if len(m.sets) == 0 {
		return nil
	}
	return func(row int) bool { return m.keys[v.set(row).key] }
}

// turnMark marks the selected row, or no longer, and goes on to the next.
func (a *App) turnMark() {
	a.marks.turn(a.selectedSet())
	if v, ok := a.top().(marking); ok {
		v.remarked()
	} else {
		a.top().grid().move(1)
	}
	a.flash(plural(uint64(len(a.marks.sets)), "row") + " marked; X computes what they retain together, M lists them")
}

// marksView lists what was marked.
type marksView struct {
	*list
	marks []rowSet
	size  report.SetSize
	known bool // size is
}

func newMarks(a *App) view {
	v := &marksView{}
	v.list = newList(a, "Marks", tabOverview, "")
	v.choose = func() loader {
		marks := v.marks
		return func(ctx context.Context) (loaded, error) { return loaded{table: a.markTable(marks)}, ctx.Err() }
	}
	v.list.about = func(row int) subject { return subject{node: v.marks[row].node} }
	v.list.sets = func(row int) rowSet { return v.marks[row] }
	v.list.opens = func(row int) {
		if m := v.marks[row]; m.nodes == nil {
			a.inspect(m.node)
		} else {
			a.push(newNodes(a, m))
		}
	}
	v.list.head = func(w, h int) []string {
		text := "computing what they retain together " + a.sym.cut
		if v.known {
			text = fmt.Sprintf("together they retain %s (%s of the live heap) in %s", exactBytes(v.size.Retained),
				report.HumanPercent(a.snap.Share(v.size.Retained)), plural(v.size.RetainedObjects, "object"))
		}
		return []string{text, ""}
	}
	return v
}

func (v *marksView) tab() tab { return v.app.stack[0].tab() }

func (v *marksView) enter()    { v.reload() }
func (v *marksView) remarked() { v.reload() }

// reload shows the marks as they are now, and computes their exact size.
func (v *marksView) reload() {
	a := v.app
	v.marks, v.known = slices.Clone(a.marks.sets), false
	v.list.reload()
	marks := v.marks
	a.start(slotAsk, "computing what they retain together", func(ctx context.Context) (func(), error) {
		size, err := a.retainedTogether(ctx, marks)
		if err != nil {
			return nil, err
		}
		return func() { v.size, v.known = size, true }, nil
	})
}

// markTable lists marks. What a set retains is at least what its largest member
// does.
func (w *words) markTable(marks []rowSet) *report.Table {
	s := w.snap
	return report.NewTable(len(marks), func(row int) heap.Node { return marks[row].node },
		report.Column{Name: "largest_bytes", Title: "Largest", Kind: report.Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) report.Cell { return report.Cell{Num: s.Dominators.Retained(marks[row].node)} }},
		report.Column{Name: "share", Title: "Share", Kind: report.Percent, MinWidth: 7, Right: true,
			Cell: func(row int) report.Cell { return report.Cell{Num: s.Share(s.Dominators.Retained(marks[row].node))} }},
		report.Column{Name: "mark", Title: "Marked", MinWidth: 20,
			Cell: func(row int) report.Cell { return report.Cell{Text: report.ShortPaths(marks[row].name)} }},
		report.Column{Name: "address", Title: "Address", Kind: report.Addr, MinWidth: 14, Priority: 1,
			Cell: func(row int) report.Cell {
				m := marks[row]
				addr := s.Heap.ValueAddr(m.node)
				return report.Cell{Num: addr, Unknown: addr == 0 || m.nodes != nil}
			}},
	)
}

// newNodes lists the objects of a set, those that retain most first.
func newNodes(a *App, set rowSet) view {
	l := newList(a, set.name, a.top().tab(), "")
	l.load = func(ctx context.Context) (loaded, error) {
		nodes, err := set.all(ctx)
		if err != nil {
			return loaded{}, err
		}
		return loaded{table: a.nodeTable(nodes, heap.None, false)}, nil
	}
	return l
}
