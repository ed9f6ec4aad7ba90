package tui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"goheap/heap"
	"goheap/report"
)

// suspectsView lists what holds so much that it probably should not, with the
// sentence about the selected one above.
type suspectsView struct {
	*list
	all []report.Suspect
}

func newSuspects(a *App) view {
	v := &suspectsView{}
	v.list = newList(a, "Suspects", tabSuspects, "suspects")
	v.list.empty = "nothing holds as much as a tenth of the heap"
	v.load = func(ctx context.Context) (loaded, error) {
		all, err := report.Suspects(ctx, a.snap)
		if err != nil {
			return loaded{}, err
		}
		return loaded{a.suspectTable(all), func() { v.all = all }}, nil
	}
	v.list.about = func(row int) subject {
		f := &v.all[row]
		s := subject{node: f.Accumulation.Node}
		if f.Count > 1 {
			s = subject{node: f.Node, note: "the one of " + countText(f.Count) + " that retains most"}
		}
		return s
	}
	v.list.sets = func(row int) rowSet {
		f := &v.all[row]
		if f.Count > 1 {
			return a.holderSetOf(a.ctx, f)
		}
		return a.setOf(f.Accumulation.Node)
	}
	v.list.opens = func(row int) {
		f := &v.all[row]
		if set := v.sets(row); set.nodes != nil && a.goroutineOf(f.Node) >= 0 {
			nodes, err := set.all(a.ctx)
			if err == nil {
				a.push(newMembers(a, nodes))
			}
			return
		}
		a.reveal(v.list.about(row).node)
	}
	v.list.head = func(w, h int) []string {
		row := v.row()
		if row < 0 {
			return nil
		}
		return append(wrap(a.clean(report.ShortPaths(v.all[row].Sentence)), w, min(h-1, 3)), "")
	}
	return v
}

// holderSetOf is the objects or goroutines of a suspect that is a group: the
// holders' row with its node.
func (w *words) holderSetOf(ctx context.Context, f *report.Suspect) rowSet {
	all, err := w.snap.Holders(ctx) // made by the time there are suspects
	if err != nil {
		return w.setOf(f.Node)
	}
	for i := range all {
		if h := &all[i]; h.Members != nil && !h.Single() && (h.Node == f.Node || h.Class && slices.Contains(h.Members, f.Node)) {
			return w.holderSet(h)
		}
	}
	return w.setOf(f.Node)
}

func (w *words) suspectTable(all []report.Suspect) *report.Table {
	s := w.snap
	return report.NewTable(len(all), func(row int) heap.Node { return all[row].Node },
		report.Column{Name: "retained_bytes", Title: "Retained", Kind: report.Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) report.Cell { return report.Cell{Num: all[row].Retained} }},
		report.Column{Name: "share", Title: "Share", Kind: report.Percent, MinWidth: 7, Right: true,
			Cell: func(row int) report.Cell { return report.Cell{Num: s.Share(all[row].Retained)} }},
		report.Column{Name: "rule", Title: "Rule", Priority: 1, MinWidth: 8,
			Cell: func(row int) report.Cell { return report.Cell{Text: all[row].Rule} }},
		report.Column{Name: "count", Title: "Count", Kind: report.Count, Priority: 2, MinWidth: 7, Right: true,
			Cell: func(row int) report.Cell { return report.Cell{Num: all[row].Count} }},
		report.Column{Name: "what", Title: "What, and where it comes together", MinWidth: 40,
			Cell: func(row int) report.Cell { return report.Cell{Text: suspectName(&all[row])} }},
		report.Column{Name: "type", Title: "Type", Priority: 3, MinWidth: 12,
			Cell: func(row int) report.Cell {
				f := &all[row]
				return report.Cell{Text: report.ShortPaths(f.Accumulation.TypeText()), Unknown: f.Accumulation.Type == "" || f.Count > 1}
			}},
	)
}

// suspectName says what is suspect, and where its bytes come together.
func suspectName(f *report.Suspect) string {
	name, at := report.ShortPaths(f.Name), f.Accumulation.Expression
	switch {
	case (f.Rule == report.RuleClass || f.Rule == report.RuleWaiting) && f.Count > 1:
		return countText(f.Count) + strings.TrimPrefix(name, fmt.Sprint(f.Count))
	case f.Count > 1:
		return countText(f.Count) + " × " + name
	case at == "" || at == f.Name || strings.HasPrefix(at, f.Name):
		return report.ShortPaths(cmp.Or(at, f.Name))
	}
	return name + ": " + report.ShortPaths(at)
}
