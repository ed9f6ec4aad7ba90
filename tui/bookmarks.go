package tui

import (
	"context"

	"goheap/report"
)

type bookmark struct{ Place, Note string }

func newBookmarks(a *App) view {
	l := newList(a, "Bookmarks", tabOverview, "bookmarks")
	l.load = func(ctx context.Context) (loaded, error) {
		return loaded{table: report.NewTable([]report.Column{{Name: "note", Title: "Note", MinWidth: 20}}, 0, nil, nil)}, nil
	}
	return l
}

func (a *App) addBookmark(note string) {}
func (a *App) query(text string)       {}
func (a *App) findText(text string)    {}
