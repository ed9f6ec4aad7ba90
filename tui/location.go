package tui

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

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
	if f := filterOf(v).filterText(); f != "" {
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
	if v, ok := v.(anchored); ok {
		if at := a.targetOf(v.anchor()); at != "" && g.selected > 0 {
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
	if l, ok := v.(listed); ok {
		return l.asList()
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

// parsePlace reads a location; ok is false for a text that is none.
func parsePlace(kinds map[string]placeKind, text string) (p place, ok bool) {
	text, query, _ := strings.Cut(text, "?")
	p.kind, p.of, _ = strings.Cut(text, ":")
	kind, known := kinds[p.kind]
	if !known || kind.of && p.of == "" {
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
	if v, ok := a.top().(offsets); ok && v.toOffset(text) {
		return
	}
	kinds := placeKinds(a.kinds)
	p, ok := parsePlace(kinds, text)
	if !ok {
		a.findPlace(text, a.inspect, nil)
		return
	}
	kinds[p.kind].show(a, p)
}

// startAt is goTo for who has not seen yet what there is: an error says what can be
// written. An empty text stands for no place.
func (a *App) startAt(text string) {
	if text == "" {
		return
	}
	if _, ok := parsePlace(placeKinds(a.kinds), text); ok {
		a.goTo(text)
		return
	}
	s := a.snap
	a.start(slotGoto, "looking for "+a.clean(text), func(ctx context.Context) (func(), error) {
		n, err := s.Find(ctx, text)
		if errors.Is(err, report.ErrTarget) {
			return nil, fmt.Errorf("%s is no view (overview, types, roots, …) and no TARGET: see goheap help targets", a.clean(text))
		}
		if err != nil {
			return nil, err
		}
		return func() { a.inspect(n) }, nil
	})
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
		filterOf(a.top()).filter(p.filter)
	}
	// Rows that come later find the selection where it is to be.
	if g := a.top().grid(); p.wanted.row > 0 {
		if g.selected = p.wanted.row - 1; g.len() > 0 {
			g.selectRow(g.selected)
		}
		a.moved()
	}
}
