package tui

import (
	"context"
)

// query lists the live objects for which an expression holds.
func (a *App) query(text string) {
	s := a.snap
	l := newList(a, "objects for which "+text, tabSearch, "query")
	l.of, l.empty = text, "no live object is so"
	l.load = func(ctx context.Context) (loaded, error) {
		t, err := s.Query(ctx, "="+text)
		return loaded{table: t}, err
	}
	a.answered(l)
}

// findText is not there yet.
func (a *App) findText(text string) {}
