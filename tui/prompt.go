package tui

import (
	"context"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"goheap/heap"
)

// promptKind is what is asked for in the status line.
type promptKind int

const (
	promptFilter promptKind = iota
	promptGoto
	promptQuit
)

// prompt is an open question in the status line.
type prompt struct {
	kind  promptKind
	field *tview.InputField
}

func (a *App) openPrompt(kind promptKind, text string) {
	label := map[promptKind]string{
		promptFilter: "filter: ",
		promptGoto:   "go to (0xADDR, expression, g:17, type:T): ",
		promptQuit:   "quit? y/n ",
	}[kind]
	field := tview.NewInputField().SetLabel(label).SetText(text)
	field.SetBackgroundColor(tcell.ColorDefault)
	field.SetLabelStyle(styleStrong)
	field.SetFieldStyle(tcell.StyleDefault)
	p := &prompt{kind, field}
	switch kind {
	case promptFilter:
		field.SetChangedFunc(func(text string) {
			a.top().filter(text)
			a.moved()
		})
	case promptQuit:
		field.SetChangedFunc(func(text string) {
			a.closePrompt()
			if text == "y" || text == "Y" || text == "q" {
				a.quit(nil)
			}
		})
	}
	field.SetDoneFunc(func(key tcell.Key) {
		text := field.GetText()
		a.closePrompt()
		switch {
		case kind == promptFilter && key == tcell.KeyEscape:
			a.top().unfilter()
			a.moved()
		case kind == promptGoto && key == tcell.KeyEnter && text != "":
			a.goTo(text)
		}
	})
	a.prompt = p
	a.tv.SetFocus(field)
}

func (a *App) closePrompt() {
	a.prompt = nil
	a.tv.SetFocus(a.root)
}

// goTo inspects what a target names.
func (a *App) goTo(target string) {
	s := a.snap
	a.start(slotGoto, "looking for "+a.clean(target), func(ctx context.Context) (func(), error) {
		n, err := s.Find(ctx, target)
		if err != nil {
			return nil, err
		}
		return func() { a.inspect(n) }, nil
	})
}

// inspect opens the inspector on an object, or the frames of a goroutine.
func (a *App) inspect(n heap.Node) {
	if g := a.goroutineOf(n); g >= 0 {
		a.push(newFrames(a, g))
		return
	}
	a.push(newInspector(a, n))
}

// goroutineOf returns the place of a goroutine's node in the process's
// Goroutines, -1 if n is none.
func (a *App) goroutineOf(n heap.Node) int {
	if !a.snap.Graph.IsRoot(n) {
		return -1
	}
	for i, g := range a.snap.Process.Goroutines() {
		if g.Node == n {
			return i
		}
	}
	return -1
}
