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
	largest := map[heap.TypeID]heap.Node{} // found by the time there are rows
	l := newList(a, "Types", tabTypes, nil)
	physical := false // of the rows
	choose := func() {
		physical = a.physical
		folded := !physical
		l.load = func(ctx context.Context) (*report.Table, error) {
			t, err := a.snap.TypeTable(ctx, folded)
			if err != nil {
				return nil, err
			}
			if len(largest) == 0 {
				if largest, err = largestByType(ctx, a.snap); err != nil {
					return nil, err
				}
			}
			return t, nil
		}
	}
	choose()
	l.stale = func() bool {
		if physical == a.physical {
			return false
		}
		choose()
		return true
	}
	row := func(i int) report.TypeRow {
		types := a.snap.FoldedTypes
		if physical {
			types = a.snap.Types
		}
		rows, err := types(a.ctx) // memoised by now
		if err != nil {
			return report.TypeRow{}
		}
		return rows[i]
	}
	l.about = func(i int) subject {
		r := row(i)
		s := subject{node: heap.None}
		for _, id := range r.IDs {
			if n, ok := largest[id]; ok && (s.node == heap.None || a.snap.Dominators.Retained(n) > a.snap.Dominators.Retained(s.node)) {
				s.node = n
			}
		}
		if r.Objects > 1 {
			s.note = "the one of " + countText(r.Objects) + " that retains most"
		}
		return s
	}
	l.opens = func(i int) {
		r := row(i)
		a.push(newInstances(a, r.IDs, r.Name))
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

// newInstances lists the objects of some types, those that retain most first.
func newInstances(a *App, ids []heap.TypeID, name string) view {
	return newList(a, name, a.top().tab(), func(ctx context.Context) (*report.Table, error) {
		nodes, err := a.snap.Instances(ctx, ids)
		if err != nil {
			return nil, err
		}
		return a.nodeTable(nodes, heap.None, false), nil
	})
}

// newRoots lists the roots, without the goroutines, which have a view of their own.
func newRoots(a *App) view {
	goroutines := 0 // found by the time there are rows
	l := newList(a, "Roots", tabRoots, func(ctx context.Context) (*report.Table, error) {
		rows, err := a.snap.Goroutines(ctx)
		if err != nil {
			return nil, err
		}
		goroutines = len(rows)
		return a.snap.OwnRootTable(ctx)
	})
	l.head = func(w, h int) []string {
		if l.whole == nil {
			return nil
		}
		return []string{plural(uint64(goroutines), "goroutine") + " more: see Goroutines (5)", ""}
	}
	return l
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
// its type, without import paths, and, where it is an array in a slot, how many
// values it holds.
func (a *App) nodeText(n heap.Node) string {
	p := a.snap.Process
	if a.snap.Graph.IsRoot(n) {
		return p.Name(n)
	}
	text := report.ShortPaths(p.Type(n))
	if count := p.Count(n); count > 1 {
		text += fmt.Sprintf(" × %s", countText(count))
	}
	return text
}
