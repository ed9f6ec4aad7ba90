package tui

import (
	"net/url"
	"strconv"
	"strings"

	"goheap/heap"
	"goheap/report"
)

// A location says in one line what a screen shows, so that it can be kept and
// typed: the view, what it is of, the filter, the column that is sorted by
// (descending where a minus stands before it), and the selected row, by its place
// or, as at, by what it is about. The rows of a file are always the same.
//
//	types?filter=Block&sort=-objects&row=3
//	object:0xc000123000
//	dominators?at=main.srv

// location is where the person is, "" for a view that cannot be come back to.
func (a *App) location() string {
	v := a.top()
	kind, of := v.where()
	if kind == "" {
		return ""
	}
	text := kind
	if of != "" {
		text += ":" + of
	}
	query := url.Values{}
	if f := v.filterText(); f != "" {
		query.Set("filter", f)
	}
	g := v.grid()
	if l := listOf(v); l != nil && l.ordered {
		sort := l.whole.Columns[g.sorted].Name
		if g.descending {
			sort = "-" + sort
		}
		query.Set("sort", sort)
	}
	if d, ok := v.(*dominators); ok {
		if at := a.targetOf(d.subject().node); at != "" && g.selected > 0 {
			query.Set("at", at)
		}
	} else if g.selected > 0 {
		query.Set("row", strconv.Itoa(g.selected+1))
	}
	if len(query) > 0 {
		text += "?" + query.Encode()
	}
	return text
}

// listOf is the list that a view consists of or shows now, nil for none.
func listOf(v view) *list {
	switch v := v.(type) {
	case *list:
		return v
	case interface{ asList() *list }:
		return v.asList()
	}
	return nil
}

func (l *list) asList() *list { return l }

func (v *inspector) asList() *list { return v.list() }

// place is a location that was read.
type place struct {
	kind, of string
	filter   string
	wanted   wanted
}

// places are the names of views in locations, and whether they are of something.
func places() map[string]bool {
	return map[string]bool{
		"overview": false, "dominators": false, "types": false, "packages": false, "roots": false, "rootkinds": false,
		"rootpackages": false, "goroutines": false, "creators": false, "allgoroutines": false, "suspects": false, "search": false, "map": false,
		"problems": false, "bookmarks": false, "help": false,
		"object": true, "referrers": true, "references": true, "hex": true, "path": true, "frames": true, "instances": true, "package": true,
		"query": true, "find": true,
	}
}

// parsePlace reads a location; ok is false for a text that is none.
func parsePlace(text string) (p place, ok bool) {
	text, query, _ := strings.Cut(text, "?")
	p.kind, p.of, _ = strings.Cut(text, ":")
	needs, known := places()[p.kind]
	if !known || needs && p.of == "" {
		return place{}, false
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return place{}, false
	}
	p.filter, p.wanted.at = values.Get("filter"), values.Get("at")
	p.wanted.row, _ = strconv.Atoi(values.Get("row"))
	p.wanted.row = max(p.wanted.row, 0)
	p.wanted.column, p.wanted.descending = strings.CutPrefix(values.Get("sort"), "-")
	return p, true
}

// goTo shows the place, object, goroutine or type that a text names.
func (a *App) goTo(text string) {
	if v, ok := a.top().(*inspector); ok && v.at == pageHex && strings.HasPrefix(text, "+") {
		v.toOffset(text)
		return
	}
	p, ok := parsePlace(text)
	if !ok {
		a.find1(text, a.inspect)
		return
	}
	show := func(v view) { a.push(v); a.restore(p) }
	switch p.kind {
	case "overview":
		a.openAt(tabOverview, p)
	case "dominators":
		a.open(tabDominators)
		if p.wanted.at != "" {
			a.find1(p.wanted.at, a.reveal)
		}
		if p.filter != "" {
			a.top().filter(p.filter)
		}
	case "types", "packages":
		a.open(tabTypes)
		a.base[tabTypes].(*typesView).packages = p.kind == "packages"
		a.restoreAnew(p)
	case "roots", "rootkinds", "rootpackages":
		a.open(tabRoots)
		a.base[tabRoots].(*rootsView).mode = map[string]rootMode{"rootkinds": rootsByKind, "rootpackages": rootsByPackage}[p.kind]
		a.restoreAnew(p)
	case "goroutines", "creators", "allgoroutines":
		a.open(tabGoroutines)
		a.base[tabGoroutines].(*goroutinesView).mode = map[string]goroutineMode{"creators": byCreator, "allgoroutines": eachGoroutine}[p.kind]
		a.restoreAnew(p)
	case "suspects":
		a.openAt(tabSuspects, p)
	case "search":
		a.openAt(tabSearch, p)
	case "map":
		a.open(tabMap)
		m := a.base[tabMap].(*treemap)
		if p.of != "" {
			a.find1(p.of, func(n heap.Node) { m.zoomTo(n, p.wanted.row) })
		} else {
			m.path = nil
			m.load(p.wanted.row - 1)
		}
	case "problems":
		a.openAt(tabProblems, p)
	case "bookmarks":
		show(newBookmarks(a))
	case "help":
		show(newHelp(a, a.top()))
	case "package":
		show(newTypesOf(a, p.of))
	case "query":
		a.query(p.of)
		a.restore(p)
	case "find":
		a.findText(p.of)
		a.restore(p)
	case "instances":
		a.typesNamed(p.of, func(row report.TypeRow) { show(newInstances(a, row.IDs, row.Name)) })
	case "path":
		a.find1(p.of, func(n heap.Node) { show(newPath(a, subject{node: n})) })
	case "frames":
		a.find1(p.of, func(n heap.Node) { a.inspect(n); a.restore(p) })
	default:
		at := map[string]page{"referrers": pageReferrers, "references": pageReferences, "hex": pageHex}[p.kind]
		a.find1(p.of, func(n heap.Node) { a.inspectAt(n, at); a.restore(p) })
	}
}

// openAt shows a numbered view as a place says.
func (a *App) openAt(t tab, p place) {
	a.open(t)
	a.restore(p)
}

// restore filters, sorts and selects as a place says.
func (a *App) restore(p place) {
	if l := listOf(a.top()); l != nil {
		if p.filter != "" || p.wanted.at != "" || p.wanted.column != "" || p.wanted.row > 0 {
			l.restore(p.filter, p.wanted)
		}
		return
	}
	if p.filter != "" {
		a.top().filter(p.filter)
	}
	// Rows that come later find the selection where it is to be.
	if g := a.top().grid(); p.wanted.row > 0 {
		if g.selected = p.wanted.row - 1; g.len() > 0 {
			g.selectRow(g.selected)
		}
		a.moved()
	}
}

// restoreAnew does so for a list whose rows are others now.
func (a *App) restoreAnew(p place) {
	l := listOf(a.top())
	l.needle, l.wanted = p.filter, p.wanted
	l.reload()
}
