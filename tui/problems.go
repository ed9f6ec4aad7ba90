package tui

import (
	"context"

	"goheap/gocore"
	"goheap/heap"
	"goheap/report"
)

// problem is a line about what is wrong with the file, or about a check.
type problem struct {
	what, text string
	times      uint64 // 0 for none
}

// newProblems lists what is wrong with the file, and the checks, with the whole
// text of the selected line above.
func newProblems(a *App) view {
	l := newList(a, "Problems and checks", tabProblems, "problems")
	var lines []problem
	l.pane = false
	l.load = func(ctx context.Context) (loaded, error) {
		all := a.problems()
		return loaded{problemTable(all), func() { lines = all }}, ctx.Err()
	}
	l.sets = func(int) rowSet { return rowSet{node: heap.None} }
	l.opens = func(int) { a.flash("the whole text stands above the rows") }
	l.head = func(w, h int) []string {
		row := l.row()
		if row < 0 {
			return nil
		}
		return append(wrap(a.clean(lines[row].text), w, max(min(h-1, 4), 1)), "")
	}
	return l
}

func (w *words) problems() []problem {
	var lines []problem
	for _, p := range w.snap.Process.Problems() {
		lines = append(lines, problem{string(p.Severity), p.Message, uint64(max(p.Count, 0))})
	}
	for _, c := range w.snap.Checks {
		text := c.Name + ": ours " + signed(c.Ours) + ", the runtime's " + signed(c.Runtime)
		if c.Reason != "" {
			text += "; " + c.Reason
		}
		if c.Status == gocore.CheckNotComparable {
			text = c.Name + ": " + c.Reason
		}
		lines = append(lines, problem{"check " + checkWord(c.Status), text, 0})
	}
	return lines
}

func problemTable(lines []problem) *report.Table {
	return report.NewTable(len(lines), nil,
		report.Column{Name: "what", Title: "What", MinWidth: 14,
			Cell: func(row int) report.Cell { return report.Cell{Text: lines[row].what} }},
		report.Column{Name: "times", Title: "Times", Kind: report.Count, MinWidth: 6, Right: true,
			Cell: func(row int) report.Cell { return report.Cell{Num: lines[row].times, Unknown: lines[row].times == 0} }},
		report.Column{Name: "message", Title: "Message", MinWidth: 30,
			Cell: func(row int) report.Cell { return report.Cell{Text: lines[row].text} }},
	)
}

func checkWord(s gocore.CheckStatus) string {
	if s == gocore.CheckNotComparable {
		return "not comparable"
	}
	return string(s)
}

func signed(n int64) string {
	if n < 0 {
		return "-" + countText(uint64(-n))
	}
	return countText(uint64(n))
}
