package tui

import (
	"fmt"
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"

	"goheap/internal/progress"
)

// drawLoading shows the phases of loading, the last ones if not all fit.
func (r *root) drawLoading(screen tcell.Screen, l layout) {
	a := r.app
	if a.partial != nil {
		a.partial.draw(a, screen, l)
		r.drawActions(screen, l.footer, loadingActions(a))
		return
	}
	put(screen, l.crumbs.x+1, l.crumbs.y, l.crumbs.w-2, "Loading "+a.clean(a.opt.Title), tcell.StyleDefault)
	states := a.tracker.Snapshot()
	area := rect{l.list.x + 4, l.list.y + 1, l.list.w - 8, l.list.h - 2}
	if len(states) > area.h {
		states = states[len(states)-area.h:]
	}
	for i, s := range states {
		put(screen, area.x, area.y+i, area.w, cut(a.sym.phaseLine(s), area.w, a.sym.cut), tcell.StyleDefault)
	}
	put(screen, l.status.x+1, l.status.y, l.status.w-2, a.message, a.sym.strong)
	r.drawActions(screen, l.footer, loadingActions(a)[:1])
	const quit = "ctrl-c quits"
	put(screen, l.footer.x+l.footer.w-1-len(quit), l.footer.y, len(quit), quit, tcell.StyleDefault)
}

// Widths in the lines of the phases: one of a long phase fits in 72 cells.
const (
	phaseName = 20
	barWidth  = 20
)

// phaseLine is one phase: its name, how far it is, how long it took or will
// take.
func (l *look) phaseLine(s progress.State) string {
	line := pad(cut(s.Name, phaseName, l.cut), phaseName, false) + "  "
	switch {
	case s.Finished:
		return "[done]  " + line + pad(elapsed(s.Elapsed), 8, true)
	case s.Total > 0:
		done := min(max(s.Done, 0), s.Total)
		filled := int(float64(done) / float64(s.Total) * barWidth)
		line += strings.Repeat(l.bar, filled) + strings.Repeat(l.rest, barWidth-filled)
		line += fmt.Sprintf(" %3d %%", int(float64(done)/float64(s.Total)*100))
		if left := timeLeft(s.Elapsed, done, s.Total); left > 0 {
			line += "  " + elapsed(left) + " left"
		}
	default:
		line += pad(elapsed(s.Elapsed), 8, true)
		if s.Done > 0 {
			line += "  " + countText(uint64(s.Done)) + " done"
		}
	}
	return "[run ]  " + line
}

// timeLeft extrapolates; 0 where too little is done to say.
func timeLeft(spent time.Duration, done, total int64) time.Duration {
	if done*50 < total || done >= total || spent < time.Second/2 {
		return 0
	}
	return time.Duration(float64(spent) / float64(done) * float64(total-done))
}
