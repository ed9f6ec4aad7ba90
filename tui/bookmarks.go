package tui

import (
	"context"
	"slices"

	"goheap/heap"
	"goheap/report"
)

// bookmarksView lists the places that a person keeps of this file.
type bookmarksView struct {
	*list
	rows []report.Bookmark
}

func newBookmarks(a *App) view {
	v := &bookmarksView{}
	v.list = newList(a, "Bookmarks", tabOverview, "bookmarks")
	v.pane = false
	v.list.empty = "no bookmarks; B keeps a place, with a note"
	v.choose = func() loader {
		var rows []report.Bookmark
		if a.bookmarks != nil {
			rows = slices.Clone(a.bookmarks.List)
		}
		return func(ctx context.Context) (loaded, error) {
			return loaded{bookmarkTable(rows), func() { v.rows = rows }}, ctx.Err()
		}
	}
	v.list.opens = func(row int) { a.goTo(v.rows[row].Place) }
	v.list.sets = func(int) rowSet { return rowSet{node: heap.None} }
	v.list.own = []Action{{Keys: []Key{char('D')}, Label: "delete", Priority: 2,
		Disabled: func() string { return reasonIf(v.row() < 0, "no bookmark is selected") },
		Help:     "Drop the selected bookmark.",
		Do: func() {
			a.bookmarks.Remove(v.rows[v.row()].Place)
			a.saveBookmarks("dropped")
			v.reload()
		}}}
	return v
}

func (v *bookmarksView) tab() tab { return v.app.stack[0].tab() }

func (v *bookmarksView) enter() { v.reload() }

func bookmarkTable(rows []report.Bookmark) *report.Table {
	text := func(of func(b *report.Bookmark) string) func(row int) report.Cell {
		return func(row int) report.Cell { return textCell(of(&rows[row])) }
	}
	return report.NewTable(len(rows), nil,
		report.Column{Name: "note", Title: "Note", MinWidth: 24,
			Cell: text(func(b *report.Bookmark) string { return b.Note })},
		report.Column{Name: "what", Title: "What", MinWidth: 16, Priority: 1,
			Cell: text(func(b *report.Bookmark) string { return b.What })},
		report.Column{Name: "place", Title: "Place", MinWidth: 20,
			Cell: text(func(b *report.Bookmark) string { return b.Place })},
	)
}

// openBookmarks reads the bookmarks of the file; what is wrong with them is said.
func (a *App) openBookmarks() {
	s, state := a.snap, a.opt.State
	a.start(slotSave, "reading bookmarks", func(ctx context.Context) (func(), error) {
		b, err := s.Bookmarks(state)
		return func() {
			a.bookmarks = b
			if err != nil {
				a.flash(err.Error())
			}
		}, nil
	})
}

// addBookmark keeps the place that is shown.
func (a *App) addBookmark(note string) {
	place := a.location()
	switch {
	case place == "":
		a.flash("bookmark: this view is made by hand and cannot be come back to")
		return
	case a.bookmarks == nil:
		a.flash("bookmark: the bookmarks are still being read")
		return
	}
	b := report.Bookmark{Place: place, Note: note}
	if set := a.selectedSet(); set.key != "" {
		b.What = set.name
		if set.nodes == nil {
			b.Address = report.Address(a.snap.Heap.ValueAddr(set.node))
		}
	}
	if !a.bookmarks.Set(b) {
		a.flash("bookmark: there are too many")
		return
	}
	a.saveBookmarks("kept")
}

// saveBookmarks writes the bookmarks and says where. They are few: it does not
// keep the loop.
func (a *App) saveBookmarks(done string) {
	path, err := a.bookmarks.Save()
	if err != nil {
		a.flash(err.Error())
		return
	}
	a.flash(done + "; the bookmarks are in " + path)
}
