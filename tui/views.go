package tui

import (
	"goheap/heap"
	"goheap/report"
)

// viewKind is a row of the table of views: what the tabs, the keys, the help and
// locations know of them comes from there.
type viewKind struct {
	title, short string            // of a numbered view, in the tabs
	help         string            // likewise, for its key
	keys         []Key             // likewise, beside the digit
	make         func(a *App) view // a numbered view, or one that is only asked for its actions
	own          string            // what the help calls the view above its own keys; "" if it has none
	places       []placeKind       // how locations call it
}

// placeKind is a name that locations begin with.
type placeKind struct {
	name string
	of   bool // what it is of follows after a colon
	show func(a *App, p place)
}

// viewKinds is the table of views: the numbered ones first, in the order of tab.
func viewKinds() []viewKind {
	inspectorAt := func(at page) func(a *App) view {
		return func(a *App) view { return newInspectorAt(a, heap.None, at) }
	}
	inspect := func(at page) func(a *App, p place) {
		return func(a *App, p place) {
			a.findPlace(p.of, func(n heap.Node) { a.inspectAt(n, at) }, func() { a.restore(p) })
		}
	}
	return []viewKind{
		tabOverview: {
			title: "Overview", short: "Over", make: newOverview, own: "the overview",
			help:   "Show what is suspect and who holds the memory, as the first lines of a report do.",
			places: []placeKind{{"overview", false, numbered(tabOverview)}},
		},
		tabDominators: {
			title: "Dominators", short: "Dom", make: newDominators, own: "the dominator tree",
			help:   "Show the dominator tree: below each row what it alone keeps alive.",
			places: []placeKind{{"dominators", false, showDominators}},
		},
		tabTypes: {
			title: "Types", short: "Types", make: newTypes, own: "types",
			help: "List the types of the live objects.",
			places: []placeKind{
				{"types", false, numbered(tabTypes)}, {"packages", false, numbered(tabTypes)},
				{"package", true, func(a *App, p place) { a.pushAt(newTypesOf(a, p.of), p) }},
				{"instances", true, func(a *App, p place) {
					showTypes(a, p.of, func(row report.TypeRow) { a.pushAt(newInstances(a, row.IDs, row.Name), p) })
				}},
			},
		},
		tabRoots: {
			title: "Roots", short: "Roots", make: newRoots, own: "roots",
			help:   "List the roots, from which the garbage collector starts.",
			places: []placeKind{{"roots", false, numbered(tabRoots)}, {"rootkinds", false, numbered(tabRoots)}, {"rootpackages", false, numbered(tabRoots)}},
		},
		tabGoroutines: {
			title: "Goroutines", short: "Gor", make: newGoroutines, own: "goroutines",
			help: "List the goroutines, those with the same stack as one.",
			places: []placeKind{
				{"goroutines", false, numbered(tabGoroutines)}, {"creators", false, numbered(tabGoroutines)}, {"allgoroutines", false, numbered(tabGoroutines)},
				{"frames", true, func(a *App, p place) { a.findPlace(p.of, a.inspect, func() { a.restore(p) }) }},
			},
		},
		tabSuspects: {
			title: "Suspects", short: "Susp", make: newSuspects, own: "suspects",
			help:   "Show what holds so much that it probably should not.",
			places: []placeKind{{"suspects", false, numbered(tabSuspects)}},
		},
		tabSearch: {
			title: "Search", short: "Find", make: newSearch,
			help: "Show what the last question found; = and F ask.",
			places: []placeKind{
				{"search", false, numbered(tabSearch)},
				{"query", true, func(a *App, p place) { a.query(p.of); a.restore(p) }},
				{"find", true, func(a *App, p place) { a.findText(p.of); a.restore(p) }},
			},
		},
		tabMap: {
			title: "Map", short: "Map", make: newMap, own: "the map",
			help:   "Show the dominator tree as areas: the larger, the more it retains.",
			places: []placeKind{{"map", false, showMap}},
		},
		tabProblems: {
			title: "Problems", short: "Prob", make: newProblems, keys: []Key{char('p')},
			help:   "List what could not be read, and the checks against the runtime's own word.",
			places: []placeKind{{"problems", false, numbered(tabProblems)}},
		},
		{
			make: func(a *App) view { return newPath(a, subject{}) }, own: "the chain that keeps a row alive",
			places: []placeKind{{"path", true, func(a *App, p place) {
				a.findNode(p.of, func(n heap.Node) { a.pushAt(newPath(a, subject{node: n}), p) })
			}}},
		},
		{make: func(a *App) view { return newMerged(a, rowSet{}) }, own: "merged paths"},
		{make: inspectorAt(pageFields), own: "an object's fields", places: []placeKind{{"object", true, inspect(pageFields)}}},
		{
			make: inspectorAt(pageReferrers), own: "an object's referrers and references",
			places: []placeKind{{"referrers", true, inspect(pageReferrers)}, {"references", true, inspect(pageReferences)}},
		},
		{make: inspectorAt(pageHex), own: "an object's bytes", places: []placeKind{{"hex", true, inspect(pageHex)}}},
		{places: []placeKind{{"unused", true, inspect(pageWaste)}}},
		{places: []placeKind{{"memory", false, func(a *App, p place) { a.pushAt(newMemory(a), p) }}}},
		{places: []placeKind{{"waste", false, func(a *App, p place) { a.pushAt(newWaste(a), p) }}}},
		{places: []placeKind{{"later", false, func(a *App, p place) { a.pushAt(newLater(a), p) }}}},
		{
			make: newSites, own: "allocating lines",
			places: []placeKind{{"sites", false, showSites}, {"heldsites", false, showSites}},
		},
		{
			make: newBookmarks, own: "bookmarks",
			places: []placeKind{{"bookmarks", false, func(a *App, p place) { a.pushAt(newBookmarks(a), p) }}},
		},
		{places: []placeKind{{"help", false, func(a *App, p place) { a.pushAt(newHelp(a, a.top()), p) }}}},
	}
}

// placeKinds are the names of views in locations.
func placeKinds(views []viewKind) map[string]placeKind {
	kinds := map[string]placeKind{}
	for _, v := range views {
		for _, k := range v.places {
			kinds[k.name] = k
		}
	}
	return kinds
}

// numbered shows a numbered view as a place says, with the rows that it names.
func numbered(t tab) func(a *App, p place) {
	return func(a *App, p place) {
		a.open(t)
		m, ok := a.base[t].(modal)
		if !ok {
			a.restore(p)
			return
		}
		m.become(p.kind)
		l := listOf(m)
		l.needle, l.wanted = p.filter, p.wanted
		l.reload()
	}
}

func showSites(a *App, p place) {
	v := newSites(a).(*sitesView)
	v.become(p.kind)
	a.pushAt(v, p)
}

func showDominators(a *App, p place) {
	a.open(tabDominators)
	if p.wanted.at != "" {
		a.findNode(p.wanted.at, a.reveal)
	}
	if p.filter != "" {
		filterOf(a.top()).filter(p.filter)
	}
}

func showMap(a *App, p place) {
	a.open(tabMap)
	m := a.base[tabMap].(*treemap)
	if p.of != "" {
		a.findNode(p.of, func(n heap.Node) { m.zoomTo(n, p.wanted.row) })
		return
	}
	m.path = nil
	m.load(p.wanted.row - 1)
}

// pushAt opens a view as a place says.
func (a *App) pushAt(v view, p place) {
	a.push(v)
	a.restore(p)
}
