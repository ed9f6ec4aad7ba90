package tui

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"goheap/internal/progress"
	"goheap/report"
)

// export writes the rows of the view to a new file: CSV, or JSON where its name
// says so.
func (a *App) export(name string) {
	rows := exported(a.top())
	write := report.WriteCSV
	if strings.HasSuffix(strings.ToLower(name), ".json") {
		write = report.WriteRows
	}
	a.start(slotAsk, "writing "+a.clean(name), func(ctx context.Context) (func(), error) {
		t := rows()
		p := progress.Start(ctx, "write", int64(t.Len()))
		defer p.Finish()
		if err := writeFile(ctx, name, func(w io.Writer) error { return write(w, counted(ctx, t, p)) }); err != nil {
			return nil, err
		}
		return func() { a.flash("wrote " + plural(uint64(t.Len()), "row") + " to " + name) }, nil
	})
}

// exported is the rows of a view as a table: what they are made of where that is
// a table, else their texts. What it returns is called off the event loop.
func exported(v view) func() *report.Table {
	if t, ok := v.(tabled); ok {
		if table := t.asTable(); table != nil {
			return table
		}
	}
	g := v.grid()
	if r, ok := g.rows.(*tableRows); ok {
		return func() *report.Table { return r.table }
	}
	cols := g.rows.columns()
	texts := make([][]string, g.len())
	for row := range texts {
		for col := range cols {
			texts[row] = append(texts[row], strings.TrimSpace(cols[col].text(row)))
		}
	}
	columns := make([]report.Column, len(cols))
	for col, c := range cols {
		columns[col].Name = cmp.Or(c.Name, strings.ReplaceAll(strings.ToLower(c.Title), " ", "_"))
		columns[col].Cell = func(row int) report.Cell {
			text := texts[row][col]
			return report.Cell{Text: text, Unknown: text == "" || text == "-"}
		}
	}
	t := report.NewTable(len(texts), nil, columns...)
	return func() *report.Table { return t }
}

// counted is a table that tells a phase of its rows, and whose cells end when ctx
// does: writers know no context.
func counted(ctx context.Context, t *report.Table, p *progress.Phase) *report.Table {
	columns := slices.Clone(t.Columns)
	for col := range columns {
		columns[col].Cell = func(row int) report.Cell {
			if col == 0 {
				p.Add(1)
			}
			if ctx.Err() != nil {
				return report.Cell{Unknown: true}
			}
			return t.Cell(row, col)
		}
	}
	return report.NewTable(t.Len(), t.Node, columns...)
}

// writeFile makes a file, which must not exist, and leaves none behind where it
// fails.
func writeFile(ctx context.Context, name string, write func(w io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists: name another file", name)
	}
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	err = errors.Join(write(w), w.Flush(), f.Close(), ctx.Err())
	if err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}
