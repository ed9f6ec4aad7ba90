package tui

import (
	"context"
	"slices"

	"goheap/report"
)

// rootMode is what the rows of the roots are.
type rootMode int

const (
	rootsSingle rootMode = iota
	rootsByKind
	rootsByPackage
	rootModes
)

// rootsView lists the roots: each for itself, without the goroutines, which have
// a view of their own; or all of them by kind or by package.
type rootsView struct {
	*list
	mode       rootMode
	rows       []report.RootRow
	groups     []report.RootGroup
	goroutines int
}

func newRoots(a *App) view {
	v := &rootsView{}
	v.list = newList(a, "Roots", tabRoots, "roots")
	v.choose = func() loader {
		mode := v.mode
		return func(ctx context.Context) (loaded, error) { return v.loadRows(ctx, mode) }
	}
	v.list.head = func(w, h int) []string {
		if v.whole == nil || v.mode != rootsSingle {
			return nil
		}
		return []string{plural(uint64(v.goroutines), "goroutine") + " more: see Goroutines (5)", ""}
	}
	v.list.about = func(i int) subject {
		if v.mode == rootsSingle {
			return subject{node: v.rows[i].Node}
		}
		s := subject{node: v.groups[i].Roots[0]}
		if len(v.groups[i].Roots) > 1 {
			s.note = "the one of " + countText(uint64(len(v.groups[i].Roots))) + " that retains most"
		}
		return s
	}
	v.list.sets = func(i int) rowSet {
		if v.mode == rootsSingle {
			return a.setOf(v.rows[i].Node)
		}
		g := &v.groups[i]
		return setOfAll("roots of "+g.Name, g.Roots[0], g.Roots)
	}
	v.list.opens = func(i int) {
		if v.mode == rootsSingle {
			a.inspect(v.rows[i].Node)
			return
		}
		g := &v.groups[i]
		a.push(newNodes(a, setOfAll("roots of "+g.Name, g.Roots[0], g.Roots)))
	}
	v.list.own = []Action{{Keys: []Key{char('u')}, Label: "group", Priority: 3,
		Help: "Show each root for itself, all of a kind as one row, or all of a package.",
		Do: func() {
			v.mode = (v.mode + 1) % rootModes
			v.reload()
		}}}
	return v
}

func (v *rootsView) name() string {
	return [rootModes]string{"Roots", "Roots by kind", "Roots by package"}[v.mode]
}

// places are the names of the modes in locations.
func (rootMode) places() []string { return []string{"roots", "rootkinds", "rootpackages"} }

func (v *rootsView) where() (string, string) { return v.mode.places()[v.mode], "" }

// become implements modal.
func (v *rootsView) become(place string) {
	v.mode = rootMode(slices.Index(v.mode.places(), place))
}

func (v *rootsView) loadRows(ctx context.Context, mode rootMode) (l loaded, err error) {
	s := v.app.snap
	if mode == rootsSingle {
		goroutines, err := s.Goroutines(ctx)
		if err != nil {
			return l, err
		}
		rows, err := s.Roots(ctx)
		if err != nil {
			return l, err
		}
		l.then = func() { v.goroutines, v.rows = len(goroutines), rows }
		l.table, err = report.OwnRootTable(ctx, s)
		return l, err
	}
	byPackage := mode == rootsByPackage
	groups, err := s.RootGroups(ctx, byPackage)
	if err != nil {
		return l, err
	}
	l.then = func() { v.groups = groups }
	l.table, err = report.RootGroupTable(ctx, s, byPackage)
	return l, err
}
