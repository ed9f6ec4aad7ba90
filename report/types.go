package report

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"goheap/heap"
	"goheap/internal/flat"
)

// TypeRow sums the live objects of one type, or of what the maps of one type consist
// of.
type TypeRow struct {
	IDs      []heap.TypeID // one, or those of the insides of a type of map
	Name     string
	Package  string // "" for types without one
	Known    bool   // false: Name describes an unknown type
	Fits     bool   // it is not known, but no other type fits
	Objects  uint64
	Shallow  uint64 // bytes
	Retained uint64 // bytes that die with all of them, at least
}

// Types returns the types of the live objects, those that retain most first,
// then by name. The slice belongs to the Snapshot.
func (s *Snapshot) Types(ctx context.Context) ([]TypeRow, error) {
	return s.types.get(func() ([]TypeRow, error) { return typeRows(ctx, s, false) })
}

// FoldedTypes is Types with one row for what the maps of one type consist of behind
// their headers: "map[string]*main.Session (insides)".
func (s *Snapshot) FoldedTypes(ctx context.Context) ([]TypeRow, error) {
	return s.folded.get(func() ([]TypeRow, error) { return typeRows(ctx, s, true) })
}

func typeRows(ctx context.Context, s *Snapshot, folded bool) ([]TypeRow, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	dense, original := compact(s.Heap.TypeIDs())
	defer flat.Free(dense)
	groups := make([]TypeRow, 1, len(original)) // without sums; 0 is no type
	place := make([]heap.TypeID, len(original)) // in groups
	insides := map[string]heap.TypeID{}
	for i, id := range original[1:] {
		t := s.Heap.TypeInfo(id)
		row := TypeRow{Name: t.Name, Package: t.Package, Known: t.Known, Fits: t.Fits}
		at := heap.TypeID(len(groups))
		if of, ok := mapOfInside(t.Name); ok && folded && t.Known {
			if seen, ok := insides[of]; ok {
				at = seen
			}
			insides[of] = at
			row.Name, row.Package = of+" (insides)", ""
		}
		if int(at) == len(groups) {
			groups = append(groups, row)
		}
		groups[at].IDs = append(groups[at].IDs, id)
		place[i+1] = at
	}
	if len(groups) < len(original) {
		for n, t := range dense {
			dense[n] = place[t]
		}
	}
	rows := []TypeRow{}
	for i, total := range s.Dominators.RetainedByType(dense, len(groups)) {
		if total.Objects == 0 || i == 0 {
			continue
		}
		row := groups[i]
		row.Objects, row.Shallow, row.Retained = total.Objects, total.Shallow, total.RetainedMin
		rows = append(rows, row)
	}
	slices.SortStableFunc(rows, func(a, b TypeRow) int {
		return cmp.Or(cmp.Compare(b.Retained, a.Retained), cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.Package, b.Package), cmp.Compare(b.Shallow, a.Shallow), cmp.Compare(b.Objects, a.Objects))
	})
	return rows, nil
}

// mapOfInside returns the type of map that a type is a part of, by the names that
// the linker gives these parts, "table<K,V>" (Go 1.26, cmd/link/internal/ld/dwarf.go,
// synthesizemaptypes), and the compiler, "map.group[K]V" (Go 1.26,
// cmd/compile/internal/reflectdata/map.go, MapGroupType) and "map.bucket[K]V" (Go
// 1.23, reflect.go there, MapBucketType). No name that is written in Go begins so.
func mapOfInside(name string) (string, bool) {
	name = strings.TrimPrefix(unmarked(name), "[]")
	name = strings.TrimPrefix(name, "*")
	for _, prefix := range []string{"map.group[", "map.bucket["} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return "map[" + rest, true
		}
	}
	rest, ok := strings.CutPrefix(name, "table<")
	if !ok || !strings.HasSuffix(rest, ">") {
		return "", false
	}
	rest = rest[:len(rest)-1]
	depth := 0
	for i := range len(rest) {
		switch rest[i] {
		case '[', '(', '{':
			depth++
		case ']', ')', '}':
			depth--
		case ',':
			if depth == 0 {
				return "map[" + rest[:i] + "]" + rest[i+1:], true
			}
		}
	}
	return "", false
}

// TypeTable is Types as a table, FoldedTypes if folded is set; it has the same rows.
func TypeTable(ctx context.Context, s *Snapshot, folded bool) (*Table, error) {
	types := s.Types
	if folded {
		types = s.FoldedTypes
	}
	rows, err := types(ctx)
	if err != nil {
		return nil, err
	}
	return NewTable(len(rows), nil,
		Column{Name: "retained_bytes_min", Title: "Retained", Kind: Bytes, MinWidth: 10, Right: true, AtLeast: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Retained} }},
		Column{Name: "share", Title: "Share", Kind: Percent, Priority: 1, MinWidth: 7, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Share(rows[row].Retained)} }},
		Column{Name: "shallow_bytes", Title: "Shallow", Kind: Bytes, Priority: 2, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Shallow} }},
		Column{Name: "objects", Title: "Objects", Kind: Count, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Objects} }},
		Column{Name: "type", Title: "Type", MinWidth: 20,
			Cell: func(row int) Cell { return Cell{Text: rows[row].Name} }},
		Column{Name: "package", Title: "Package", Priority: 2, MinWidth: 8,
			Cell: func(row int) Cell { return textCell(rows[row].Package) }},
	), nil
}

// Instances returns the live objects of some types, those that retain most first,
// then the lower address.
func (s *Snapshot) Instances(ctx context.Context, ids []heap.TypeID) ([]heap.Node, error) {
	nodes, err := s.instances(ctx, ids)
	if err != nil {
		return nil, err
	}
	return nodes, s.byRetained(ctx, nodes)
}

// instances is Instances in the order of addresses.
func (s *Snapshot) instances(ctx context.Context, ids []heap.TypeID) ([]heap.Node, error) {
	wanted := map[heap.TypeID]bool{}
	for _, id := range ids {
		wanted[id] = true
	}
	nodes := []heap.Node{}
	var last heap.TypeID // neighbours are often of one type
	var want bool
	for n, have := range s.Heap.TypeIDs() {
		if n%pace == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if n == 0 || have != last {
			last, want = have, wanted[have]
		}
		if want && s.Dominators.Live(heap.Node(n)) {
			nodes = append(nodes, heap.Node(n))
		}
	}
	return nodes, nil
}

// byRetained sorts nodes, which must be ascending: those that retain most first,
// then the lower.
func (s *Snapshot) byRetained(ctx context.Context, nodes []heap.Node) error {
	keys := flat.Make[uint64](len(nodes))
	defer flat.Free(keys)
	for i, n := range nodes {
		if i%pace == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		keys[i] = ^s.Dominators.Retained(n)
	}
	return order(ctx, keys, nodes)
}

// NodeTable is a table of live objects and roots, in the order of nodes, which
// it keeps.
func NodeTable(s *Snapshot, nodes []heap.Node) *Table {
	return NewTable(len(nodes), func(row int) heap.Node { return nodes[row] },
		Column{Name: "address", Title: "Address", Kind: Addr, MinWidth: 14,
			Cell: func(row int) Cell { return addrCell(s.Heap.ValueAddr(nodes[row])) }},
		Column{Name: "type", Title: "Type", MinWidth: 16,
			Cell: func(row int) Cell {
				n := nodes[row]
				if s.Graph.IsRoot(n) {
					return Cell{Text: s.Heap.Name(n)}
				}
				return textCell(s.Heap.Type(n))
			}},
		Column{Name: "shallow_bytes", Title: "Shallow", Kind: Bytes, Priority: 1, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Graph.Size(nodes[row])} }},
		Column{Name: "retained_bytes", Title: "Retained", Kind: Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Dominators.Retained(nodes[row])} }},
		Column{Name: "share", Title: "Share", Kind: Percent, Priority: 1, MinWidth: 7, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Share(s.Dominators.Retained(nodes[row]))} }},
	)
}
