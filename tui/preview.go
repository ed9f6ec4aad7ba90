package tui

import (
	"strings"

	"goheap/heap"
	"goheap/report"
)

const (
	previewParts = 6  // fields or elements of a value
	previewCells = 32 // of the text of one of them
)

// preview is the value of an object in a line: its text, or the first of its parts.
func (w *words) preview(n heap.Node) string {
	v, ok := w.snap.Heap.Value(n)
	if !ok || !v.InPlace || v.Children == 0 {
		return v.Text
	}
	var parts []string
	for _, c := range w.snap.Heap.Children(v, 0, previewParts) {
		text := cut(c.Text, previewCells, "…")
		if !strings.HasPrefix(c.Name, "[") {
			text = c.Name + ": " + text
		}
		parts = append(parts, text)
	}
	if v.Children > len(parts) {
		parts = append(parts, "…")
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// previewColumn shows the values of nodes.
func (w *words) previewColumn(nodes []heap.Node) report.Column {
	return report.Column{Name: "value", Title: "Value", MinWidth: 24,
		Cell: func(row int) report.Cell { return textCell(w.preview(nodes[row])) }}
}
