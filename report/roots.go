package report

import (
	"cmp"
	"context"
	"slices"

	"goheap/gocore"
	"goheap/heap"
)

// RootRow is a root with what it retains by itself.
type RootRow struct {
	gocore.Root
	Objects  uint64
	Retained uint64 // bytes
}

// Roots returns all roots, those that retain most first, then by kind, name and
// address. The slice belongs to the Snapshot.
func (s *Snapshot) Roots(ctx context.Context) ([]RootRow, error) {
	return s.roots.get(func() ([]RootRow, error) {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		rows := []RootRow{}
		for _, r := range s.Heap.Roots() {
			rows = append(rows, RootRow{r, s.Dominators.Objects(r.Node), s.Dominators.Retained(r.Node)})
		}
		slices.SortStableFunc(rows, func(a, b RootRow) int {
			return cmp.Or(cmp.Compare(b.Retained, a.Retained), cmp.Compare(a.Kind.String(), b.Kind.String()),
				cmp.Compare(a.Name, b.Name), cmp.Compare(a.Addr, b.Addr))
		})
		return rows, nil
	})
}

// OwnRootTable is RootTable without the goroutines, which have a table of their own.
func OwnRootTable(ctx context.Context, s *Snapshot) (*Table, error) {
	t, err := RootTable(ctx, s)
	if err != nil {
		return nil, err
	}
	kind := t.Column("kind")
	return t.Filtered(ctx, func(i int) bool { return t.Cell(i, kind).Text != gocore.GoroutineRoot.String() })
}

// RootTable is Roots as a table; its rows are those of Roots.
func RootTable(ctx context.Context, s *Snapshot) (*Table, error) {
	rows, err := s.Roots(ctx)
	if err != nil {
		return nil, err
	}
	columns := []Column{
		{Name: "retained_bytes", Title: "Retained", Kind: Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Retained} }},
		{Name: "share", Title: "Share", Kind: Percent, Priority: 1, MinWidth: 7, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Share(rows[row].Retained)} }},
		{Name: "objects", Title: "Objects", Kind: Count, Priority: 2, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Objects} }},
		{Name: "kind", Title: "Kind", Priority: 1, MinWidth: 9,
			Cell: func(row int) Cell { return Cell{Text: rows[row].Kind.String()} }},
		{Name: "name", Title: "Root", MinWidth: 20,
			Cell: func(row int) Cell { return Cell{Text: rows[row].Name} }},
		{Name: "type", Title: "Type", Priority: 2, MinWidth: 12,
			Cell: func(row int) Cell { return textCell(rows[row].Type) }},
		{Name: "address", Title: "Address", Kind: Addr, Priority: 3, MinWidth: 12,
			Cell: func(row int) Cell { return addrCell(rows[row].Addr) }},
		{Name: "size", Title: "Size", Kind: Bytes, Priority: 4, MinWidth: 7, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Size} }},
	}
	if stripped(s) {
		columns = append(columns, Column{Name: "use", Title: "Use", Priority: 1, MinWidth: 20,
			Cell: func(row int) Cell {
				words := s.Heap.UsedBy(rows[row].Node).Words
				return textCell(words)
			}})
	}
	return NewTable(len(rows), func(row int) heap.Node { return rows[row].Node }, columns...), nil
}
