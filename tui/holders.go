package tui

import (
	"slices"

	"goheap/report"
)

// aboutHolder is what a row of holders is about: its node, or of several the one
// that retains most.
func aboutHolder(h *report.Holder) subject {
	s := subject{node: h.Node}
	if !h.Single() {
		s.note = "the one of " + countText(h.Count) + " that retains most"
	}
	return s
}

// shortTypes returns a table whose types are named without import paths: a screen
// has no room for them.
func shortTypes(t *report.Table) *report.Table {
	columns, col := slices.Clone(t.Columns), t.Column("type")
	whole := columns[col].Cell
	columns[col].Cell = func(row int) report.Cell {
		cell := whole(row)
		cell.Text = report.ShortPaths(cell.Text)
		return cell
	}
	return report.NewTable(t.Len(), t.Node, columns...)
}
