package report

import (
	"cmp"
	"context"
	"slices"

	"goheap/heap"
	"goheap/internal/flat"
)

// groupings keeps rows that are grouped in other ways than by themselves.
type groupings struct {
	packages                memo[[]PackageRow]
	rootKinds, rootPackages memo[[]RootGroup]
	labelled                memo[[]StackGroup] // goroutines by label
}

// PackageRow sums the live objects whose types count to one package.
type PackageRow struct {
	Name     string        // "" for types without one, such as []uint8
	IDs      []heap.TypeID // its types
	Objects  uint64
	Shallow  uint64 // bytes
	Retained uint64 // bytes that die with all of them, at least
}

// Packages returns the packages of the types of the live objects, those that
// retain most first, then by name. The slice belongs to the Snapshot.
func (s *Snapshot) Packages(ctx context.Context) ([]PackageRow, error) {
	return s.packages.get(func() ([]PackageRow, error) {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		dense, original := compact(s.Heap.TypeIDs())
		defer flat.Free(dense)
		groups := make([]PackageRow, 1) // without sums; 0 is no package
		place := make([]heap.TypeID, len(original))
		byName := map[string]heap.TypeID{}
		for i, id := range original[1:] {
			name := packageOf(s.Heap.TypeInfo(id))
			at, seen := byName[name]
			if !seen {
				at = heap.TypeID(len(groups))
				byName[name] = at
				groups = append(groups, PackageRow{Name: name})
			}
			groups[at].IDs = append(groups[at].IDs, id)
			place[i+1] = at
		}
		for n, t := range dense {
			dense[n] = place[t]
		}
		rows := []PackageRow{}
		for i, total := range s.Dominators.RetainedByType(dense, len(groups)) {
			if i == 0 || total.Objects == 0 {
				continue
			}
			row := groups[i]
			row.Objects, row.Shallow, row.Retained = total.Objects, total.Shallow, total.RetainedMin
			rows = append(rows, row)
		}
		slices.SortFunc(rows, func(a, b PackageRow) int {
			return cmp.Or(cmp.Compare(b.Retained, a.Retained), cmp.Compare(a.Name, b.Name))
		})
		return rows, nil
	})
}

// PackageTable is Packages as a table; it has the same rows.
func PackageTable(ctx context.Context, s *Snapshot) (*Table, error) {
	rows, err := s.Packages(ctx)
	if err != nil {
		return nil, err
	}
	return NewTable(len(rows), nil,
		Column{Name: "retained_bytes_min", Title: "Retained", Kind: Bytes, MinWidth: 10, Right: true, AtLeast: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Retained} }},
		Column{Name: "share", Title: "Share", Kind: Percent, Priority: 1, MinWidth: 7, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Share(rows[row].Retained)} }},
		Column{Name: "shallow_bytes", Title: "Shallow", Kind: Bytes, Priority: 1, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Shallow} }},
		Column{Name: "objects", Title: "Objects", Kind: Count, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Objects} }},
		Column{Name: "types", Title: "Types", Kind: Count, Priority: 2, MinWidth: 6, Right: true,
			Cell: func(row int) Cell { return Cell{Num: uint64(len(rows[row].IDs))} }},
		Column{Name: "package", Title: "Package", MinWidth: 20,
			Cell: func(row int) Cell { return Cell{Text: cmp.Or(rows[row].Name, "(no package)")} }},
	), nil
}
