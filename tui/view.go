package tui

import (
	"context"

	"goheap/heap"
)

// view is something that fills the middle of the screen. All methods are called
// on the event loop.
type view interface {
	name() string // crumb
	tab() tab
	grid() *grid
	// facts are lines above the rows, at most h of them are shown.
	facts(w, h int) []string
	actions() []Action       // this view's own keys, in the order of the help; needs no heap
	subject() subject        // what the selected row is about
	set(place int) rowSet    // what the row at a place stands for
	where() (string, string) // what location calls the view, and what it is of
	status() string
	enter()             // the view has come on top
	open()              // the enter key
	filter(text string) // show the rows with the text only
	unfilter() bool     // end that; false if there was no filter
	sort(reverse bool)  // by the next column, or the other way round
	sortable() string   // why it cannot be sorted, "" if it can
	hasWhy() bool       // whether the why-alive pane stands beside it
	filterText() string
}

// subject is what a row is about.
type subject struct {
	node heap.Node // heap.None for nothing that can be alive
	// note is said with the chain: a row may stand for more than its node.
	note string
}

// rowSet is what a row stands for: a node, or several that it does not list.
type rowSet struct {
	key   string // tells sets apart; "" for a row that stands for nothing
	name  string // not clean
	node  heap.Node
	nodes func(ctx context.Context) ([]heap.Node, error) // nil: node alone
}

// all returns the nodes of the set.
func (s rowSet) all(ctx context.Context) ([]heap.Node, error) {
	if s.nodes == nil {
		return []heap.Node{s.node}, nil
	}
	return s.nodes(ctx)
}

// setOfAll is the set of several nodes under a name, which tells it apart.
func setOfAll(name string, node heap.Node, nodes []heap.Node) rowSet {
	return rowSet{"set " + name, name, node, func(context.Context) ([]heap.Node, error) { return nodes, nil }}
}

// tab is one of the numbered views.
type tab int

const (
	tabOverview tab = iota
	tabDominators
	tabTypes
	tabRoots
	tabGoroutines
	tabSuspects
	tabSearch
	tabMap
	tabProblems
	tabCount
)

// titles are the names of the numbered views, in full and short.
func (t tab) titles() (long, short string) {
	return [tabCount]string{"Overview", "Dominators", "Types", "Roots", "Goroutines", "Suspects", "Search", "Map", "Problems"}[t],
		[tabCount]string{"Over", "Dom", "Types", "Roots", "Gor", "Susp", "Find", "Map", "Prob"}[t]
}

// help says what a numbered view shows.
func (t tab) help() string {
	return [tabCount]string{
		"Show who holds the memory, and how the file is.",
		"Show the dominator tree: below each row what it alone keeps alive.",
		"List the types of the live objects.",
		"List the roots, from which the garbage collector starts.",
		"List the goroutines, those with the same stack as one.",
		"Show what holds so much that it probably should not.",
		"Show what the last question found; = and F ask.",
		"Show the dominator tree as areas: the larger, the more it retains.",
		"List what could not be read, and the checks against the runtime's own word.",
	}[t]
}

func (a *App) newBase(t tab) view {
	switch t {
	case tabOverview:
		return newOverview(a)
	case tabDominators:
		return newDominators(a)
	case tabTypes:
		return newTypes(a)
	case tabRoots:
		return newRoots(a)
	case tabGoroutines:
		return newGoroutines(a)
	case tabSuspects:
		return newSuspects(a)
	case tabSearch:
		return newSearch(a)
	case tabMap:
		return newMap(a)
	default:
		return newProblems(a)
	}
}
