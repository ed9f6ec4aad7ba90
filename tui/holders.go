package tui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"goheap/gocore"
	"goheap/heap"
	"goheap/report"
)

// holder is a row of the first level: a retainer, or all goroutines that run
// the same function and were created by the same one. Members are the
// goroutines' nodes then.
type holder struct {
	report.Retainer
	goroutines bool
	at         heap.Node // the accumulation point, where the row has no members
}

// holderList keeps the holders once they were made. It may be asked from
// several goroutines.
type holderList struct {
	mu  sync.Mutex
	all []holder
}

// get returns the holders, what retains most first.
func (l *holderList) get(ctx context.Context, s *report.Snapshot) ([]holder, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all != nil {
		return l.all, nil
	}
	retainers, err := s.Retainers(ctx)
	if err != nil {
		return nil, err
	}
	all := foldGoroutines(retainers, s.Process.Goroutines())
	// What the retainers dominate does not overlap: all the walks together look
	// at each node once at most.
	for i := range all {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if all[i].at = all[i].Node; all[i].Members == nil {
			all[i].at = s.Dominators.Accumulation(all[i].Node)
		}
	}
	l.all = all
	return l.all, nil
}

func foldGoroutines(retainers []report.Retainer, goroutines []gocore.Goroutine) []holder {
	byNode := map[heap.Node]*gocore.Goroutine{}
	for i := range goroutines {
		byNode[goroutines[i].Node] = &goroutines[i]
	}
	all := []holder{}
	place := map[[2]string]int{}
	for _, r := range retainers {
		g := byNode[r.Node]
		if g == nil {
			all = append(all, holder{Retainer: r})
			continue
		}
		key := [2]string{g.Func, g.CreatedBy}
		at, found := place[key]
		if !found {
			place[key] = len(all)
			all = append(all, holder{Retainer: r})
			continue
		}
		h := &all[at]
		if !h.goroutines {
			h.goroutines, h.Members = true, []heap.Node{h.Node}
		}
		h.Members = append(h.Members, r.Node)
		h.Count, h.Objects, h.Retained = h.Count+1, h.Objects+r.Objects, h.Retained+r.Retained
		h.Name = plural(h.Count, "goroutine") + " in " + g.Func
		if g.CreatedBy != "" {
			h.Name += ", created by " + g.CreatedBy
		}
	}
	for _, h := range all {
		if h.goroutines {
			slices.Sort(h.Members)
		}
	}
	slices.SortStableFunc(all, func(a, b holder) int {
		return cmp.Or(cmp.Compare(b.Retained, a.Retained), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// single reports whether the row stands for one node.
func (h *holder) single() bool { return h.Count <= 1 }

// about is what the row is about: its node, or of several the one that retains
// most.
func (h *holder) about() subject {
	s := subject{node: h.Node}
	if !h.single() {
		s.note = "the one of " + countText(h.Count) + " that retains most"
	}
	return s
}

// heldBy says who holds the bytes: where they come together, or the roots that
// hold them jointly.
func (a *App) heldBy(h *holder) string {
	if h.goroutines {
		return report.ShortPaths(h.Name)
	}
	if h.Members == nil {
		return a.snap.Expression(a.snap.Dominators.PathTo(h.at), true)
	}
	return a.snap.Holder(h.Retainer, true)
}

// holderSet is what a row stands for.
func (a *App) holderSet(h *holder) rowSet {
	if h.Members == nil {
		return a.setOf(h.at)
	}
	if h.single() {
		return a.setOf(h.Node)
	}
	name := h.Name
	if !h.goroutines {
		name = fmt.Sprintf("%s × %s", countText(h.Count), h.Type)
	}
	return setOfAll(fmt.Sprintf("%s, %s", name, addrText(a.snap.Process.Addr(h.Node))), h.Node, h.Members)
}

// holderTable is the holders as a table.
func (a *App) holderTable(all []holder) *report.Table {
	// Room for "1,600 × main.Block, held jointly by main.srv and main.index": who
	// holds it is what the table is for, the other columns go first.
	const wide = 56
	s := a.snap
	return report.NewTable(len(all), func(row int) heap.Node { return all[row].Node },
		report.Column{Name: "retained_bytes", Title: "Retained", Kind: report.Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) report.Cell { return report.Cell{Num: all[row].Retained} }},
		report.Column{Name: "share", Title: "Share", Kind: report.Percent, MinWidth: 7, Right: true,
			Cell: func(row int) report.Cell { return report.Cell{Num: s.Share(all[row].Retained)} }},
		report.Column{Name: "objects", Title: "Objects", Kind: report.Count, Priority: 2, MinWidth: 10, Right: true,
			Cell: func(row int) report.Cell { return report.Cell{Num: all[row].Objects} }},
		report.Column{Name: "kind", Title: "Kind", Priority: 3, MinWidth: 9,
			Cell: func(row int) report.Cell { return report.Cell{Text: all[row].Kind} }},
		report.Column{Name: "holder", Title: "Held by", MinWidth: wide,
			Cell: func(row int) report.Cell { return report.Cell{Text: a.heldBy(&all[row])} }},
		report.Column{Name: "type", Title: "Type", Priority: 1, MinWidth: 12,
			Cell: func(row int) report.Cell {
				typ := report.ShortPaths(s.HolderType(all[row].Retainer))
				return report.Cell{Text: typ, Unknown: typ == "" || all[row].goroutines}
			}},
	)
}
