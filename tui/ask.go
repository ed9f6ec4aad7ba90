package tui

import (
	"context"

	"goheap/report"
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

// findText finds a text or a word in the live objects.
func (a *App) findText(text string) {
	s := a.snap
	l := newList(a, "find "+text, tabSearch, "find")
	l.of, l.empty = text, "no live object holds it"
	var found *report.Found
	l.load = func(ctx context.Context) (loaded, error) {
		f, err := s.Search(ctx, text)
		if err != nil {
			return loaded{}, err
		}
		return loaded{f.Table(), func() { found = f }}, nil
	}
	l.head = func(w, h int) []string {
		if found == nil {
			return nil
		}
		line := "found in " + plural(found.Total, "place")
		if n := uint64(len(found.Hits)); n < found.Total {
			line += ", of which the first " + countText(n) + " are listed"
		}
		if found.Missing > 0 {
			line += "; " + a.bytes(found.Missing) + " of the live objects are not in the file"
		}
		return []string{line, ""}
	}
	a.answered(l)
}
