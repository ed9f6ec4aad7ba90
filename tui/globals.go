package tui

import (
	"context"
	"fmt"

	"github.com/gdamore/tcell/v2"

	"goheap/heap"
)

// globalActions are the keys that every view has.
func (a *App) globalActions() []Action {
	body := func() *grid { return a.top().grid() }
	noNode := func() string {
		if a.top().subject().node == heap.None {
			return "this row is no object and no root"
		}
		return ""
	}
	move := func(by func(g *grid) int) func() {
		return func() { g := body(); g.move(by(g)) }
	}
	actions := []Action{
		{Keys: []Key{code(tcell.KeyEnter)}, Label: "open", Priority: 1,
			Help: "Open the selected row: its objects, its frames, its fields.",
			Do:   func() { a.top().open() }},
		{Keys: []Key{char('w')}, Label: "why alive", Priority: 2, Disabled: noNode,
			Help: "Show the whole chain from a root to the selected row, every hop a row.",
			Do:   func() { a.push(newPath(a, a.top().subject())) }},
		{Keys: []Key{char('i')}, Label: "inspect", Priority: 3, Disabled: noNode,
			Help: "Show the fields, referrers, references and bytes of the selected object.",
			Do:   func() { a.inspect(a.top().subject().node) }},
		{Keys: []Key{char('d')}, Label: "dominators", Priority: 9, Disabled: noNode,
			Help: "Show the selected object in the dominator tree.",
			Do:   func() { a.reveal(a.top().subject().node) }},
		{Keys: []Key{char('t')}, Label: "its type", Disabled: noNode,
			Help: "List all objects of the selected object's type.",
			Do:   func() { a.instancesOf(a.top().subject().node) }},
		{Keys: []Key{char(']')}, Label: "next path", Priority: 7, Disabled: a.why.alone,
			Help: "Show the next path from a root in the why-alive pane.",
			Do:   func() { a.why.turn(1) }},
		{Keys: []Key{char('[')}, Label: "previous path", Disabled: a.why.alone,
			Help: "Show the previous path from a root in the why-alive pane.",
			Do:   func() { a.why.turn(-1) }},
		{Keys: []Key{char('r')}, Label: "raw hops", Priority: 7,
			Help: "Show each part of maps and channels as a hop and a type of its own, or each map and channel as one.",
			Do:   a.turnPhysical},
		{Keys: []Key{char('/')}, Label: "filter", Priority: 4,
			Help: "Show only rows with a text: a part of it, whatever the case, or a regular expression as /re/.",
			Do:   func() { a.openPrompt(promptFilter, a.top().filterText()) }},
		{Keys: []Key{char('s')}, Label: "sort", Priority: 5, Disabled: func() string { return a.top().sortable() },
			Help: "Sort by the next column.",
			Do:   func() { a.top().sort(false) }},
		{Keys: []Key{char('S')}, Label: "reverse", Disabled: func() string { return a.top().sortable() },
			Help: "Sort the other way round.",
			Do:   func() { a.top().sort(true) }},
		{Keys: []Key{char(':')}, Label: "go to", Priority: 6,
			Help: "Go to an address (0xc000…), an expression (main.cache.byID), a goroutine (g:17) or a type (type:main.Session).",
			Do:   func() { a.openPrompt(promptGoto, "") }},
		{Keys: []Key{char('y')}, Label: "copy", Priority: 10,
			Help: "Copy the address of the selected row, or its name if it has none.",
			Do:   a.copyAddress},
		{Keys: []Key{char('Y')}, Label: "copy path",
			Help: "Copy the expression of the path in the why-alive pane.",
			Do:   func() { a.copy(a.why.expression()) }},
		{Keys: []Key{code(tcell.KeyEscape)}, Label: "back", Priority: 8,
			Help: "End a job, then clear the filter, then close the view.",
			Do: func() {
				if !a.cancelJobs() {
					a.back()
				}
			}},
		{Keys: []Key{char('-'), altKey(tcell.KeyLeft)}, Label: "history back",
			Help:     "Go back to what was shown before.",
			Disabled: func() string { return reasonIf(len(a.history) == 0, "there is nothing before") },
			Do:       func() { a.step(&a.history, &a.future) }},
		{Keys: []Key{altKey(tcell.KeyRight)}, Label: "history forward",
			Help:     "Go forward again.",
			Disabled: func() string { return reasonIf(len(a.future) == 0, "there is nothing after") },
			Do:       func() { a.step(&a.future, &a.history) }},

		{Keys: []Key{char('j'), code(tcell.KeyDown)}, Label: "down",
			Help: "Select the next row.", Do: move(func(*grid) int { return 1 })},
		{Keys: []Key{char('k'), code(tcell.KeyUp)}, Label: "up",
			Help: "Select the previous row.", Do: move(func(*grid) int { return -1 })},
		{Keys: []Key{code(tcell.KeyPgDn), code(tcell.KeyCtrlF)}, Label: "page down",
			Help: "Move down a page.", Do: move(func(g *grid) int { return max(1, g.page) })},
		{Keys: []Key{code(tcell.KeyPgUp), code(tcell.KeyCtrlB)}, Label: "page up",
			Help: "Move up a page.", Do: move(func(g *grid) int { return -max(1, g.page) })},
		{Keys: []Key{code(tcell.KeyCtrlD)}, Label: "half down",
			Help: "Move down half a page.", Do: move(func(g *grid) int { return max(1, g.page/2) })},
		{Keys: []Key{code(tcell.KeyCtrlU)}, Label: "half up",
			Help: "Move up half a page.", Do: move(func(g *grid) int { return -max(1, g.page/2) })},
		{Keys: []Key{char('g'), code(tcell.KeyHome)}, Label: "first",
			Help: "Select the first row.", Do: func() { body().selectRow(0) }},
		{Keys: []Key{char('G'), code(tcell.KeyEnd)}, Label: "last",
			Help: "Select the last row.", Do: func() { body().selectRow(body().len() - 1) }},
	}
	for t := range tabCount {
		long, _ := t.titles()
		actions = append(actions, Action{
			Keys: []Key{char('1' + rune(t))}, Label: long, Help: "Show the view " + long + ".",
			Do: func() { a.open(t) },
		})
	}
	return append(actions,
		Action{Keys: []Key{char('p')}, Label: "problems", Help: "List what could not be read, and the checks against the runtime's own word.",
			Do: func() { a.push(newProblems(a)) }},
		Action{Keys: []Key{char('?'), code(tcell.KeyF1)}, Label: "help", Priority: 1,
			Help: "Show the keys of this view and what the words mean.",
			Do:   func() { a.push(newHelp(a, a.top())) }},
		Action{Keys: []Key{code(tcell.KeyCtrlL)}, Label: "redraw", Help: "Draw the whole screen again.",
			Do: func() { a.screen.Sync() }},
		Action{Keys: []Key{code(tcell.KeyCtrlZ)}, Label: "suspend", Help: "Stop this program until the shell continues it.",
			Do: func() { a.suspend() }},
		Action{Keys: []Key{char('q')}, Label: "quit", Priority: 8,
			Help: "Close the view; quit from the first one, after asking if loading took long.",
			Do:   a.quitKey},
		Action{Keys: []Key{code(tcell.KeyCtrlC)}, Label: "stop",
			Help: "End a job; pressed twice, or while loading, quit at once.",
			Do:   a.interrupt},
	)
}

// turnPhysical shows the insides of maps and channels, or no longer does. The hop
// that was selected stays selected, if it is still shown.
func (a *App) turnPhysical() {
	selected := a.top().subject().node
	a.physical = !a.physical
	switch v := a.top().(type) {
	case *pathView:
		v.selectNode(selected)
	case *list:
		v.enter() // it may have changed
	}
	a.flash(map[bool]string{true: "maps and channels are shown with their parts", false: "maps and channels are shown as one"}[a.physical])
}

func reasonIf(cond bool, reason string) string {
	if cond {
		return reason
	}
	return ""
}

// cancelJobs ends what a person waits for and reports whether there was
// anything.
func (a *App) cancelJobs() bool {
	found := false
	for _, s := range []slot{slotView, slotExpand, slotGoto} {
		found = a.cancelJob(s) || found
	}
	if found {
		a.flash("stopped")
	}
	return found
}

// askAfter is the loading time in seconds from which quitting asks.
const askAfter = 3

func (a *App) quitKey() {
	switch {
	case a.snap == nil:
		a.quit(context.Canceled)
	case len(a.stack) > 1:
		a.visit(a.stack[:len(a.stack)-1])
	case a.loadFor.Seconds() > askAfter:
		a.openPrompt(promptQuit, "")
	default:
		a.quit(nil)
	}
}

func (a *App) interrupt() {
	ctrlC := code(tcell.KeyCtrlC)
	switch {
	case a.snap == nil:
		a.quit(context.Canceled)
	case a.prompt != nil:
		a.closePrompt()
	case a.lastKey == ctrlC:
		a.quit(nil)
	case a.cancelJobs():
	default:
		a.flash("ctrl-c again quits")
	}
}

// copyAddress copies what names the selected row best for another program.
func (a *App) copyAddress() {
	n := a.top().subject().node
	if n == heap.None {
		a.copy(a.selectedText())
		return
	}
	if addr := a.snap.Process.Addr(n); addr != 0 {
		a.copy(fmt.Sprintf("0x%x", addr))
		return
	}
	a.copy(a.clean(a.snap.Process.Name(n)))
}

// selectedText is the main column of the selected row.
func (a *App) selectedText() string {
	g := a.top().grid()
	if g.len() == 0 {
		return ""
	}
	if col := mainColumn(g.rows.columns()); col >= 0 {
		return g.rows.cell(g.selected, col)
	}
	return ""
}

// instancesOf lists the objects of the type of n.
func (a *App) instancesOf(n heap.Node) {
	ids := a.snap.Process.TypeIDs()
	if int(n) >= len(ids) || ids[n] == 0 {
		a.flash("its type: a root has no type of its own")
		return
	}
	a.push(newInstances(a, ids[n:n+1], a.snap.Process.TypeInfo(ids[n]).Name))
}
