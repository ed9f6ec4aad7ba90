package tui

import (
	"fmt"

	"github.com/gdamore/tcell/v2"

	"goheap/heap"
)

// tour guides a person through the views. A nil one is none.
type tour struct {
	step int
	off  bool // it was ended
}

// tourLines is the height of what the tour says, with the rule above it.
const tourLines = 3

// tourStep is what a person is asked to do, and whether it was done.
type tourStep struct {
	text string
	done func(a *App) bool
	do   func(a *App) // what the person is asked to, for who skips the step
}

// tourSteps lead from the whole heap to a pointer that can be cut, and to the
// goroutines.
func tourSteps() []tourStep {
	at := func(place string) func(a *App) bool {
		return func(a *App) bool {
			kind, _ := a.top().where()
			return kind == place
		}
	}
	return []tourStep{
		{"This is who holds the memory. Press j for the line that says where the first one has it, then enter to see that in the dominator tree.",
			at("dominators"), func(a *App) {
				a.open(tabOverview)
				a.top().grid().selectRow(1)
				a.top().open()
			}},
		{"A row alone keeps alive what is below it. The pane says through which fields a root holds the selected row. Press w to see that chain row by row.",
			at("path"), func(a *App) {
				if s := a.top().subject(); s.node != heap.None {
					a.push(newPath(a, s))
				}
			}},
		{"All below a hop with * hangs on it. Go down to a hop with j and press x: what would be freed without that pointer, and what else holds the object?",
			func(a *App) bool { return a.why.left != nil }, func(a *App) {
				if v, ok := a.top().(*pathView); ok && len(v.hops()) > 0 {
					v.body.selectRow(1)
					v.cut()
				}
			}},
		{"That is the answer, to the byte; u gives the pointer back. Press 5 to see the goroutines, those with the same stack as one row: a leak is many of them.",
			func(a *App) bool { return a.top().tab() == tabGoroutines }, func(a *App) { a.open(tabGoroutines) }},
		{"Press enter to list the goroutines of the first row, and enter again for the frames of one and the variables that hold memory.",
			at("frames"), func(a *App) {
				a.open(tabGoroutines)
				if g := a.goroutineOf(a.top().subject().node); g >= 0 {
					a.push(newFrames(a, g))
				}
			}},
	}
}

// lines is how much room the tour takes.
func (t *tour) lines() int {
	if t == nil || t.off {
		return 0
	}
	return tourLines
}

// advance goes on to the next step once the person has done what was asked.
func (t *tour) advance(a *App) {
	if t == nil || t.off || a.snap == nil {
		return
	}
	steps := tourSteps()
	if t.step < len(steps) && steps[t.step].done(a) {
		t.step++
	}
}

// skip does what the step asks for and goes on; after the last step it ends the tour.
func (t *tour) skip(a *App) {
	steps, at := tourSteps(), t.step
	if at >= len(steps) {
		t.off = true
		return
	}
	if !steps[at].done(a) {
		steps[at].do(a)
	}
	if t.advance(a); t.step == at {
		t.step++
	}
}

func (t *tour) draw(a *App, screen tcell.Screen, r rect) {
	if r.h == 0 {
		return
	}
	steps := tourSteps()
	title, text := fmt.Sprintf(" Tour, step %d of %d ", t.step+1, len(steps)), "That was the tour. ? lists all keys with what they do, and what the words mean; q quits. n ends the tour."
	if t.step < len(steps) {
		text = steps[t.step].text
	} else {
		title = " Tour "
	}
	fill(screen, r.x, r.y, r.w, a.sym.rule, a.sym.faint)
	put(screen, r.x+2, r.y, r.w-4, title, a.sym.mark)
	const skip = " n skips "
	put(screen, r.x+r.w-2-len(skip), r.y, len(skip), skip, tcell.StyleDefault)
	for i, line := range wrap(text, r.w-2, r.h-1) {
		put(screen, r.x+1, r.y+1+i, r.w-2, line, a.sym.strong)
	}
}
