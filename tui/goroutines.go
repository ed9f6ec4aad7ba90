package tui

import (
	"context"
	"fmt"
	"path"

	"goheap/gocore"
	"goheap/heap"
	"goheap/report"
)

// newGoroutines lists the goroutines by stack: a leak is many with the same
// one.
func newGoroutines(a *App) view {
	grouped := true
	var l *list
	groups := func() []report.StackGroup {
		g, err := a.snap.StackGroups(a.ctx) // memoised by the time there are rows
		if err != nil {
			return nil
		}
		return g
	}
	rows := func() []report.GoroutineRow {
		g, err := a.snap.Goroutines(a.ctx)
		if err != nil {
			return nil
		}
		return g
	}
	l = newList(a, "Goroutines", tabGoroutines, a.snap.StackTable)
	l.opens = func(row int) {
		if !grouped {
			a.push(newFrames(a, rows()[row].Index))
			return
		}
		members := groups()[row].Members
		if len(members) == 1 {
			a.push(newFrames(a, rows()[members[0]].Index))
			return
		}
		var nodes []heap.Node
		for _, m := range members {
			nodes = append(nodes, rows()[m].Node)
		}
		a.push(newMembers(a, nodes))
	}
	l.about = func(row int) subject {
		s := subject{node: l.whole.Node(row)}
		if grouped {
			if n := len(groups()[row].Members); n > 1 {
				s.note = "the one of " + countText(uint64(n)) + " that retains most"
			}
		}
		return s
	}
	l.own = []Action{{Keys: []Key{char('u')}, Label: "group", Priority: 3,
		Help: "Show goroutines with the same stack as one row, or each for itself.",
		Do: func() {
			grouped = !grouped
			l.load = a.snap.StackTable
			if !grouped {
				l.load = a.snap.GoroutineTable
			}
			l.reload()
		}}}
	return l
}

// newMembers lists the goroutines with the given nodes.
func newMembers(a *App, nodes []heap.Node) view {
	keep := map[heap.Node]bool{}
	for _, n := range nodes {
		keep[n] = true
	}
	l := newList(a, plural(uint64(len(nodes)), "goroutine"), a.top().tab(), func(ctx context.Context) (*report.Table, error) {
		t, err := a.snap.GoroutineTable(ctx)
		if err != nil {
			return nil, err
		}
		return t.Filtered(ctx, func(i int) bool { return keep[t.Node(i)] })
	})
	l.opens = func(row int) {
		if rows, err := a.snap.Goroutines(a.ctx); err == nil {
			a.push(newFrames(a, rows[row].Index))
		}
	}
	return l
}

// framesView shows the frames of one goroutine and their variables.
type framesView struct {
	fixed
	app   *App
	g     gocore.Goroutine
	index int
	lines []frameLine
	ready bool
}

// frameLine is a frame or one of its variables.
type frameLine struct {
	text     string
	typ      string
	target   heap.Node // of a variable
	variable bool
}

func newFrames(a *App, index int) view {
	v := &framesView{app: a, g: a.snap.Process.Goroutines()[index], index: index}
	v.body.sorted = -1
	v.body.rows = v
	return v
}

func (v *framesView) name() string {
	return fmt.Sprintf("goroutine %d %s", v.g.ID, v.g.Func)
}
func (v *framesView) tab() tab     { return v.app.stack[0].tab() }
func (v *framesView) hasWhy() bool { return true }

func (v *framesView) enter() {
	if v.ready {
		return
	}
	p := v.app.snap.Process
	v.app.start(slotView, "reading the frames", func(ctx context.Context) (func(), error) {
		var lines []frameLine
		for i, f := range p.Frames(v.index) {
			text := fmt.Sprintf("#%d  %s", i, f.Func)
			switch {
			case f.Inlined:
				text += "  (inlined)"
			case f.Conservative:
				text += "  (scanned conservatively)"
			}
			if f.File != "" {
				text += fmt.Sprintf("  %s:%d", path.Base(f.File), f.Line)
			}
			lines = append(lines, frameLine{text: text, target: heap.None})
			for _, x := range f.Vars {
				lines = append(lines, frameLine{text: "      " + x.Name, typ: x.Type, target: x.Target, variable: true})
			}
		}
		return func() {
			v.lines, v.ready = lines, true
			v.body.invalidate()
			v.app.moved()
		}, ctx.Err()
	})
}

func (v *framesView) subject() subject {
	if v.body.selected < len(v.lines) {
		if l := v.lines[v.body.selected]; l.variable {
			return subject{node: l.target}
		}
	}
	return subject{node: v.g.Node}
}

func (v *framesView) open() {
	if s := v.subject(); s.node != heap.None && s.node != v.g.Node {
		v.app.inspect(s.node)
	} else {
		v.app.flash("a frame has no fields; select one of its variables that points to an object")
	}
}

func (v *framesView) facts(w, h int) []string {
	a, s := v.app, v.app.snap
	retained := s.Dominators.Retained(v.g.Node)
	state := v.g.WaitReason
	if state == "" {
		state = v.g.Status
	}
	lines := []string{
		a.clean(fmt.Sprintf("goroutine %d   %s   retains %s (%s)   stack %s", v.g.ID, state,
			report.HumanBytes(retained), report.HumanPercent(s.Share(retained)), report.HumanBytes(v.g.StackBytes))),
	}
	if v.g.CreatedBy != "" {
		lines = append(lines, a.clean("created by "+v.g.CreatedBy+"  "+path.Base(v.g.CreatedAt)))
	}
	return append(lines, "")
}

func (v *framesView) status() string {
	return "row " + countText(uint64(min(v.body.selected+1, len(v.lines)))) + " of " + countText(uint64(len(v.lines))) + "   enter inspects what a variable points to"
}

func (v *framesView) columns() []report.Column {
	return []report.Column{
		{Title: "Retained", Kind: report.Bytes, MinWidth: 9, Right: true},
		{Title: "Frame or variable", MinWidth: 24},
		{Title: "Type", MinWidth: 10},
		{Title: "Points to", Kind: report.Addr, Priority: 1, MinWidth: 14},
	}
}

func (v *framesView) len() int { return len(v.lines) }

func (v *framesView) cell(row, col int) string {
	l := v.lines[row]
	switch col {
	case 0:
		if l.target == heap.None {
			return " "
		}
		return report.HumanBytes(v.app.snap.Dominators.Retained(l.target))
	case 1:
		return v.app.clean(l.text)
	case 2:
		return blank(v.app.clean(l.typ))
	default:
		if l.target == heap.None {
			return " "
		}
		return blank(addrText(v.app.snap.Process.Addr(l.target)))
	}
}

// blank keeps an empty cell from being asked for again.
func blank(s string) string {
	if s == "" {
		return " "
	}
	return s
}
