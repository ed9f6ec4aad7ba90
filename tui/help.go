package tui

import (
	"strings"

	"goheap/report"
)

// helpView lists the keys of a view, the global ones, and the words.
type helpView struct {
	fixed
	app   *App
	of    view
	cols  []column
	lines [][2]string
}

// glossary says what the words on the screens mean.
var glossary = [][2]string{
	{"shallow", "the bytes of the slot itself: what freeing it alone gives back"},
	{"retained", "the bytes that become free together with it: its own and all that it dominates"},
	{"≥", "a lower bound: the whole set may retain more than the sum of its parts"},
	{"dominates", "every path from a root leads through it: without it, all below is freed"},
	{"joint", "held by several roots together, so that none of them dominates it"},
	{"root", "where the garbage collector starts: a global variable, a goroutine, a special"},
	{"live", "reachable from a root"},
	{"garbage", "allocated, but no root reaches it"},
	{"insides", "what the maps of one type consist of behind their headers; r shows each kind of part"},
	{"accumulation", "down the biggest dominated child, the last that keeps 70 % of its parent"},
}

func newHelp(a *App, of view) view {
	v := &helpView{app: a, of: of}
	v.cols = v.makeColumns()
	v.body.sorted = -1
	v.body.rows = v
	add := func(title string, actions []Action) {
		v.lines = append(v.lines, [2]string{"", title})
		for i := range actions {
			v.add(actions[i].keyNames(), actions[i].Help)
		}
	}
	if own := of.actions(); len(own) > 0 {
		add("IN THIS VIEW", own)
	}
	for _, part := range a.sections {
		add(strings.ToUpper(part.title), part.actions)
	}
	v.lines = append(v.lines, [2]string{"", "WORDS"})
	for _, g := range glossary {
		v.add(g[0], g[1])
	}
	v.lines = append(v.lines, [2]string{"", "WHILE SOMETHING IS ASKED FOR"})
	v.add("up  down", "Bring earlier answers back; esc ends the question.")
	v.lines = append(v.lines, [2]string{"", "MOUSE"})
	v.add("click", "Select a row or a view; twice: open it. With shift held, most terminals select text instead.")
	return v
}

// helpWidth is the width of a sentence of the help: it fits beside the keys on
// the smallest screen that is usual.
const helpWidth = 58

// add appends a sentence, broken into lines.
func (v *helpView) add(keys, sentence string) {
	line := ""
	for _, word := range strings.Fields(sentence) {
		if line != "" && width(line)+1+width(word) > helpWidth {
			v.lines = append(v.lines, [2]string{keys, line})
			keys, line = "", ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	v.lines = append(v.lines, [2]string{keys, line})
}

func (v *helpView) name() string            { return "help" }
func (v *helpView) tab() tab                { return v.app.stack[0].tab() }
func (v *helpView) where() (string, string) { return "help", "" }
func (v *helpView) status() string          { return "esc goes back" }
func (v *helpView) len() int                { return len(v.lines) }
func (v *helpView) open()                   { v.app.back() }

func (v *helpView) columns() []column { return v.cols }

func (v *helpView) makeColumns() []column {
	line := func(part int) func(row int) string {
		return func(row int) string { return blank(v.app.clean(v.lines[row][part])) }
	}
	return []column{
		{report.Column{Title: "Key", Kind: report.Addr, MinWidth: 16}, line(0)},
		{report.Column{Title: "What it does", MinWidth: 30}, line(1)},
	}
}
