package tui

import (
	"context"

	"goheap/report"
)

// newWaste lists the bytes of live objects that are of no use, by rule, type and holder, as
// the verb waste does. A row stands for the object that has most of it.
func newWaste(a *App) view {
	v := newStated(a, "Waste", tabOverview, "waste", 6)
	v.pane = false
	v.empty = "nothing that is alive is of no use"
	v.load = func(ctx context.Context) (loaded, error) {
		x, err := report.NewWaste(ctx, a.snap)
		if err != nil {
			return loaded{}, err
		}
		return loaded{x.Table(a.snap), func() { v.sentence = a.clean(x.Sentence(a.snap)) }}, nil
	}
	return v
}
