package tui

import (
	"github.com/gdamore/tcell/v2"

	"goheap/report"
)

// section is actions that belong together in the help.
type section struct {
	title   string
	actions []Action
}

// globalSections are the keys that every view has.
func globalSections(a *App) []section {
	return []section{
		{"the selected row", rowActions(a)},
		{"the path that keeps it alive", pathActions(a)},
		{"the rows", tableActions(a)},
		{"moving", moveActions(a)},
		{"views and questions", viewActions(a)},
		{"the program", programActions(a)},
	}
}

func pathActions(a *App) []Action {
	return []Action{
		{Keys: []Key{char(']')}, Label: "next path", Priority: 7, Disabled: a.why.alone,
			Help: "Show the next path from a root in the why-alive pane.",
			Do:   func() { a.why.turn(1) }},
		{Keys: []Key{char('[')}, Label: "previous path", Disabled: a.why.alone,
			Help: "Show the previous path from a root in the why-alive pane.",
			Do:   func() { a.why.turn(-1) }},
		{Keys: []Key{char('r')}, Label: "raw hops", Priority: 10,
			Help: "Show each part of maps and channels as a hop and a type of its own, or each map and channel as one.",
			Do:   a.turnPhysical},
	}
}

func tableActions(a *App) []Action {
	return []Action{
		{Keys: []Key{char('/')}, Label: "filter", Priority: 4, Disabled: func() string { return filterOf(a.top()).filterable() },
			Help: "Show only rows with a text: a part of it, whatever the case, a regular expression as /re/, or an expression as =retained > 1MiB; among objects of a type also over their fields, as =len(items) > 100.",
			Do:   func() { a.openPrompt(promptFilter, filterOf(a.top()).filterText()) }},
		{Keys: []Key{char('s')}, Label: "sort", Priority: 5, Disabled: func() string { return sortOf(a.top()).sortable() },
			Help: "Sort by the next column; among fields, the entries of a map by key.",
			Do:   func() { sortOf(a.top()).sort(false) }},
		{Keys: []Key{char('S')}, Label: "reverse", Disabled: func() string { return sortOf(a.top()).sortable() },
			Help: "Sort the other way round.",
			Do:   func() { sortOf(a.top()).sort(true) }},
		{Keys: []Key{char('b')}, Label: "bytes",
			Help: "Show sizes to the byte, or rounded.",
			Do:   a.turnExact},
		{Keys: []Key{char('e')}, Label: "export", Disabled: func() string { return reasonIf(a.top().grid().len() == 0, "there are no rows") },
			Help: "Write the rows of this view to a file: CSV, or JSON if its name ends in .json.",
			Do:   func() { a.openPrompt(promptExport, "") }},
	}
}

func moveActions(a *App) []Action {
	body := func() *grid { return a.top().grid() }
	move := func(by func(g *grid) int) func() {
		return func() { g := body(); g.move(by(g)) }
	}
	// On a map, up and down have a direction.
	step := func(by int) func() {
		return func() {
			if p, ok := a.top().(planar); ok {
				p.step(0, by)
			} else {
				body().move(by)
			}
		}
	}
	return []Action{
		{Keys: []Key{char('j'), code(tcell.KeyDown)}, Label: "down", Help: "Select the next row.", Do: step(1)},
		{Keys: []Key{char('k'), code(tcell.KeyUp)}, Label: "up", Help: "Select the previous row.", Do: step(-1)},
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
}

func viewActions(a *App) []Action {
	var actions []Action
	for t := range tabCount {
		k := &a.kinds[t]
		actions = append(actions, Action{Keys: append([]Key{char('1' + rune(t))}, k.keys...), Label: k.title, Help: k.help, Do: func() { a.open(t) }, AtOnce: true})
	}
	return append(actions,
		Action{Keys: []Key{char(':')}, Label: "go to", Priority: 6,
			Help: "Go to an address (0xc000…), an expression (main.cache.byID), a goroutine (g:17), a type (type:main.Session) or a place (types?filter=Session).",
			Do:   func() { a.openPrompt(promptGoto, "") }},
		Action{Keys: []Key{char('=')}, Label: "query", Priority: 10,
			Help: `List the live objects for which an expression holds: retained > 1MiB && type contains "Session".`,
			Do:   func() { a.openPrompt(promptQuery, "") }},
		Action{Keys: []Key{char('F')}, Label: "find",
			Help: "Find the live objects that hold a text, or a pointer to an address (0xc000…).",
			Do:   func() { a.openPrompt(promptFind, "") }},
		Action{Keys: []Key{char('0')}, Label: "memory",
			Help: "Show where the memory of the process went, outside the heap too.",
			Do:   func() { a.push(newMemory(a)) }},
		Action{Keys: []Key{char('A')}, Label: "allocations",
			Help: "Show which lines allocated what is alive, by the objects that the memory profiler sampled.",
			Do:   func() { a.push(newSites(a)) }},
		Action{Keys: []Key{char('W')}, Label: "waste",
			Help: "Show which bytes of live objects are of no use.",
			Do:   func() { a.push(newWaste(a)) }},
		Action{Keys: []Key{char('L')}, Label: "later",
			Help: "Show what is put off or kept for later: finalizers, timers, pools, contexts.",
			Do:   func() { a.push(newLater(a)) }},
		Action{Keys: []Key{char('\'')}, Label: "bookmarks",
			Help: "List the bookmarks of this file.",
			Do:   func() { a.push(newBookmarks(a)) }},
		Action{Keys: []Key{char('-'), altKey(tcell.KeyLeft)}, Label: "history back",
			Help:     "Go back to what was shown before.",
			Disabled: func() string { return reasonIf(len(a.history) == 0, "there is nothing before") },
			Do:       func() { a.trail.back(); a.entered() }},
		Action{Keys: []Key{altKey(tcell.KeyRight)}, Label: "history forward",
			Help:     "Go forward again.",
			Disabled: func() string { return reasonIf(len(a.future) == 0, "there is nothing after") },
			Do:       func() { a.trail.forth(); a.entered() }},
		Action{Keys: []Key{code(tcell.KeyEscape)}, Label: "back", Priority: 8, Now: func() string { return backName(a) },
			Help: "End a job, then clear the filter, then close the view.",
			Do: func() {
				if !a.cancelJobs() {
					a.back()
				}
			}},
	)
}

func programActions(a *App) []Action {
	return []Action{
		{Keys: []Key{char('?'), code(tcell.KeyF1)}, Label: "help", Priority: 1,
			Help: "Show the keys of this view and what the words mean.",
			Do:   func() { a.push(newHelp(a, a.top())) }},
		{Keys: []Key{char('n')}, Label: "skip", Help: "Have the step of the tour done, and go on to the next one.",
			Disabled: func() string { return reasonIf(a.tour.lines() == 0, "there is no tour; goheap tour FILE starts one") },
			Do:       func() { a.tour.skip(a) }},
		{Keys: []Key{char('R')}, Label: "runtime's own",
			Help:     "Load the file anew with the runtime's own tables and pointers shown as holdings, or without them, and come back here; marks are lost.",
			Disabled: func() string { return reasonIf(a.opt.Reload == nil, "the file cannot be loaded anew") },
			Do:       func() { a.quit(reload{a.location()}) }},
		{Keys: []Key{code(tcell.KeyCtrlL)}, Label: "redraw", AtOnce: true, Help: "Draw the whole screen again.",
			Do: func() { a.screen.Sync() }},
		{Keys: []Key{code(tcell.KeyCtrlZ)}, Label: "suspend", AtOnce: true, Help: "Stop this program until the shell continues it.",
			Do: func() { a.suspend() }},
		{Keys: []Key{char('q')}, Label: "quit", Priority: 8, AtOnce: true, Now: func() string { return quitName(a) },
			Help: "Close the view; quit from the first one, after asking if loading took long.",
			Do:   a.quitKey},
		{Keys: []Key{code(tcell.KeyCtrlC)}, Label: "stop",
			Help: "End a job; pressed twice, quit at once.",
			Do:   a.interrupt},
	}
}

// backName is what esc does now, "" for nothing.
func backName(a *App) string {
	v := a.top()
	switch m, isMap := v.(*treemap); {
	case awaited(a):
		return "stop"
	case isMap && len(m.path) > 0:
		return "zoom out"
	case filterOf(v).filterText() != "":
		return "clear filter"
	case len(a.stack) > 1:
		return "back"
	}
	return ""
}

// quitName is what q does now.
func quitName(a *App) string {
	if len(a.stack) > 1 {
		return "close"
	}
	return "quit"
}

// turnPhysical shows the insides of maps and channels, or no longer does. The hop
// that was selected stays selected, if it is still shown.
func (a *App) turnPhysical() {
	selected := a.top().subject().node
	a.physical = !a.physical
	if v, ok := a.top().(rawHops); ok {
		v.turned(selected)
	}
	a.flash(map[bool]string{true: "maps and channels are shown with their parts", false: "maps and channels are shown as one"}[a.physical])
}

// turnExact shows sizes to the byte, or rounded.
func (a *App) turnExact() {
	a.exact = !a.exact
	a.top().grid().forget(report.Bytes)
	a.flash(map[bool]string{true: "sizes are shown to the byte", false: "sizes are rounded"}[a.exact])
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
	for _, s := range []slot{slotView, slotExpand, slotGoto, slotAsk} {
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
	case a.prompt != nil:
		a.closePrompt()
	case a.lastKey == ctrlC:
		a.quit(nil)
	case a.cancelJobs():
	default:
		a.flash("ctrl-c again quits")
	}
}
