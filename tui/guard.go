package tui

import (
	"errors"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"goheap/gocore"
)

// guarded is the root as tview has it. Views read the program's memory wherever they
// draw and whatever they do, so that all that tview calls of them goes through guard.
type guarded struct{ *root }

func (g guarded) Draw(screen tcell.Screen) {
	if !g.app.guard(func() { g.root.Draw(screen) }) {
		g.drawGone(screen)
	}
}

func (g guarded) InputHandler() func(*tcell.EventKey, func(tview.Primitive)) {
	return func(ev *tcell.EventKey, setFocus func(tview.Primitive)) {
		g.app.guardKey(ev, func() { g.root.InputHandler()(ev, setFocus) })
	}
}

func (g guarded) PasteHandler() func(string, func(tview.Primitive)) {
	return func(text string, setFocus func(tview.Primitive)) {
		g.app.guard(func() { g.root.PasteHandler()(text, setFocus) })
	}
}

func (g guarded) MouseHandler() func(tview.MouseAction, *tcell.EventMouse, func(tview.Primitive)) (bool, tview.Primitive) {
	return func(action tview.MouseAction, ev *tcell.EventMouse, setFocus func(tview.Primitive)) (taken bool, capture tview.Primitive) {
		taken = true
		g.app.guard(func() { taken, capture = g.root.MouseHandler()(action, ev, setFocus) })
		return taken, capture
	}
}

// guard runs f, which may read the program's memory, on the event loop, and reports
// whether it could: where the file has been cut, it says so on the screen. Other
// panics go on to run, which restores the terminal.
func (a *App) guard(f func()) bool {
	err := gocore.Guard(func() error {
		f()
		return nil
	})
	if err != nil {
		a.failed(err)
	}
	return err == nil
}

// guardKey is guard for what a key does. A view that cannot even be left is no reason
// to stay.
func (a *App) guardKey(ev *tcell.EventKey, f func()) {
	quits := keyOf(ev) == code(tcell.KeyCtrlC) || keyOf(ev) == char('q') && a.prompt == nil
	if !a.guard(f) && quits {
		a.quit(a.gone)
	}
}

// failed shows an error until the next key.
func (a *App) failed(err error) {
	a.noteGone(err)
	a.flash(err.Error())
}

// noteGone keeps the error that the file has been cut, which stays in the status line:
// from then on what is shown may lack something.
func (a *App) noteGone(err error) {
	if errors.Is(err, gocore.ErrChanged) {
		a.gone = err
	}
}

// guardWork runs the work of a job, off the event loop, where a page that has vanished
// is an error like others.
func guardWork[T any](work func() (T, error)) (done T, err error) {
	err = gocore.Guard(func() (err error) {
		done, err = work()
		return err
	})
	return done, err
}

// drawGone stands in the place of a view that could not be drawn.
func (r *root) drawGone(screen tcell.Screen) {
	a := r.app
	_, _, w, h := r.GetRect()
	for y := range h {
		fill(screen, 0, y, w, ' ', tcell.StyleDefault)
	}
	for i, line := range wrap(a.clean(a.gone.Error()), w-2, max(1, h-2)) {
		put(screen, 1, i, w-2, line, a.sym.strong)
	}
	put(screen, 1, h-1, w-2, "q closes this view, and then the program", tcell.StyleDefault)
}
