package tui

import (
	"cmp"
	"fmt"
	"path"

	"github.com/gdamore/tcell/v2"

	"goheap/gocore"
	"goheap/report"
)

// partial is what there is of a program whose loading a person has stopped: all
// that needs no graph.
type partial struct {
	process report.Process
	shown   tab
	bodies  map[tab]*grid // goroutines, roots and problems
	frames  *grid         // of a goroutine, above the goroutines; nil: none is shown
	of      string        // whose
}

// newPartial makes the rows. It is called off the event loop.
func newPartial(a *App, p report.Process) *partial {
	at := &partial{process: p, shown: tabGoroutines, bodies: map[tab]*grid{}}
	add := func(t tab, table *report.Table) {
		at.bodies[t] = &grid{rows: newTableRows(a, table), sorted: -1}
	}
	goroutines, roots, problems := p.Goroutines(), p.Roots(), p.Problems()
	add(tabGoroutines, report.NewTable(len(goroutines), nil,
		report.Column{Name: "id", Title: "Goroutine", Kind: report.Count, MinWidth: 9, Right: true,
			Cell: func(row int) report.Cell { return report.Cell{Num: goroutines[row].ID} }},
		report.Column{Name: "state", Title: "State", MinWidth: 14,
			Cell: func(row int) report.Cell { return textCell(cmp.Or(goroutines[row].WaitReason, goroutines[row].Status)) }},
		report.Column{Name: "function", Title: "Function", MinWidth: 24,
			Cell: func(row int) report.Cell { return textCell(goroutines[row].Func) }},
		report.Column{Name: "created_by", Title: "Created by", MinWidth: 16, Priority: 1,
			Cell: func(row int) report.Cell { return textCell(goroutines[row].CreatedBy) }},
	))
	add(tabRoots, report.NewTable(len(roots), nil,
		report.Column{Name: "kind", Title: "Kind", MinWidth: 9, Priority: 1,
			Cell: func(row int) report.Cell { return textCell(roots[row].Kind.String()) }},
		report.Column{Name: "name", Title: "Root", MinWidth: 24,
			Cell: func(row int) report.Cell { return textCell(roots[row].Name) }},
		report.Column{Name: "type", Title: "Type", MinWidth: 16, Priority: 1,
			Cell: func(row int) report.Cell { return textCell(roots[row].Type) }},
		report.Column{Name: "address", Title: "Address", Kind: report.Addr, MinWidth: 14,
			Cell: func(row int) report.Cell { return addrCell(roots[row].Addr) }},
	))
	lines := make([]problem, len(problems))
	for i, p := range problems {
		lines[i] = problem{string(p.Severity), p.Message, uint64(max(p.Count, 0))}
	}
	add(tabProblems, problemTable(lines))
	return at
}

// grid is the rows that are shown.
func (p *partial) grid() *grid {
	if p.shown == tabGoroutines && p.frames != nil {
		return p.frames
	}
	return p.bodies[p.shown]
}

// open shows the frames of the selected goroutine.
func (p *partial) open(a *App) {
	g := p.bodies[tabGoroutines]
	all := p.process.Goroutines()
	if p.shown != tabGoroutines || p.frames != nil || g.selected >= len(all) {
		a.flash("what is behind it needs the graph, which was not finished")
		return
	}
	p.of = fmt.Sprintf("goroutine %d %s", all[g.selected].ID, all[g.selected].Func)
	p.frames = &grid{rows: newTableRows(a, frameTable(p.process.Frames(g.selected))), sorted: -1}
}

// frameTable lists frames, each before its variables.
func frameTable(frames []gocore.Frame) *report.Table {
	type line struct {
		text, typ string
		addr      uint64
	}
	var lines []line
	for i, f := range frames {
		text := fmt.Sprintf("#%d  %s", i, f.Func)
		if f.File != "" {
			text += fmt.Sprintf("  %s:%d", path.Base(f.File), f.Line)
		}
		lines = append(lines, line{text, "", 0})
		for _, v := range f.Vars {
			lines = append(lines, line{"      " + v.Name, v.Type, v.Addr})
		}
	}
	return report.NewTable(len(lines), nil,
		report.Column{Name: "frame", Title: "Frame or variable", MinWidth: 30,
			Cell: func(row int) report.Cell { return report.Cell{Text: lines[row].text} }},
		report.Column{Name: "type", Title: "Type", MinWidth: 12,
			Cell: func(row int) report.Cell { return textCell(lines[row].typ) }},
		report.Column{Name: "address", Title: "Address", Kind: report.Addr, MinWidth: 14, Priority: 1,
			Cell: func(row int) report.Cell { return addrCell(lines[row].addr) }},
	)
}

// loadingActions are the keys while the program is loaded, and when that was
// stopped.
func loadingActions(a *App) []Action {
	none := func() string {
		return reasonIf(a.partial == nil, "nothing can be looked at before loading ends, or esc stops it")
	}
	move := func(by func(g *grid) int) func() {
		return func() { g := a.partial.grid(); g.move(by(g)) }
	}
	show := func(t tab) func() {
		return func() { a.partial.shown, a.partial.frames = t, nil }
	}
	return []Action{
		{Keys: []Key{code(tcell.KeyEscape)}, Label: "stop", Priority: 1,
			Help: "Stop loading and keep what is ready: the goroutines with their frames, the roots and the problems.",
			Do: func() {
				switch {
				case a.partial == nil:
					a.stopLoading()
				case a.partial.frames != nil:
					a.partial.frames = nil
				default:
					a.flash("loading was stopped; q quits")
				}
			}},
		{Keys: []Key{char('4')}, Label: "Roots", Priority: 3, Disabled: none, Help: "List the roots, once loading was stopped.", Do: show(tabRoots)},
		{Keys: []Key{char('5')}, Label: "Goroutines", Priority: 3, Disabled: none, Help: "List the goroutines, once loading was stopped.", Do: show(tabGoroutines)},
		{Keys: []Key{char('9'), char('p')}, Label: "Problems", Priority: 3, Disabled: none, Help: "List what could not be read, once loading was stopped.", Do: show(tabProblems)},
		{Keys: []Key{code(tcell.KeyEnter)}, Label: "open", Priority: 4, Disabled: none, Help: "Show the frames of the selected goroutine.",
			Do: func() { a.partial.open(a) }},
		{Keys: []Key{char('j'), code(tcell.KeyDown)}, Label: "down", Disabled: none, Help: "Select the next row.", Do: move(func(*grid) int { return 1 })},
		{Keys: []Key{char('k'), code(tcell.KeyUp)}, Label: "up", Disabled: none, Help: "Select the previous row.", Do: move(func(*grid) int { return -1 })},
		{Keys: []Key{code(tcell.KeyPgDn), code(tcell.KeyCtrlF)}, Label: "page down", Disabled: none, Help: "Move down a page.",
			Do: move(func(g *grid) int { return max(1, g.page) })},
		{Keys: []Key{code(tcell.KeyPgUp), code(tcell.KeyCtrlB)}, Label: "page up", Disabled: none, Help: "Move up a page.",
			Do: move(func(g *grid) int { return -max(1, g.page) })},
		{Keys: []Key{char('g'), code(tcell.KeyHome)}, Label: "first", Disabled: none, Help: "Select the first row.", Do: move(func(g *grid) int { return -g.len() })},
		{Keys: []Key{char('G'), code(tcell.KeyEnd)}, Label: "last", Disabled: none, Help: "Select the last row.", Do: move(func(g *grid) int { return g.len() })},
		{Keys: []Key{code(tcell.KeyCtrlZ)}, Label: "suspend", Help: "Stop this program until the shell continues it.", Do: func() { a.suspend() }},
		{Keys: []Key{char('q'), code(tcell.KeyCtrlC)}, Label: "quit", Priority: 2, Help: "Quit at once.", Do: func() { a.quit(a.stopped) }},
	}
}

// draw shows the rows, under what they are.
func (p *partial) draw(a *App, screen tcell.Screen, l layout) {
	title := fmt.Sprintf("[%d %s]", p.shown+1, a.kinds[p.shown].title)
	if p.frames != nil && p.shown == tabGoroutines {
		title += " > " + a.clean(p.of)
	}
	put(screen, l.tabs.x+1, l.tabs.y, l.tabs.w-2, "Loading was stopped: what needs the whole graph is missing", a.sym.warn)
	put(screen, l.crumbs.x, l.crumbs.y, l.crumbs.w-2, cut(title, l.crumbs.w-2, a.sym.cut), a.sym.header)
	g := p.grid()
	g.draw(screen, l.list, &a.sym, a.budget, nil)
	status := fmt.Sprintf("row %s of %s", countText(uint64(min(g.selected+1, g.len()))), countText(uint64(g.len())))
	if a.message != "" {
		status = a.message
	}
	put(screen, l.status.x+1, l.status.y, l.status.w-2, cut(status, l.status.w-2, a.sym.cut), a.sym.faint)
}
