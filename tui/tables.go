package tui

import (
	"fmt"

	"goheap/heap"
	"goheap/report"
)

// nodeTable lists live objects and roots. Where other is a node, a column says
// by which expression a row points to it (or it to the row, if fromOther).
func (w *words) nodeTable(nodes []heap.Node, other heap.Node, fromOther bool) *report.Table {
	s := w.snap
	columns := []report.Column{
		{Name: "retained_bytes", Title: "Retained", Kind: report.Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) report.Cell { return report.Cell{Num: s.Dominators.Retained(nodes[row])} }},
		{Name: "share", Title: "Share", Kind: report.Percent, MinWidth: 7, Right: true,
			Cell: func(row int) report.Cell { return report.Cell{Num: s.Share(s.Dominators.Retained(nodes[row]))} }},
		{Name: "shallow_bytes", Title: "Shallow", Kind: report.Bytes, Priority: 2, MinWidth: 9, Right: true,
			Cell: func(row int) report.Cell { return report.Cell{Num: s.Graph.Size(nodes[row])} }},
		{Name: "address", Title: "Address", Kind: report.Addr, MinWidth: 14,
			Cell: func(row int) report.Cell { return addrCell(s.Heap.ValueAddr(nodes[row])) }},
		{Name: "name", Title: "Object", MinWidth: 16,
			Cell: func(row int) report.Cell { return report.Cell{Text: w.nodeText(nodes[row])} }},
	}
	if other != heap.None {
		columns = append(columns, report.Column{Name: "via", Title: "Through", Priority: 1, MinWidth: 14, Cell: func(row int) report.Cell {
			from, to := nodes[row], other
			if fromOther {
				from, to = to, from
			}
			expr, _, ok := s.Heap.Edge(from, to)
			if _, more := s.Heap.Holdings(from, to, 0); more > 0 {
				expr += fmt.Sprintf(" and %d more", more) // of its words: show and why name them
			}
			return report.Cell{Text: expr, Unknown: !ok}
		}})
	}
	return report.NewTable(len(nodes), func(row int) heap.Node { return nodes[row] }, columns...)
}

// textCell is a cell of a text that is unknown when empty.
func textCell(s string) report.Cell { return report.Cell{Text: s, Unknown: s == ""} }

// addrCell is a cell of an address that is unknown when 0.
func addrCell(a uint64) report.Cell { return report.Cell{Num: a, Unknown: a == 0} }
