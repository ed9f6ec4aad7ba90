package tui

import (
	"context"
	"slices"

	"goheap/heap"
	"goheap/report"
)

// typesView lists the types of the live objects, or their packages. A row is
// about the object of the type that retains most.
type typesView struct {
	*list
	packages bool // the rows are packages
	physical bool // the insides of maps are rows of their own
	types    []report.TypeRow
	groups   []report.PackageRow
	largest  map[heap.TypeID]heap.Node
}

func newTypes(a *App) view {
	v := &typesView{physical: a.physical}
	v.list = newList(a, "Types", tabTypes, "types")
	v.stale = func() bool { return v.physical != a.physical }
	v.choose = v.loader
	v.list.about = func(i int) subject { return v.aboutTypes(v.ids(i)) }
	v.list.sets = func(i int) rowSet {
		ids := v.ids(i)
		return rowSet{"types " + v.title(i), v.title(i), v.aboutTypes(ids).node, func(ctx context.Context) ([]heap.Node, error) {
			return a.snap.Instances(ctx, ids)
		}}
	}
	v.list.opens = func(i int) {
		if v.packages {
			a.push(newTypesOf(a, v.groups[i].Name))
		} else {
			a.push(newInstances(a, v.types[i].IDs, v.types[i].Name))
		}
	}
	v.list.own = []Action{{Keys: []Key{char('u')}, Label: "group", Priority: 3,
		Help: "Show each type for itself, or the types of a package as one row.",
		Do: func() {
			v.packages = !v.packages
			v.reload()
		}}}
	return v
}

func (v *typesView) name() string {
	if v.packages {
		return "Types by package"
	}
	return "Types"
}

func (v *typesView) where() (string, string) {
	if v.packages {
		return "packages", ""
	}
	return "types", ""
}

// become implements modal.
func (v *typesView) become(place string) { v.packages = place == "packages" }

// ids are the types of a row.
func (v *typesView) ids(i int) []heap.TypeID {
	if v.packages {
		return v.groups[i].IDs
	}
	return v.types[i].IDs
}

func (v *typesView) title(i int) string {
	if v.packages {
		return "package " + v.groups[i].Name
	}
	return v.types[i].Name
}

func (v *typesView) loader() loader {
	packages, physical, largest := v.packages, v.app.physical, v.largest
	return func(ctx context.Context) (loaded, error) { return v.loadRows(ctx, packages, physical, largest) }
}

func (v *typesView) loadRows(ctx context.Context, packages, physical bool, largest map[heap.TypeID]heap.Node) (l loaded, err error) {
	s := v.app.snap
	if largest == nil {
		if largest, err = largestByType(ctx, s); err != nil {
			return l, err
		}
	}
	var types []report.TypeRow
	var groups []report.PackageRow
	if packages {
		if groups, err = s.Packages(ctx); err != nil {
			return l, err
		}
		l.table, err = report.PackageTable(ctx, s)
	} else {
		of := s.FoldedTypes
		if physical {
			of = s.Types
		}
		if types, err = of(ctx); err != nil {
			return l, err
		}
		l.table, err = report.TypeTable(ctx, s, !physical)
	}
	l.then = func() { v.types, v.groups, v.largest, v.physical = types, groups, largest, physical }
	return l, err
}

// reveal selects a type.
func (v *typesView) reveal(id heap.TypeID) {
	v.needle, v.packages = "", false
	v.wanted = wanted{pick: func(row int) bool { return slices.Contains(v.types[row].IDs, id) }}
	v.reload()
}

// aboutTypes is the object of some types that retains most.
func (v *typesView) aboutTypes(ids []heap.TypeID) subject {
	d, s := v.app.snap.Dominators, subject{node: heap.None}
	for _, id := range ids {
		if n, ok := v.largest[id]; ok && (s.node == heap.None || d.Retained(n) > d.Retained(s.node)) {
			s.node = n
		}
	}
	if s.node != heap.None {
		s.note = "the largest of the row"
	}
	return s
}

// largestByType finds for each type its live object that retains most, the
// lowest of several. The numbers of types are far apart, so that they index a
// map; neighbours are mostly of one type, and ask it once.
func largestByType(ctx context.Context, s *report.Snapshot) (map[heap.TypeID]heap.Node, error) {
	const pace = 1 << 16
	type best struct {
		node     heap.Node
		retained uint64
	}
	byType := map[heap.TypeID]*best{}
	var of *best
	var last heap.TypeID // 0, the type of what is no object, has none
	for n, id := range s.Heap.TypeIDs() {
		if n%pace == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if id == 0 {
			continue
		}
		if id != last {
			if of, last = byType[id], id; of == nil {
				of = &best{node: heap.None}
				byType[id] = of
			}
		}
		if r := s.Dominators.Retained(heap.Node(n)); r > of.retained {
			*of = best{heap.Node(n), r}
		}
	}
	found := make(map[heap.TypeID]heap.Node, len(byType))
	for id, b := range byType {
		found[id] = b.node
	}
	return found, nil
}

// newTypesOf lists the types of one package.
func newTypesOf(a *App, pkg string) view {
	v := newTypes(a).(*typesView)
	v.crumb, v.of, v.kind = "package "+pkg, pkg, "package"
	v.list.in = a.top().tab()
	v.list.own = nil
	v.choose = func() loader {
		load, physical := v.loader(), a.physical
		return func(ctx context.Context) (loaded, error) {
			l, err := load(ctx)
			if err != nil {
				return l, err
			}
			packages, err := a.snap.Packages(ctx)
			if err != nil {
				return l, err
			}
			within := map[heap.TypeID]bool{}
			for _, p := range packages {
				for _, id := range p.IDs {
					within[id] = p.Name == pkg
				}
			}
			types := a.snap.FoldedTypes
			if physical {
				types = a.snap.Types
			}
			rows, err := types(ctx)
			if err != nil {
				return l, err
			}
			l.table, err = l.table.Filtered(ctx, func(i int) bool {
				return slices.ContainsFunc(rows[i].IDs, func(id heap.TypeID) bool { return within[id] })
			})
			return l, err
		}
	}
	return packageTypes{v}
}

// packageTypes is a typesView of one package.
type packageTypes struct{ *typesView }

func (v packageTypes) name() string            { return v.crumb }
func (v packageTypes) where() (string, string) { return v.kind, v.of }

// newInstances lists the objects of some types, those that retain most first.
func newInstances(a *App, ids []heap.TypeID, name string) view {
	l := newList(a, name, a.top().tab(), "instances")
	l.of = name
	l.load = func(ctx context.Context) (loaded, error) {
		nodes, err := a.snap.Instances(ctx, ids)
		if err != nil {
			return loaded{}, err
		}
		t := a.nodeTable(nodes, heap.None, false)
		t = report.NewTable(t.Len(), t.Node, append(t.Columns, a.previewColumn(nodes))...)
		return loaded{table: report.WithFields(t, ids)}, nil
	}
	l.body.keepStart = func(int) bool { return true } // values say most at their start
	return l
}
