package tui

import (
	"context"

	"goheap/report"
)

// newLater lists what the program has put off, or keeps for later, as the verb later does. A
// row stands for the object of it that retains most, or holds it.
func newLater(a *App) view {
	l := newList(a, "Later", tabOverview, "later")
	sentence := ""
	l.pane = false
	l.empty = "nothing is put off or kept for later"
	l.load = func(ctx context.Context) (loaded, error) {
		x, err := report.NewLater(ctx, a.snap)
		if err != nil {
			return loaded{}, err
		}
		return loaded{x.Indented(a.snap, ""), func() { sentence = a.clean(x.ClockText()) }}, nil
	}
	l.head = func(w, h int) []string {
		if sentence == "" {
			return nil
		}
		return append(wrap(sentence, w, max(min(h/2, 6), 1)), "")
	}
	return laterView{l}
}

// laterView stands above the numbered view that it was asked from.
type laterView struct{ *list }

func (v laterView) tab() tab { return v.app.stack[0].tab() }
