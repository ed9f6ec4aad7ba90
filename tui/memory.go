package tui

import (
	"context"
	"strings"

	"goheap/heap"
	"goheap/report"
)

// newMemory lists what the memory of the process consists of, outside the heap too, with
// the sentence that says why it is as large as it is. What the kernel said of the process
// is read where it was kept beside the file, as the verb memory does.
func newMemory(a *App) view {
	l := newStated(a, "Memory", tabOverview, "memory", 6)
	l.pane = false
	l.empty = "the file does not say where memory is beside the objects"
	l.load = func(ctx context.Context) (loaded, error) {
		kept, err := report.ReadResidency(a.snap.Process.Source().Path)
		if err != nil {
			return loaded{}, err
		}
		m, err := report.NewMemory(ctx, a.snap, kept)
		if err != nil {
			return loaded{}, err
		}
		return loaded{memoryTable(m), func() { l.sentence = a.clean(m.Sentence()) }}, nil
	}
	l.sets = func(int) rowSet { return rowSet{node: heap.None} }
	l.opens = func(int) { a.flash("a row is a sum; 2 to 5 show what is in the heap and on stacks") }
	return l
}

// memoryTable is the table of the verb with the parts of a part below it, indented, and
// with the share of each.
func memoryTable(m *report.Memory) *report.Table {
	t := report.MemoryTable(m)
	column := func(name, title string, width, priority int) report.Column {
		c := t.Columns[t.Column(name)]
		c.Title, c.MinWidth, c.Priority = title, width, priority
		return c
	}
	key, bytes := column("part", "Part", 0, 0).Cell, column("bytes", "Bytes", 10, 0)
	name := column("name", "Part", 42, 0)
	plain := name.Cell
	name.Cell = func(row int) report.Cell {
		c := plain(row)
		c.Text = strings.Repeat("  ", strings.Count(key(row).Text, ".")) + c.Text
		return c
	}
	share := report.Column{Name: "share", Title: "Share", Kind: report.Percent, MinWidth: 7, Right: true,
		Cell: func(row int) report.Cell {
			whole := m.Total()
			return report.Cell{Num: uint64(float64(bytes.Cell(row).Num) / float64(max(whole, 1)) * 1e6), Unknown: whole == 0}
		}}
	columns := []report.Column{name, bytes, share, column("count", "Count", 8, 2)}
	for _, measure := range []report.Column{column("content", "Content", 10, 1), column("resident", "Resident", 10, 1)} {
		for row := range t.Len() {
			if !measure.Cell(row).Unknown {
				columns = append(columns, measure)
				break
			}
		}
	}
	return report.NewTable(t.Len(), nil, columns...)
}
