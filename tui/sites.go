package tui

import (
	"context"
	"fmt"

	"goheap/heap"
	"goheap/report"
)

// sitesView lists the lines that allocated what is alive, by the objects that the memory
// profiler sampled, or the lines with who holds what they allocated. A row is about its
// sampled object that retains most.
type sitesView struct {
	*stated
	byHolder bool
	rows     []report.SiteRow
}

func newSites(a *App) view {
	v := &sitesView{stated: newStated(a, "Allocations", tabTypes, "sites", 4)}
	v.list.empty = "no live object was sampled"
	v.choose = func() loader {
		byHolder := v.byHolder
		return func(ctx context.Context) (loaded, error) {
			x, err := report.NewSites(ctx, a.snap, byHolder)
			if err != nil {
				return loaded{}, err
			}
			return loaded{x.Table(), func() { v.rows, v.sentence = x.Rows, a.clean(x.Sentence(a.snap)) }}, nil
		}
	}
	v.list.about = func(row int) subject {
		s := subject{node: v.rows[row].Node}
		if n := len(v.rows[row].Nodes); n > 1 {
			s.note = "the one of " + countText(uint64(n)) + " sampled that retains most"
		}
		return s
	}
	v.list.sets = func(row int) rowSet {
		r := &v.rows[row]
		name := fmt.Sprintf("%s allocated in %s", plural(r.Sampled, "sampled object"), report.SiteName(r))
		return rowSet{fmt.Sprintf("site %s:%d %s %s", r.File, r.Line, r.Func, r.HeldBy), name, r.Node, func(context.Context) ([]heap.Node, error) { return r.Nodes, nil }}
	}
	v.list.opens = func(row int) { a.push(newNodes(a, v.list.sets(row))) }
	v.list.own = []Action{{Keys: []Key{char('u')}, Label: "group", Priority: 3,
		Help: "Show the lines that allocated, or each of them with who holds what it allocated.",
		Do: func() {
			v.byHolder = !v.byHolder
			v.reload()
		}}}
	return v
}

func (v *sitesView) name() string {
	if v.byHolder {
		return "Allocations by holder"
	}
	return "Allocations"
}

func (v *sitesView) where() (string, string) {
	if v.byHolder {
		return "heldsites", ""
	}
	return "sites", ""
}

// become implements modal.
func (v *sitesView) become(place string) { v.byHolder = place == "heldsites" }
