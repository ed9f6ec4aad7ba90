package tui

import (
	"goheap/gocore"
	"goheap/report"
)

// newProblems lists what is wrong with the file, and the checks.
func newProblems(a *App) view {
	v := &problemsView{app: a}
	v.body.sorted = -1
	v.body.rows = v
	for _, p := range a.snap.Process.Problems() {
		v.lines = append(v.lines, [3]string{string(p.Severity), countText(uint64(max(p.Count, 0))), p.Message})
	}
	for _, c := range a.snap.Checks {
		text := c.Name + ": ours " + signed(c.Ours) + ", the runtime's " + signed(c.Runtime)
		if c.Reason != "" {
			text += "; " + c.Reason
		}
		if c.Status == gocore.CheckNotComparable {
			text = c.Name + ": " + c.Reason
		}
		v.lines = append(v.lines, [3]string{"check " + checkWord(c.Status), "", text})
	}
	return v
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

type problemsView struct {
	fixed
	app   *App
	lines [][3]string
}

func (v *problemsView) name() string            { return "Problems and checks" }
func (v *problemsView) tab() tab                { return tabProblems }
func (v *problemsView) where() (string, string) { return "problems", "" }
func (v *problemsView) status() string {
	return "row " + countText(uint64(min(v.body.selected+1, len(v.lines)))) + " of " + countText(uint64(len(v.lines)))
}
func (v *problemsView) len() int { return len(v.lines) }
func (v *problemsView) columns() []report.Column {
	return []report.Column{
		{Title: "What", Kind: report.Addr, MinWidth: 20},
		{Title: "Times", Kind: report.Count, MinWidth: 6, Right: true},
		{Title: "Message", MinWidth: 30},
	}
}
func (v *problemsView) cell(row, col int) string { return blank(v.app.clean(v.lines[row][col])) }

// The whole message of the selected line, which a row cuts.
func (v *problemsView) facts(w, h int) []string {
	if v.body.selected >= len(v.lines) {
		return nil
	}
	text := v.app.clean(v.lines[v.body.selected][2])
	var lines []string
	for len(lines) < min(h, 4) && text != "" {
		piece := cut(text, w, "")
		lines = append(lines, piece)
		text = text[len(piece):]
		if piece == "" {
			break
		}
	}
	return append(lines, "")
}
