package tui

import (
	"context"

	"goheap/report"
)

// newWaste lists the bytes of live objects that are of no use, by rule, type and holder, as
// the verb waste does. A row stands for the object that has most of it.
func newWaste(a *App) view {
	l := newList(a, "Waste", tabOverview, "waste")
	sentence := ""
	l.pane = false
	l.empty = "nothing that is alive is of no use"
	l.load = func(ctx context.Context) (loaded, error) {
		x, err := report.NewWaste(ctx, a.snap)
		if err != nil {
			return loaded{}, err
		}
		return loaded{x.Table(a.snap), func() { sentence = a.clean(x.Sentence(a.snap)) }}, nil
	}
	l.head = func(w, h int) []string {
		if sentence == "" {
			return nil
		}
		return append(wrap(sentence, w, max(min(h/2, 6), 1)), "")
	}
	return wasteView{l}
}

// wasteView stands above the numbered view that it was asked from.
type wasteView struct{ *list }

func (v wasteView) tab() tab { return v.app.stack[0].tab() }
