package tui

import (
	"context"
	"fmt"

	"goheap/heap"
	"goheap/report"
)

// newTypes lists the types; a row is about the object of the type that retains
// most.
func newTypes(a *App) view {
	var l *list
	types := func() []report.TypeRow {
		rows, err := a.snap.Types(a.ctx) // memoised by the time there are rows
		if err != nil {
			return nil
		}
		return rows
	}
	largest := map[heap.TypeID]heap.Node{}
	l = newList(a, "Types", tabTypes, func(ctx context.Context) (*report.Table, error) {
		t, err := a.snap.TypeTable(ctx)
		if err != nil {
			return nil, err
		}
		rows, err := a.snap.Types(ctx)
		if err != nil {
			return nil, err
		}
		found, err := largestByType(ctx, a.snap)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			largest[r.ID] = found[r.ID]
		}
		return t, nil
	})
	l.about = func(row int) subject {
		r := types()[row]
		n, ok := largest[r.ID]
		if !ok {
			n = heap.None
		}
		s := subject{node: n}
		if r.Objects > 1 {
			s.note = "the one of " + countText(r.Objects) + " that retains most"
		}
		return s
	}
	l.opens = func(row int) {
		r := types()[row]
		a.push(newInstances(a, r.ID, r.Name))
	}
	return l
}

// largestByType finds for each type its live object that retains most, the
// lowest of several. The numbers of types are far apart, so that they index a
// map; neighbours are mostly of one type, and ask it once.
func largestByType(ctx context.Context, s *report.Snapshot) (map[heap.TypeID]heap.Node, error) {
	const pace = 1 << 16
	type best struct {
		node     heap.Node
		retained uint64
	}
	byType := map[heap.TypeID]*best{}
	var of *best
	var last heap.TypeID // 0, the type of what is no object, has none
	for n, id := range s.Process.TypeIDs() {
		if n%pace == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if id == 0 {
			continue
		}
		if id != last {
			if of, last = byType[id], id; of == nil {
				of = &best{node: heap.None}
				byType[id] = of
			}
		}
		if r := s.Dominators.Retained(heap.Node(n)); r > of.retained {
			*of = best{heap.Node(n), r}
		}
	}
	found := make(map[heap.TypeID]heap.Node, len(byType))
	for id, b := range byType {
		found[id] = b.node
	}
	return found, nil
}

// newInstances lists the objects of a type, those that retain most first.
func newInstances(a *App, id heap.TypeID, name string) view {
	return newList(a, name, a.top().tab(), func(ctx context.Context) (*report.Table, error) {
		nodes, err := a.snap.Instances(ctx, id)
		if err != nil {
			return nil, err
		}
		return a.nodeTable(nodes, heap.None, false), nil
	})
}

// newRoots lists the roots.
func newRoots(a *App) view {
	return newList(a, "Roots", tabRoots, func(ctx context.Context) (*report.Table, error) {
		return a.snap.RootTable(ctx)
	})
}

// nodeTable lists live objects and roots. Where other is a node, a column says
// by which expression a row points to it (or it to the row, if fromOther).
func (a *App) nodeTable(nodes []heap.Node, other heap.Node, fromOther bool) *report.Table {
	s := a.snap
	columns := []report.Column{
		{Name: "retained_bytes", Title: "Retained", Kind: report.Bytes, MinWidth: 9, Right: true},
		{Name: "share", Title: "Share", Kind: report.Percent, MinWidth: 7, Right: true},
		{Name: "shallow_bytes", Title: "Shallow", Kind: report.Bytes, Priority: 2, MinWidth: 9, Right: true},
		{Name: "address", Title: "Address", Kind: report.Addr, MinWidth: 14},
		{Name: "name", Title: "Object", MinWidth: 16},
	}
	if other != heap.None {
		columns = append(columns, report.Column{Name: "via", Title: "Through", Priority: 1, MinWidth: 14})
	}
	return report.NewTable(columns, len(nodes), func(row, col int) report.Cell {
		switch n := nodes[row]; col {
		case 0:
			return report.Cell{Num: s.Dominators.Retained(n)}
		case 1:
			return report.Cell{Num: s.Share(s.Dominators.Retained(n))}
		case 2:
			return report.Cell{Num: s.Graph.Size(n)}
		case 3:
			addr := s.Process.Addr(n)
			return report.Cell{Num: addr, Unknown: addr == 0}
		case 4:
			return report.Cell{Text: a.nodeText(n)}
		default:
			from, to := n, other
			if fromOther {
				from, to = other, n
			}
			expr, _, ok := s.Process.Edge(from, to)
			return report.Cell{Text: expr, Unknown: !ok}
		}
	}, func(row int) heap.Node { return nodes[row] })
}

// nodeText names a node without its address: a root by its name, an object by
// its type and, where it is an array in a slot, how many values it holds.
func (a *App) nodeText(n heap.Node) string {
	p := a.snap.Process
	if a.snap.Graph.IsRoot(n) {
		return p.Name(n)
	}
	text := p.Type(n)
	if count := p.Count(n); count > 1 {
		text += fmt.Sprintf(" × %s", countText(count))
	}
	return text
}
