package report

import (
	"cmp"
	"context"
	"slices"

	"goheap/heap"
	"goheap/internal/flat"
)

// TypeRow sums the live objects of one type.
type TypeRow struct {
	ID       heap.TypeID
	Name     string
	Package  string // "" for types without one
	Known    bool   // false: Name describes an unknown type
	Objects  uint64
	Shallow  uint64 // bytes
	Retained uint64 // bytes that die with all of them, at least
}

// Types returns the types of the live objects, those that retain most first,
// then by name. The slice belongs to the Snapshot.
func (s *Snapshot) Types(ctx context.Context) ([]TypeRow, error) {
	return s.types.get(func() ([]TypeRow, error) {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		dense, original := compact(s.Process.TypeIDs())
		defer flat.Free(dense)
		rows := []TypeRow{}
		for i, total := range s.Dominators.RetainedByType(dense, len(original)) {
			if total.Objects == 0 || i == 0 {
				continue
			}
			id := original[i]
			t := s.Process.TypeInfo(id)
			rows = append(rows, TypeRow{id, t.Name, t.Package, t.Known, total.Objects, total.Shallow, total.RetainedMin})
		}
		slices.SortStableFunc(rows, func(a, b TypeRow) int {
			return cmp.Or(cmp.Compare(b.Retained, a.Retained), cmp.Compare(a.Name, b.Name),
				cmp.Compare(a.Package, b.Package), cmp.Compare(b.Shallow, a.Shallow), cmp.Compare(b.Objects, a.Objects))
		})
		return rows, nil
	})
}

// TypeTable is Types as a table; its rows are those of Types.
func (s *Snapshot) TypeTable(ctx context.Context) (*Table, error) {
	rows, err := s.Types(ctx)
	if err != nil {
		return nil, err
	}
	columns := []Column{
		{Name: "retained_bytes_min", Title: "Retained", Kind: Bytes, MinWidth: 10, Right: true, AtLeast: true},
		{Name: "share", Title: "Share", Kind: Percent, Priority: 1, MinWidth: 7, Right: true},
		{Name: "shallow_bytes", Title: "Shallow", Kind: Bytes, Priority: 1, MinWidth: 9, Right: true},
		{Name: "objects", Title: "Objects", Kind: Count, MinWidth: 9, Right: true},
		{Name: "type", Title: "Type", MinWidth: 20},
		{Name: "package", Title: "Package", Priority: 2, MinWidth: 8},
	}
	return NewTable(columns, len(rows), func(row, col int) Cell {
		switch r := rows[row]; col {
		case 0:
			return Cell{Num: r.Retained}
		case 1:
			return Cell{Num: s.Share(r.Retained)}
		case 2:
			return Cell{Num: r.Shallow}
		case 3:
			return Cell{Num: r.Objects}
		case 4:
			return Cell{Text: r.Name}
		default:
			return textCell(r.Package)
		}
	}, nil), nil
}

// Instances returns the live objects of a type, those that retain most first,
// then the lower address.
func (s *Snapshot) Instances(ctx context.Context, id heap.TypeID) ([]heap.Node, error) {
	nodes := []heap.Node{}
	for n, have := range s.Process.TypeIDs() {
		if n%pace == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if have == id && s.Dominators.Live(heap.Node(n)) {
			nodes = append(nodes, heap.Node(n))
		}
	}
	return nodes, s.byRetained(ctx, nodes)
}

func (s *Snapshot) byRetained(ctx context.Context, nodes []heap.Node) error {
	return sortContext(ctx, nodes, func(a, b heap.Node) int {
		return cmp.Or(cmp.Compare(s.Dominators.Retained(b), s.Dominators.Retained(a)), cmp.Compare(a, b))
	})
}

// NodeTable is a table of live objects and roots, in the order of nodes, which
// it keeps.
func (s *Snapshot) NodeTable(nodes []heap.Node) *Table {
	columns := []Column{
		{Name: "address", Title: "Address", Kind: Addr, MinWidth: 12},
		{Name: "type", Title: "Type", MinWidth: 16},
		{Name: "shallow_bytes", Title: "Shallow", Kind: Bytes, Priority: 1, MinWidth: 9, Right: true},
		{Name: "retained_bytes", Title: "Retained", Kind: Bytes, MinWidth: 9, Right: true},
		{Name: "share", Title: "Share", Kind: Percent, Priority: 1, MinWidth: 7, Right: true},
	}
	return NewTable(columns, len(nodes), func(row, col int) Cell {
		switch n := nodes[row]; col {
		case 0:
			return addrCell(s.Process.Addr(n))
		case 1:
			if s.Graph.IsRoot(n) {
				return Cell{Text: s.Process.Name(n)}
			}
			return textCell(s.Process.Type(n))
		case 2:
			return Cell{Num: s.Graph.Size(n)}
		case 3:
			return Cell{Num: s.Dominators.Retained(n)}
		default:
			return Cell{Num: s.Share(s.Dominators.Retained(n))}
		}
	}, func(row int) heap.Node { return nodes[row] })
}
