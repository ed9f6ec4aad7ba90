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

// newObjectWaste lists which bytes of the inspected object are of no use. The enter key shows
// them among its bytes.
func newObjectWaste(v *inspector) *list {
	a := v.app
	l := newList(a, "unused", 0, "")
	l.empty = "no rule says that bytes of this object are of no use"
	var rows []report.ObjectWasteRow
	l.load = func(ctx context.Context) (loaded, error) {
		found, err := report.NewObjectWaste(ctx, a.snap, v.node)
		if err != nil {
			return loaded{}, err
		}
		return loaded{report.ObjectWasteTable(v.node, found), func() { rows = found }}, nil
	}
	l.opens = func(row int) {
		if !rows[row].Ranged {
			a.flash("no range of bytes says where these are")
			return
		}
		v.show(pageHex)
		v.grid().selectRow(int(max(rows[row].Range.Offset, 0) / hexBytes))
	}
	return l
}
