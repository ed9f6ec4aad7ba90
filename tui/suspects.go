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
	v.list.about = func(row int) subject { return aboutSuspect(&v.all[row]) }
	v.list.sets = func(row int) rowSet { return a.suspectSet(&v.all[row]) }
	v.list.opens = func(row int) { openSet(a, v.sets(row)) }
	v.list.head = func(w, h int) []string {
		row := v.row()
		if row < 0 {
			return nil
		}
		f := &v.all[row]
		lines := wrap(a.clean(report.ShortPaths(f.Sentence)), w, min(h-1, 3))
		if f.Known != "" {
			lines = append(lines, cut(a.clean("It is known: "+f.Known), w, a.sym.cut))
		}
		return append(lines, "")
	}
	v.list.own = []Action{fingerprintAction(a, func() *report.Suspect {
		if row := v.row(); row >= 0 {
			return &v.all[row]
		}
		return nil
	})}
	return v
}

func (w *words) suspectTable(all []report.Suspect) *report.Table {
	s := w.snap
	columns := []report.Column{
		{Name: "retained_bytes", Title: "Retained", Kind: report.Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) report.Cell { return report.Cell{Num: all[row].Retained} }},
		{Name: "share", Title: "Share", Kind: report.Percent, MinWidth: 7, Right: true,
			Cell: func(row int) report.Cell { return report.Cell{Num: s.Share(all[row].Retained)} }},
		{Name: "rule", Title: "Rule", Priority: 1, MinWidth: 8,
			Cell: func(row int) report.Cell { return report.Cell{Text: all[row].Rule} }},
		{Name: "count", Title: "Count", Kind: report.Count, Priority: 2, MinWidth: 7, Right: true,
			Cell: func(row int) report.Cell { return report.Cell{Num: all[row].Count} }},
		{Name: "what", Title: "What, and where it comes together", MinWidth: 40,
			Cell: func(row int) report.Cell { return report.Cell{Text: suspectName(&all[row])} }},
		{Name: "type", Title: "Type", Priority: 3, MinWidth: 12,
			Cell: func(row int) report.Cell {
				f := &all[row]
				return report.Cell{Text: report.ShortPaths(f.Accumulation.TypeText()), Unknown: f.Accumulation.Type == "" || f.Count > 1}
			}},
	}
	if slices.ContainsFunc(all, func(f report.Suspect) bool { return f.Known != "" }) {
		columns = slices.Insert(columns, 4, report.Column{Name: "known", Title: "Known", Priority: 1, MinWidth: 5,
			Cell: func(row int) report.Cell { return report.Cell{Text: all[row].Known, Unknown: all[row].Known == ""} }})
	}
	return report.NewTable(len(all), func(row int) heap.Node { return all[row].Node }, columns...)
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
