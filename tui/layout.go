package tui

// The smallest screen on which anything but a plea for room is drawn.
const (
	minWidth  = 60
	minHeight = 15
)

// besideWidth is the width from which the why-alive pane stands beside the
// list: a list and a chain are readable side by side in 80 columns each.
const besideWidth = 160

// rect is a part of the screen in cells.
type rect struct{ x, y, w, h int }

func (r rect) contains(x, y int) bool {
	return x >= r.x && x < r.x+r.w && y >= r.y && y < r.y+r.h
}

// layout says where everything stands on a screen of some size. The parts do
// not overlap and lie within the screen.
type layout struct {
	tooSmall bool
	identity rect // one line: the file and its totals
	tabs     rect // one line: the numbered views
	crumbs   rect // one line: the way to this view
	list     rect
	why      rect // empty where the view has no why-alive pane
	beside   bool // the pane is right of the list, a column apart
	note     rect // lines for the tour, none without one
	status   rect // one line: the state of the list, a message, or the prompt
	footer   rect // one line: keys
}

// arrange lays out a screen of w by h cells with note lines for the tour. Its
// result depends on nothing else.
func arrange(w, h int, why bool, note int) layout {
	if w < minWidth || h < minHeight {
		return layout{tooSmall: true}
	}
	if h < minHeight+note {
		note = 0 // the rows come first
	}
	l := layout{
		identity: rect{0, 0, w, 1},
		tabs:     rect{0, 1, w, 1},
		crumbs:   rect{0, 2, w, 1},
		list:     rect{0, 3, w, h - 5 - note},
		note:     rect{0, h - 2 - note, w, note},
		status:   rect{0, h - 2, w, 1},
		footer:   rect{0, h - 1, w, 1},
	}
	switch body := l.list; {
	case !why:
	case w >= besideWidth:
		l.beside = true
		l.list.w = body.w * 11 / 20
		l.why = rect{l.list.w + 1, body.y, body.w - l.list.w - 1, body.h}
	default:
		height := min(max(body.h*2/5, 5), 14)
		l.list.h -= height
		l.why = rect{0, body.y + l.list.h, w, height}
	}
	return l
}
