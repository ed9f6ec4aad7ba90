package tui

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"goheap/gocore"
	"goheap/heap"
	"goheap/report"
)

// goroutinesView lists the goroutines: a leak is many with the same stack.
type goroutinesView struct {
	*list
	mode   goroutineMode
	rows   []report.GoroutineRow
	groups []report.StackGroup
}

// goroutineMode is what the rows are.
type goroutineMode int

const (
	byStack goroutineMode = iota
	byCreator
	eachGoroutine
	byLabel
	goroutineModes
)

func newGoroutines(a *App) view {
	v := &goroutinesView{}
	v.list = newList(a, "Goroutines", tabGoroutines, "goroutines")
	v.choose = func() loader {
		mode := v.mode
		return func(ctx context.Context) (loaded, error) { return v.loadRows(ctx, mode) }
	}
	v.list.opens = func(row int) {
		switch {
		case v.mode == eachGoroutine:
			a.push(newFrames(a, v.rows[row].Index))
		case len(v.groups[row].Members) == 1:
			a.push(newFrames(a, v.rows[v.groups[row].Members[0]].Index))
		default:
			a.push(newMembers(a, v.members(row)))
		}
	}
	v.list.about = func(row int) subject {
		s := subject{node: v.whole.Node(row)}
		if v.mode != eachGoroutine {
			if n := len(v.groups[row].Members); n > 1 {
				s.note = "the one of " + countText(uint64(n)) + " that retains most"
			}
		}
		return s
	}
	v.list.sets = func(row int) rowSet {
		n := v.whole.Node(row)
		if v.mode == eachGoroutine || len(v.groups[row].Members) == 1 {
			return a.setOf(n)
		}
		nodes := v.members(row)
		return setOfAll(fmt.Sprintf("%s like %s", plural(uint64(len(nodes)), "goroutine"), a.snap.Heap.Name(n)), n, nodes)
	}
	v.list.own = []Action{{Keys: []Key{char('u')}, Label: "group", Priority: 3,
		Help: "Show goroutines with the same stack as one row, or those that the same statement created, or each for itself, or those with the same labels.",
		Do: func() {
			v.mode = (v.mode + 1) % goroutineModes
			v.reload()
		}}}
	return v
}

func (v *goroutinesView) name() string {
	return [goroutineModes]string{"Goroutines by stack", "Goroutines by creation site", "Goroutines", "Goroutines by label"}[v.mode]
}

// places are the names of the modes in locations.
func (goroutineMode) places() []string {
	return []string{"goroutines", "creators", "allgoroutines", "labels"}
}

func (v *goroutinesView) where() (string, string) { return v.mode.places()[v.mode], "" }

// become implements modal.
func (v *goroutinesView) become(place string) {
	v.mode = goroutineMode(slices.Index(v.mode.places(), place))
}

func (v *goroutinesView) loadRows(ctx context.Context, mode goroutineMode) (l loaded, err error) {
	s := v.app.snap
	rows, err := s.Goroutines(ctx)
	if err != nil {
		return l, err
	}
	var groups []report.StackGroup
	if mode == eachGoroutine {
		l.table, err = report.GoroutineTable(ctx, s)
	} else {
		by := report.ByStack
		switch mode {
		case byCreator:
			by = report.ByCreator
		case byLabel:
			by = report.ByLabel
		}
		if groups, err = report.GoroutineGroups(ctx, s, by); err == nil {
			l.table, err = report.GoroutineGroupTable(ctx, s, by)
		}
	}
	l.then = func() { v.rows, v.groups = rows, groups }
	return l, err
}

// members are the goroutines of a group, those that retain most first.
func (v *goroutinesView) members(row int) []heap.Node {
	var nodes []heap.Node
	for _, m := range v.groups[row].Members {
		nodes = append(nodes, v.rows[m].Node)
	}
	return nodes
}

// newMembers lists the goroutines with the given nodes.
func newMembers(a *App, nodes []heap.Node) view {
	l := newList(a, plural(uint64(len(nodes)), "goroutine"), a.top().tab(), "")
	var rows []report.GoroutineRow
	l.load = func(ctx context.Context) (loaded, error) {
		keep := make(map[heap.Node]bool, len(nodes))
		for _, n := range nodes {
			keep[n] = true
		}
		all, err := a.snap.Goroutines(ctx)
		if err != nil {
			return loaded{}, err
		}
		t, err := report.GoroutineTable(ctx, a.snap)
		if err != nil {
			return loaded{}, err
		}
		some, err := t.Filtered(ctx, func(i int) bool { return keep[t.Node(i)] })
		return loaded{some, func() { rows = all }}, err
	}
	l.opens = func(row int) { a.push(newFrames(a, rows[row].Index)) }
	return l
}

// framesView shows the frames of one goroutine and their variables.
type framesView struct {
	fixed
	app    *App
	g      gocore.Goroutine
	index  int
	labels []gocore.Label
	cols   []column
	lines  []frameLine
	waits  []string // what it waits for, and who waits for it
	ready  bool
}

// frameLine is a call, one of its variables or a call that it has deferred.
type frameLine struct {
	text     string
	typ      string
	value    string
	target   heap.Node // of a variable
	variable bool
}

func newFrames(a *App, index int) view {
	v := &framesView{app: a, g: a.snap.Process.Goroutines()[index], index: index, labels: a.snap.Process.Labels(index)}
	v.cols = v.makeColumns()
	v.body.sorted = -1
	v.body.rows = v
	return v
}

func (v *framesView) name() string {
	return fmt.Sprintf("goroutine %d %s", v.g.ID, v.g.Func)
}
func (v *framesView) tab() tab                { return v.app.stack[0].tab() }
func (v *framesView) hasWhy() bool            { return true }
func (v *framesView) where() (string, string) { return "frames", fmt.Sprintf("g:%d", v.g.ID) }

func (v *framesView) set(place int) rowSet {
	if place < len(v.lines) && v.lines[place].variable {
		return v.app.setOf(v.lines[place].target)
	}
	return v.app.setOf(v.g.Node)
}

func (v *framesView) enter() {
	if v.ready {
		return
	}
	h := v.app.snap.Heap
	v.app.start(slotView, "reading the frames", func(ctx context.Context) (func(), error) {
		calls, elided, behind := h.Stack(v.index, mostCalls)
		waits, err := report.WaitLines(ctx, v.app.snap, v.index)
		if err != nil {
			return nil, err
		}
		var lines []frameLine
		own := 0 // the line of the function that the goroutine is called by
		for i, c := range calls {
			if own == 0 && c.Func == v.g.Func {
				own = len(lines)
			}
			if i >= behind && elided > 0 {
				if i == behind {
					lines = append(lines, frameLine{text: "...", value: countText(uint64(elided)) + " frames elided", target: heap.None})
				}
				i += elided
			}
			lines = append(lines, callLines(i, &c)...)
		}
		return func() {
			v.lines, v.waits, v.ready = lines, waits, true
			v.body.invalidate()
			if v.body.selected == 0 { // else a location wants another
				v.body.offset = own
				v.body.selectRow(own)
			}
			v.app.moved()
		}, ctx.Err()
	})
}

// mostCalls is how many calls of a deep stack are shown, half from each end.
const mostCalls = 1000

// callLines are the lines of call i of a stack. Variables that were optimised out share
// one.
func callLines(i int, c *gocore.StackCall) []frameLine {
	text := fmt.Sprintf("#%d  %s", i, c.Func)
	switch {
	case c.Inlined:
		text += "  (inlined)"
	case c.Conservative:
		text += "  (scanned conservatively)"
	}
	place := ""
	if c.File != "" {
		place = fmt.Sprintf("%s:%d", path.Base(c.File), c.Line)
	}
	lines := []frameLine{{text: text, typ: place, target: heap.None}}
	var dead []string
	for _, x := range c.Locals {
		if x.State == gocore.LocalDead {
			dead = append(dead, x.Name)
			continue
		}
		value := x.Text
		if value == "" {
			value = "(" + string(x.State) + ")"
		}
		lines = append(lines, frameLine{text: "      " + cmp.Or(x.As, x.Name), typ: x.Type, value: value, target: x.Target, variable: true})
	}
	if len(dead) > 0 {
		lines = append(lines, frameLine{text: "      optimised out: " + strings.Join(dead, ", "), target: heap.None})
	}
	for _, d := range c.Deferred {
		text := "      deferred: " + d.Func
		if d.Count > 1 {
			text = fmt.Sprintf("      deferred: %s × %s", countText(uint64(d.Count)), d.Func)
		}
		if d.File != "" {
			text += fmt.Sprintf("  %s:%d", path.Base(d.File), d.Line)
		}
		lines = append(lines, frameLine{text: text, target: heap.None})
	}
	return lines
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
	row := report.GoroutineRow{Goroutine: v.g, Index: v.index, Labels: v.labels}
	lines := []string{
		a.clean(s.GoroutineTitle(&row)),
		a.clean(fmt.Sprintf("retains %s (%s)   stack %s", v.app.bytes(retained), report.HumanPercent(s.Share(retained)), v.app.bytes(v.g.StackBytes))),
	}
	for _, line := range v.waits {
		lines = append(lines, a.clean(line))
	}
	return append(lines, "")
}

func (v *framesView) status() string {
	return "row " + countText(uint64(min(v.body.selected+1, len(v.lines)))) + " of " + countText(uint64(len(v.lines))) + "   enter inspects what a variable points to"
}

func (v *framesView) len() int { return len(v.lines) }

func (v *framesView) columns() []column { return v.app.widened(v.cols) }

// makeColumns has nothing to say of the target of a line without one.
func (v *framesView) makeColumns() []column {
	a := v.app
	target := func(say func(n heap.Node) string) func(row int) string {
		return func(row int) string {
			if n := v.lines[row].target; n != heap.None {
				return blank(say(n))
			}
			return " "
		}
	}
	return []column{
		{report.Column{Title: "Retained", Kind: report.Bytes, MinWidth: 9, Right: true},
			target(func(n heap.Node) string { return a.bytes(a.snap.Dominators.Retained(n)) })},
		{report.Column{Title: "Frame or variable", MinWidth: 24},
			func(row int) string { return a.clean(v.lines[row].text) }},
		{report.Column{Title: "Type, or line", MinWidth: 13},
			func(row int) string { return blank(a.clean(v.lines[row].typ)) }},
		{report.Column{Title: "Value", MinWidth: 10},
			func(row int) string { return blank(a.clean(v.lines[row].value)) }},
		{report.Column{Title: "Points to", Kind: report.Addr, Priority: 1, MinWidth: 14},
			target(func(n heap.Node) string { return addrText(a.snap.Heap.ValueAddr(n)) })},
	}
}

// blank keeps an empty cell from being asked for again.
func blank(s string) string {
	if s == "" {
		return " "
	}
	return s
}
