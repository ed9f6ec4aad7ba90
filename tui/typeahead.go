package tui

import (
	"github.com/gdamore/tcell/v2"
	"github.com/rivo/tview"
)

// typeahead is the keys that were pressed while a job runs on whose outcome their meaning
// depends. They are done in their order when it has ended.
type typeahead struct {
	keys []*tcell.EventKey
	busy bool // doing them
}

// typeaheadLimit bounds what is kept for a key that is held down.
const typeaheadLimit = 200

// takes keeps a key for later and reports whether it did. What ends a job is done at
// once, and forgets the keys.
func (t *typeahead) takes(a *App, ev *tcell.EventKey) bool {
	k := keyOf(ev)
	if k == code(tcell.KeyEscape) || k == code(tcell.KeyCtrlC) {
		t.keys = nil
		return false
	}
	if t.busy || len(t.keys) == 0 && (!awaited(a) || a.prompt != nil || atOnce(a, k)) {
		return false
	}
	if len(t.keys) < typeaheadLimit {
		t.keys = append(t.keys, ev)
	}
	if a.snap == nil { // there is no status line yet
		a.flash(plural(uint64(len(t.keys)), "key") + " waiting for the end of loading; esc stops it")
	}
	return true
}

// awaited reports whether what is on the screen is about to be something else.
func awaited(a *App) bool {
	if a.snap == nil {
		return a.partial == nil && a.jobs[slotLoad] != nil
	}
	for _, s := range []slot{slotView, slotExpand, slotGoto, slotCut} {
		if a.jobs[s] != nil {
			return true
		}
	}
	return false
}

// atOnce reports whether a key means the same whatever a job brings: it leaves the view,
// or has nothing to do with it.
func atOnce(a *App, k Key) bool {
	action := a.find(k)
	if a.snap == nil {
		return action != nil && action.Disabled == nil
	}
	return action != nil && action.AtOnce
}

// resume does the keys that wait, until one of them starts a job.
func (t *typeahead) resume(a *App) {
	if t.busy {
		return
	}
	t.busy = true
	defer func() { t.busy = false }()
	for len(t.keys) > 0 && !awaited(a) && !a.asked {
		ev := t.keys[0]
		t.keys = t.keys[1:]
		if a.snap == nil {
			t.keys = nil // loading was stopped: they were meant for what is not there
			return
		}
		a.guardKey(ev, func() { a.root.InputHandler()(ev, func(p tview.Primitive) { a.tv.SetFocus(p) }) })
	}
}

// text says how many keys wait, "" for none.
func (t *typeahead) text() string {
	if len(t.keys) == 0 {
		return ""
	}
	return "; " + plural(uint64(len(t.keys)), "key") + " waiting"
}
