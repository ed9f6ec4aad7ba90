package tui

import (
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
	actions() []Action // this view's own keys, in the order of the help
	subject() subject  // what the selected row is about
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

// tab is one of the numbered views.
type tab int

const (
	tabOverview tab = iota
	tabDominators
	tabTypes
	tabRoots
	tabGoroutines
	tabCount
)

// titles are the names of the numbered views, in full and short.
func (t tab) titles() (long, short string) {
	switch t {
	case tabOverview:
		return "Overview", "Over"
	case tabDominators:
		return "Dominators", "Dom"
	case tabTypes:
		return "Types", "Types"
	case tabRoots:
		return "Roots", "Roots"
	default:
		return "Goroutines", "Gor"
	}
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
	default:
		return newGoroutines(a)
	}
}
