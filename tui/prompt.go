package tui

import (
	"context"
	"slices"

	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"

	"goheap/heap"
	"goheap/report"
)

// promptKind is what is asked for in the status line.
type promptKind int

const (
	promptFilter promptKind = iota
	promptGoto
	promptQuery
	promptFind
	promptExport
	promptNote
	promptQuit
)

// prompt is an open question in the status line.
type prompt struct {
	kind  promptKind
	field *tview.InputField
}

func (a *App) openPrompt(kind promptKind, text string) {
	label := map[promptKind]string{
		promptFilter: "filter (text, /re/, =expression): ",
		promptGoto:   "go to (0xADDR, expression, g:17, type:T): ",
		promptQuery:  "objects for which: ",
		promptFind:   "find (text or 0xADDR): ",
		promptExport: "write the rows to (.csv or .json): ",
		promptNote:   "note: ",
		promptQuit:   "quit? y/n ",
	}[kind]
	if kind == promptFilter && text != "" {
		label = "filter: " // there is no need of the forms
	}
	field := tview.NewInputField().SetLabel(label).SetText(text)
	field.SetBackgroundColor(tcell.ColorDefault)
	field.SetLabelStyle(a.sym.strong)
	field.SetFieldStyle(tcell.StyleDefault)
	p := &prompt{kind, field}
	switch kind {
	case promptFilter:
		field.SetChangedFunc(func(text string) {
			field.SetLabel("filter: ") // the forms are known by now
			a.message = ""             // what was wrong before the last key
			filterOf(a.top()).filter(text)
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
	said, at := a.said[kind], len(a.said[kind])
	field.SetInputCapture(func(ev *tcell.EventKey) *tcell.EventKey {
		by := map[tcell.Key]int{tcell.KeyUp: -1, tcell.KeyDown: 1}[ev.Key()]
		if by == 0 {
			return ev
		}
		if at = max(0, min(at+by, len(said))); at < len(said) {
			field.SetText(said[at])
		} else {
			field.SetText("")
		}
		return nil
	})
	field.SetDoneFunc(func(key tcell.Key) {
		text := field.GetText()
		a.closePrompt()
		if key == tcell.KeyEnter {
			a.said.remember(kind, text)
		}
		if key != tcell.KeyEnter {
			if kind == promptFilter && key == tcell.KeyEscape {
				filterOf(a.top()).unfilter()
				a.moved()
			}
			return
		}
		a.answer(kind, text)
	})
	a.prompt = p
	a.tv.SetFocus(field)
}

// said is what was answered to each question before, the last one last.
type said map[promptKind][]string

// saidLimit bounds what is remembered of the answers to a question.
const saidLimit = 100

// remember keeps an answer, for the keys up and down.
func (s said) remember(kind promptKind, text string) {
	if text == "" || kind == promptQuit {
		return
	}
	all := slices.DeleteFunc(slices.Clone(s[kind]), func(have string) bool { return have == text })
	all = append(all, text)
	s[kind] = all[max(0, len(all)-saidLimit):]
}

// answer does what was asked for with a text.
func (a *App) answer(kind promptKind, text string) {
	if text == "" && kind != promptNote {
		return
	}
	switch kind {
	case promptGoto:
		a.goTo(text)
	case promptQuery:
		a.query(text)
	case promptFind:
		a.findText(text)
	case promptExport:
		a.export(text)
	case promptNote:
		a.addBookmark(text)
	}
}

func (a *App) closePrompt() {
	a.prompt = nil
	a.tv.SetFocus(a.root)
}

// showTypes looks for a type and shows it.
func showTypes(a *App, name string, show func(row report.TypeRow)) {
	s := a.snap
	a.start(slotGoto, "looking for "+a.clean(name), func(ctx context.Context) (func(), error) {
		for _, of := range []func(context.Context) ([]report.TypeRow, error){s.FoldedTypes, s.Types} {
			rows, err := of(ctx)
			if err != nil {
				return nil, err
			}
			for _, row := range rows {
				if row.Name == name {
					return func() { show(row) }, nil
				}
			}
		}
		return func() { a.flash("no live object has the type " + name) }, nil
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

// inspectAt opens a page of the inspector.
func (a *App) inspectAt(n heap.Node, at page) {
	a.push(newInspectorAt(a, n, at))
}
