package tui

import (
	"context"

	"github.com/gdamore/tcell/v2"

	"goheap/heap"
	"goheap/report"
)

// view is something that fills the middle of the screen. All methods are called
// on the event loop. What only some views can stands in interfaces of its own below.
type view interface {
	name() string // crumb
	tab() tab
	where() (string, string) // what location calls the view, and what it is of
	grid() *grid
	// facts are lines above the rows, at most h of them are shown.
	facts(w, h int) []string
	status() string
	hasWhy() bool         // whether the why-alive pane stands beside it
	actions() []Action    // this view's own keys, in the order of the help; needs no heap
	subject() subject     // what the selected row is about
	set(place int) rowSet // what the row at a place stands for
	enter()               // the view has come on top
	open()                // the enter key
}

// fixed is the part of a view that is nothing but its rows.
type fixed struct{ body grid }

func (f *fixed) grid() *grid             { return &f.body }
func (f *fixed) where() (string, string) { return "", "" }
func (f *fixed) set(int) rowSet          { return rowSet{node: heap.None} }
func (f *fixed) actions() []Action       { return nil }
func (f *fixed) hasWhy() bool            { return false }
func (f *fixed) enter()                  {}
func (f *fixed) subject() subject        { return subject{node: heap.None} }
func (f *fixed) facts(int, int) []string { return nil }

// filtered is a view that can leave rows out.
type filtered interface {
	filterable() string // why it cannot now, "" if it can
	filter(text string) // show the rows with the text only
	unfilter() bool     // end that; false if there was no filter
	filterText() string
}

// filterOf is how a view leaves rows out, which it may not do.
func filterOf(v view) filtered {
	if f, ok := v.(filtered); ok {
		return f
	}
	return unfiltered{}
}

type unfiltered struct{}

func (unfiltered) filterable() string { return "the rows of this view belong together" }
func (unfiltered) filter(string)      {}
func (unfiltered) unfilter() bool     { return false }
func (unfiltered) filterText() string { return "" }

// sorted is a view whose rows can be ordered.
type sorted interface {
	sortable() string  // why they cannot now, "" if they can
	sort(reverse bool) // by the next column, or the other way round
}

// sortOf is how a view orders its rows, which it may not do.
func sortOf(v view) sorted {
	if s, ok := v.(sorted); ok {
		return s
	}
	return unsorted{}
}

type unsorted struct{}

func (unsorted) sortable() string { return "the order of these rows has a meaning" }
func (unsorted) sort(bool)        {}

// planar is a view that draws its rows as areas.
type planar interface {
	paint(screen tcell.Screen, r rect)
	at(x, y int) int // the row at a place on the screen, -1 for none
	step(dx, dy int) // select the nearest row in a direction
	zoomOut() bool   // what esc does first; false at the outermost
}

// tall is a view that has no room for the why-alive pane on a low screen.
type tall interface {
	whyFrom() int // the height from which there is room
}

// modal is a view that shows one of several kinds of rows, each a place of its own.
type modal interface {
	view
	become(place string)
}

// pinned is a view whose why-alive pane does not follow the selected row.
type pinned interface{ pinned() subject }

// listed is a view that consists of a list, or shows one now; nil: it does not.
type listed interface{ asList() *list }

// tabled is a view that makes a table of its rows for files. What it returns is
// called off the event loop; nil: the texts on the screen are the table.
type tabled interface{ asTable() func() *report.Table }

// anchored is a view whose rows a location tells by what they are about, and not by
// their places.
type anchored interface{ anchor() heap.Node }

// rawHops is a view that shows hops, which may have become others. Selected is the
// node of the row that was selected.
type rawHops interface{ turned(selected heap.Node) }

// offsets is a view that takes some of what is typed after a colon for a place in
// itself; false: not this.
type offsets interface{ toOffset(text string) bool }

// marking is a view that shows what is marked.
type marking interface{ remarked() }

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
