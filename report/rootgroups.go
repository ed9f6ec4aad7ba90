package report

import (
	"cmp"
	"context"
	"slices"

	"goheap/heap"
)

// RootGroup is the roots of one kind, or the global variables of one package.
type RootGroup struct {
	Name     string
	Roots    []heap.Node // those that retain most first
	Objects  uint64      // that die with all of them
	Retained uint64      // bytes that die with all of them: exact
}

// RootGroups returns the roots by kind, or by package, where a root without one
// is of its kind. The groups that retain most stand first, then by name.
func (s *Snapshot) RootGroups(ctx context.Context, byPackage bool) ([]RootGroup, error) {
	memo := &s.rootKinds
	if byPackage {
		memo = &s.rootPackages
	}
	return memo.get(func() ([]RootGroup, error) {
		rows, err := s.Roots(ctx)
		if err != nil {
			return nil, err
		}
		groups := []RootGroup{}
		place := map[string]int{}
		classes := make([]uint32, s.Graph.Roots)
		for _, r := range rows {
			name := r.Kind.String()
			if byPackage && r.Package != "" {
				name = r.Package
			}
			at, seen := place[name]
			if !seen {
				at = len(groups)
				place[name] = at
				groups = append(groups, RootGroup{Name: name})
			}
			groups[at].Roots = append(groups[at].Roots, r.Node)
			classes[r.Node-1] = uint32(at)
		}
		totals, err := s.Dominators.RetainedByClass(s.within(ctx), classes, max(len(groups), 1))
		if err != nil {
			return nil, err
		}
		for i := range groups {
			groups[i].Objects, groups[i].Retained = totals[i].Objects, totals[i].Bytes
		}
		slices.SortFunc(groups, func(a, b RootGroup) int {
			return cmp.Or(cmp.Compare(b.Retained, a.Retained), cmp.Compare(a.Name, b.Name))
		})
		return groups, nil
	})
}

// RootGroupTable is RootGroups as a table; it has the same rows.
func RootGroupTable(ctx context.Context, s *Snapshot, byPackage bool) (*Table, error) {
	rows, err := s.RootGroups(ctx, byPackage)
	if err != nil {
		return nil, err
	}
	name, title := "kind", "Kind"
	if byPackage {
		name, title = "package", "Package, or kind"
	}
	return NewTable(len(rows), func(row int) heap.Node { return rows[row].Roots[0] },
		Column{Name: "retained_bytes", Title: "Retained", Kind: Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Retained} }},
		Column{Name: "share", Title: "Share", Kind: Percent, Priority: 1, MinWidth: 7, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Share(rows[row].Retained)} }},
		Column{Name: "objects", Title: "Objects", Kind: Count, Priority: 1, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Objects} }},
		Column{Name: "roots", Title: "Roots", Kind: Count, MinWidth: 7, Right: true,
			Cell: func(row int) Cell { return Cell{Num: uint64(len(rows[row].Roots))} }},
		Column{Name: name, Title: title, MinWidth: 20,
			Cell: func(row int) Cell { return Cell{Text: rows[row].Name} }},
	), nil
}
