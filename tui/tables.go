package tui

import (
	"fmt"

	"goheap/heap"
	"goheap/report"
)

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
