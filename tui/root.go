package tui

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// root is the primitive that fills the terminal. It draws everything and
// receives every key.
type root struct {
	*tview.Box
	app    *App
	last   layout // of the last draw, for the mouse
	tabEnd [tabCount]int
}

func newRoot(a *App) *root {
	r := &root{Box: tview.NewBox(), app: a}
	r.SetBackgroundColor(tcell.ColorDefault)
	r.SetInputCapture(func(ev *tcell.EventKey) *tcell.EventKey {
		if a.key(ev) {
			return nil
		}
		return ev
	})
	return r
}

// HasFocus is always true: tview sends keys nowhere else.
func (r *root) HasFocus() bool { return true }

// InputHandler passes on what SetInputCapture left: keys for the prompt.
func (r *root) InputHandler() func(*tcell.EventKey, func(tview.Primitive)) {
	return r.WrapInputHandler(func(ev *tcell.EventKey, setFocus func(tview.Primitive)) {
		if p := r.app.prompt; p != nil {
			p.field.InputHandler()(ev, setFocus)
			r.app.updateAnimated()
		}
	})
}

// PasteHandler lets a text be pasted into the prompt and nowhere else: it would
// be read as commands.
func (r *root) PasteHandler() func(string, func(tview.Primitive)) {
	return r.WrapPasteHandler(func(text string, setFocus func(tview.Primitive)) {
		if p := r.app.prompt; p != nil {
			p.field.PasteHandler()(strings.TrimSpace(text), setFocus)
		} else if r.app.snap != nil {
			r.app.flash("press : or / before pasting")
		}
	})
}

// MouseHandler selects rows and views.
func (r *root) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	return r.WrapMouseHandler(func(action tview.MouseAction, ev *tcell.EventMouse, _ func(tview.Primitive)) (bool, tview.Primitive) {
		a := r.app
		if a.snap == nil || a.prompt != nil || r.last.tooSmall {
			return false, nil
		}
		x, y := ev.Position()
		grid := a.top().grid()
		switch action {
		case tview.MouseScrollDown:
			grid.move(3)
		case tview.MouseScrollUp:
			grid.move(-3)
		case tview.MouseLeftClick, tview.MouseLeftDoubleClick:
			switch {
			case r.last.tabs.contains(x, y):
				for t, end := range r.tabEnd {
					if x < end {
						a.open(tab(t))
						break
					}
				}
			case r.last.list.contains(x, y):
				row := grid.rowAt(y - r.last.list.y)
				if p, ok := a.top().(planar); ok {
					row = p.at(x, y)
				}
				if row < 0 {
					return false, nil
				}
				grid.selectRow(row)
				if action == tview.MouseLeftDoubleClick {
					a.top().open()
				}
			}
		default:
			return false, nil
		}
		a.message = ""
		a.moved()
		a.updateAnimated()
		return true, nil
	})
}

// Draw draws the whole screen.
func (r *root) Draw(screen tcell.Screen) {
	a := r.app
	_, _, w, h := r.GetRect()
	v := a.top()
	l := arrange(w, h, whyFits(v, h), a.tour.lines())
	r.last = l
	if l.tooSmall {
		put(screen, 0, 0, w, fmt.Sprintf("terminal too small (%dx%d needed)", minWidth, minHeight), tcell.StyleDefault)
		return
	}
	left, right := r.identity()
	room := w - 2 - width(right) - 2
	put(screen, 1, l.identity.y, room, cut(left, room, a.sym.cut), a.sym.strong)
	put(screen, w-1-width(right), l.identity.y, width(right), right, tcell.StyleDefault)
	if v == nil {
		r.drawLoading(screen, l)
		return
	}
	r.drawTabs(screen, l.tabs, v)
	r.drawCrumbs(screen, l.crumbs)

	list := l.list
	for _, line := range v.facts(list.w-2, max(0, list.h/3)) {
		if list.h <= l.list.h*2/3 {
			break
		}
		put(screen, list.x+1, list.y, list.w-2, cut(line, list.w-2, a.sym.cut), tcell.StyleDefault)
		list.y, list.h = list.y+1, list.h-1
	}
	r.last.list = list
	if p, ok := v.(planar); ok {
		p.paint(screen, list)
	} else {
		marked := a.marks.in(v)
		if missing, cols := v.grid().draw(screen, list, &a.sym, a.budget, marked); len(missing) > 0 && a.fetch(v.grid(), missing, cols) {
			v.grid().draw(screen, list, &a.sym, a.budget, marked)
		}
	}
	if v.grid().len() == 0 {
		text := "nothing to show"
		if l := listOf(v); l != nil && l.empty != "" {
			text = l.empty
		}
		switch {
		case a.jobs[slotView] != nil:
			text = a.jobs[slotView].what + " " + a.sym.cut
		case !v.hasWhy() && !a.why.ready:
			text = "searching " + a.sym.cut
		case filterOf(v).filterText() != "":
			text = "no row has " + a.clean(filterOf(v).filterText()) + " (esc clears the filter)"
		}
		put(screen, list.x+1, list.y+header, list.w-2, text, a.sym.faint)
	}
	if l.why.h > 0 {
		if l.beside {
			for y := l.why.y; y < l.why.y+l.why.h; y++ {
				fill(screen, l.why.x-1, y, 1, a.sym.vertical, a.sym.faint)
			}
		}
		a.why.draw(screen, l.why)
	}
	a.tour.draw(a, screen, l.note)
	r.drawStatus(screen, l.status, v)
	r.drawFooter(screen, l.footer, v)
}

// drawTabs names the numbered views: in full, in short, or where there is little
// room only the one that is shown.
func (r *root) drawTabs(screen tcell.Screen, at rect, v view) {
	names := func(length int, t tab) string {
		switch k := &r.app.kinds[t]; {
		case length == 0 || length == 2 && t == v.tab():
			return k.title
		case length == 1:
			return k.short
		}
		return ""
	}
	text := func(length int, t tab) string {
		name := names(length, t)
		if name != "" {
			name = " " + name
		}
		if t == v.tab() {
			return fmt.Sprintf("[%d%s]", t+1, name)
		}
		return fmt.Sprintf(" %d%s ", t+1, name)
	}
	length := 0
	for ; length < 2; length++ {
		total := -1
		for t := range tabCount {
			total += width(text(length, t)) + 1
		}
		if total <= at.w {
			break
		}
	}
	x := at.x
	for t := range tabCount {
		style := tcell.StyleDefault
		if t == v.tab() {
			style = r.app.sym.header
		}
		x += put(screen, x, at.y, at.w-x, text(length, t), style) + 1
		r.tabEnd[t] = x
	}
}

// drawCrumbs says the way to this view; where it is long, the last steps.
func (r *root) drawCrumbs(screen tcell.Screen, at rect) {
	a := r.app
	text := ""
	for i := len(a.stack) - 1; i >= 0; i-- {
		next := a.clean(a.stack[i].name())
		if text != "" {
			next += " > "
		}
		if width(next)+width(text) > at.w-7 && text != "" {
			text = "... > " + text
			break
		}
		text = next + text
	}
	put(screen, at.x+1, at.y, at.w-2, cutMiddle(text, at.w-2, a.sym.cut), tcell.StyleDefault)
}

func (r *root) drawStatus(screen tcell.Screen, at rect, v view) {
	a := r.app
	if p := a.prompt; p != nil {
		p.field.SetRect(at.x+1, at.y, at.w-2, 1)
		p.field.Draw(screen)
		return
	}
	text, style := v.status(), a.sym.faint
	if busy := a.busy(); busy != "" {
		text = busy + " " + a.sym.cut + "  (esc stops" + a.typed.text() + ")"
	}
	if a.gone != nil {
		text, style = a.clean(a.gone.Error()), a.sym.strong
	}
	if a.message != "" {
		text, style = a.message, a.sym.strong
	}
	put(screen, at.x+1, at.y, at.w-2, cut(text, at.w-2, a.sym.cut), style)
}

// drawFooter shows the actions that fit, the most important ones; what cannot
// be done now stays, in brackets, so that keys do not move.
func (r *root) drawFooter(screen tcell.Screen, at rect, v view) {
	r.drawActions(screen, at, append(append([]Action(nil), v.actions()...), r.app.global...))
}

func (r *root) drawActions(screen tcell.Screen, at rect, all []Action) {
	label := func(act *Action) string {
		if act.Now != nil {
			return act.Now()
		}
		return act.Label
	}
	text := func(act *Action) string { return act.Keys[0].String() + " " + label(act) }
	room, chosen := at.w-2, map[int]bool{}
	for priority := 1; priority <= 10; priority++ {
		for i := range all {
			if need := width(text(&all[i])) + 2; all[i].Priority == priority && need <= room+2 && label(&all[i]) != "" {
				chosen[i] = true
				room -= need
			}
		}
	}
	x := at.x + 1
	for i := range all {
		if chosen[i] {
			style := tcell.StyleDefault
			x += put(screen, x, at.y, at.w-1-x, all[i].Keys[0].String(), r.app.sym.strong)
			if all[i].Disabled != nil && all[i].Disabled() != "" {
				style = r.app.sym.faint
			}
			x += put(screen, x, at.y, at.w-1-x, " "+label(&all[i])+"  ", style)
		}
	}
}

// identity is the first line: what is looked at.
func (r *root) identity() (left, right string) {
	a := r.app
	left = "goheap  " + a.clean(filepath.Base(a.opt.Title))
	if a.snap == nil {
		return left, ""
	}
	if a.opt.Runtime {
		left += "  with the runtime's own"
	}
	src := a.snap.Process.Source()
	left += "  " + a.clean(strings.TrimSpace(src.GoVersion+" "+src.OS+"/"+src.Arch))
	objects, bytes := a.snap.Live()
	return left, a.bytes(bytes) + " live  " + plural(objects, "object")
}

// listWidth is the width in which the grid on top is drawn.
func (r *root) listWidth() int {
	_, _, w, h := r.GetRect()
	return arrange(w, h, whyFits(r.app.top(), h), r.app.tour.lines()).list.w
}

// whyFits reports whether a view has its why-alive pane on a screen of some height.
func whyFits(v view, height int) bool {
	if v == nil || !v.hasWhy() {
		return false
	}
	t, ok := v.(tall)
	return !ok || height >= t.whyFrom()
}
