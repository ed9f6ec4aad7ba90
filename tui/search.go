package tui

import (
	"context"

	"goheap/report"
)

// searchHelp is what the view of searches says before something was asked.
var searchHelp = []string{
	`= lists the objects for which an expression holds, as in`,
	`    retained > 1MiB && type contains "Session"`,
	`F finds the objects that hold a text, or a pointer to an address`,
	`/ filters the rows of every view`,
}

// newSearch is the view of searches before something was asked.
func newSearch(a *App) view {
	l := newList(a, "Search", tabSearch, "search")
	l.empty = "nothing was asked yet"
	l.head = func(w, h int) []string { return append(append([]string(nil), searchHelp...), "") }
	l.load = func(ctx context.Context) (loaded, error) {
		return loaded{table: report.NewTable(0, nil, report.Column{Name: "object", Title: "Object", MinWidth: 20})}, nil
	}
	return l
}

// answered shows the answer to a question in the view of searches.
func (a *App) answered(l *list) {
	a.base[tabSearch] = l
	a.visit([]view{l})
}
