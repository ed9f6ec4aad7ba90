package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gdamore/tcell/v2"

	"goheap/gocore"
	"goheap/heap"
	"goheap/report"
)

// pathsAsked is how many paths from roots are looked for.
const pathsAsked = 8

// hop is a line of a chain: a step of a path, or several equal steps, of which
// it has the first. Its texts are clean.
type hop struct {
	node      heap.Node
	from      heap.Node // what points to it in memory, heap.SuperRoot for a root
	expr      string    // what the step adds to the expression, or its physical name; the root's name in the first
	typ       string
	detail    string // the frame and variable of a goroutine's step
	addr      uint64
	retained  uint64
	dominates bool // the target cannot live without it
	times     int  // equal steps that follow each other
}

// chain is a path from a root to an object.
type chain struct {
	expression string
	hops       []hop // the root first; a map or channel is one hop
	raw        []hop // the same with the parts of maps and channels
}

// lines are the hops as they are shown now.
func (c *chain) lines(physical bool) []hop {
	if physical {
		return c.raw
	}
	return c.hops
}

// whyPane shows why something is alive: chains from a root, the root on top.
type whyPane struct {
	app    *App
	about  subject
	set    bool // about was set
	chains []chain
	site   string // where the object was allocated, clean; "" unknown
	ready  bool   // the first chain was looked for
	all    bool   // the others were too
	more   bool   // the search was cut short
	at     int

	cuts []severed         // pointers that a person took away
	left *report.CutAnswer // what that frees; nil: not yet known, or nothing is cut

	searching bool // a worker looks for other chains, perhaps of an earlier subject
}

// severed is a pointer that is taken away to see what else holds an object.
type severed struct {
	edge heap.Edge
	word string // clean
}

// look turns the pane to a subject. The chains are found off the event loop:
// the shortest, which is at hand, and then the others.
func (w *whyPane) look(s subject) {
	if w.set && w.about == s {
		return
	}
	a := w.app
	a.cancelJob(slotWhy)
	a.cancelJob(slotCut)
	*w = whyPane{app: a, about: s, set: true, searching: w.searching}
	if s.node == heap.None {
		w.ready, w.all = true, true
		return
	}
	a.start(slotWhy, "finding what keeps it alive", func(ctx context.Context) (func(), error) {
		d := a.snap.Dominators
		if err := d.PreparePaths(ctx); err != nil {
			return nil, err
		}
		var chains []chain
		if path := d.PathTo(s.node); len(path) > 0 {
			chains = append(chains, a.chain(path))
		}
		site := a.siteText(s.node)
		return func() {
			w.chains, w.site, w.ready = chains, site, true
			w.search()
		}, nil
	})
}

// search looks for all chains. On a large heap that takes a second and cannot
// be stopped, so there is one such worker at a time, however fast a person
// walks through a list.
func (w *whyPane) search() {
	if w.searching {
		return
	}
	if len(w.chains) == 0 {
		w.all = true
		return
	}
	w.searching = true
	a, s := w.app, w.about
	a.spawn(func() {
		var more bool
		chains, err := guardWork(func() (found []chain, err error) {
			found, more, err = a.findChains(a.ctx, s.node)
			return found, err
		})
		a.post(func() {
			w.searching = false
			switch {
			case err != nil && a.ctx.Err() == nil:
				a.failed(err)
			case err != nil:
			case w.about == s && len(w.cuts) > 0: // it was cut meanwhile
			case w.about != s:
				if w.ready && !w.all {
					w.search()
				}
			default:
				w.chains, w.more, w.all = chains, more, true
				w.at = min(w.at, len(chains)-1)
			}
		})
	})
}

// findChains makes chains of the paths to n, in words that are fit to print. It
// is called off the event loop.
func (w *words) findChains(ctx context.Context, n heap.Node) ([]chain, bool, error) {
	s := w.snap
	paths, more, err := s.Paths(ctx, n, pathsAsked)
	if err != nil {
		return nil, false, err
	}
	var chains []chain
	for _, nodes := range paths {
		chains = append(chains, w.chain(nodes))
	}
	return chains, more, nil
}

// chain makes a chain of a path, which is not empty.
func (w *words) chain(nodes []heap.Node) chain {
	p := w.snap.Heap.Path(nodes)
	inner := slices.ContainsFunc(p.Hops, func(h gocore.Hop) bool { return h.Internal })
	c := chain{expression: w.clean(p.Expression), hops: w.hops(p, false)}
	if c.raw = c.hops; inner {
		c.raw = w.hops(p, true)
	}
	return c
}

// hops makes the lines of a path, with a line for each part of a map or channel if
// physical is set.
func (w *words) hops(p gocore.Path, physical bool) []hop {
	s := w.snap
	var hops []hop
	for _, r := range s.HopRuns(p, physical) {
		h := p.Hops[r.First]
		from := heap.SuperRoot
		if r.From >= 0 {
			from = p.Hops[r.From].Node
		}
		hops = append(hops, hop{
			node: h.Node, from: from, expr: w.clean(r.Word), typ: w.clean(report.ShortPaths(h.Type)), detail: w.clean(h.Detail), addr: h.ValueAddr,
			retained: s.Dominators.Retained(h.Node), dominates: r.Dominates, times: r.Times,
		})
	}
	if len(hops) > 1 && strings.Contains(hops[1].expr, hops[0].detail) {
		hops[0].detail = "" // the next line says it
	}
	return hops
}

// take cuts one more pointer, or with none gives the last one back, and looks for
// what still holds the object.
func (w *whyPane) take(c *severed) {
	cuts := slices.Clone(w.cuts)
	if c != nil {
		cuts = append(cuts, *c)
	} else {
		cuts = cuts[:len(cuts)-1]
	}
	a, s := w.app, w.about
	if len(cuts) == 0 {
		w.set = false
		w.look(s)
		return
	}
	var edges []heap.Edge
	for _, c := range cuts {
		edges = append(edges, c.edge)
	}
	a.start(slotCut, "cutting", func(ctx context.Context) (func(), error) {
		left, err := a.snap.Cut(ctx, s.node, edges, pathsAsked)
		if err != nil {
			return nil, err
		}
		var chains []chain
		for _, path := range left.Paths {
			chains = append(chains, a.chain(path))
		}
		return func() {
			w.cuts, w.left, w.ready, w.all = cuts, &left, true, true
			if len(chains) > 0 { // else what was cut stays to be seen
				w.chains, w.more, w.at = chains, left.More, 0
			}
		}, nil
	})
}

// severed reports whether the pointer to a hop is cut.
func (w *whyPane) severed(h hop) bool {
	return w.left != nil && slices.ContainsFunc(w.cuts, func(c severed) bool { return c.edge == heap.Edge{From: h.from, To: h.node} })
}

// verdict says what the cuts free and leave, "" without any.
func (w *whyPane) verdict() string {
	if w.left == nil {
		return ""
	}
	words := make([]string, len(w.cuts))
	for i, c := range w.cuts {
		words[i] = c.word
	}
	text := "cut " + strings.Join(words, ", ") + ": "
	if w.left.Live {
		text += "still held, by the paths here; "
	} else {
		text += "nothing else holds it; "
	}
	return text + fmt.Sprintf("%s in %s would be freed", exactBytes(w.left.Freed.Bytes), plural(w.left.Freed.Objects, "object"))
}

// turn shows another chain.
func (w *whyPane) turn(by int) {
	if n := len(w.chains); n > 0 {
		w.at = (w.at + by + n) % n
	}
}

// alone says why there is no other path to turn to.
func (w *whyPane) alone() string {
	if !w.all {
		return "still searching"
	}
	return reasonIf(len(w.chains) < 2, "only one path was found")
}

// expression is the Go expression of the chain that is shown.
func (w *whyPane) expression() string {
	if len(w.chains) == 0 {
		return ""
	}
	return w.chains[w.at].expression
}

// title says what the pane is about, in the rule above it.
func (w *whyPane) title() string {
	a := w.app
	const heading = "Why alive"
	switch {
	case w.about.node == heap.None && a.jobs[slotView] != nil:
		return heading
	case w.about.node == heap.None:
		return heading + ": no object selected"
	}
	text := heading + ": "
	if addr := addrText(a.snap.Heap.ValueAddr(w.about.node)); addr != "" && !a.snap.Graph.IsRoot(w.about.node) {
		text += addr + " "
	}
	text += a.clean(a.nodeText(w.about.node))
	if w.about.note != "" {
		text += ", " + a.clean(w.about.note)
	}
	return text
}

// paths says which of how many paths is shown.
func (w *whyPane) paths() string {
	if len(w.chains) == 0 {
		return ""
	}
	text := "path " + countText(uint64(w.at+1)) + " of " + countText(uint64(len(w.chains)))
	switch {
	case w.left != nil && w.left.Live:
		text += " left"
	case w.left != nil:
		text = "cut"
	case !w.all:
		return "path 1  searching others " + w.app.sym.cut
	case w.more:
		text += " or more"
	}
	if w.app.physical {
		text += "  raw hops"
	}
	if len(w.chains) > 1 {
		text += "  ] next"
	}
	return text
}

// Columns of the pane: the mark, retained bytes, share; then the hop.
const (
	whyMark     = 2
	whyRetained = 9
	whyShare    = 8
)

func (w *whyPane) draw(screen tcell.Screen, r rect) {
	a := w.app
	fill(screen, r.x, r.y, r.w, a.sym.rule, a.sym.faint)
	right := " " + w.paths() + " "
	if w.paths() == "" {
		right = ""
	}
	room := r.w - 4 - width(right) - 2
	put(screen, r.x+2, r.y, room, " "+cut(w.title(), room-2, a.sym.cut)+" ", a.sym.strong)
	put(screen, r.x+r.w-2-width(right), r.y, width(right), right, tcell.StyleDefault)

	lines := rect{r.x + 1, r.y + 1, r.w - 2, r.h - 1}
	say := func(text string) { put(screen, lines.x, lines.y, lines.w, cut(text, lines.w, a.sym.cut), a.sym.faint) }
	switch {
	case w.about.node == heap.None && a.jobs[slotView] != nil:
	case w.about.node == heap.None:
		say("Select a row that is an object or a root.")
	case !w.ready:
		say("searching " + a.sym.cut)
	case len(w.chains) == 0:
		say("Nothing: no root reaches it. It is garbage that was not yet swept.")
	default:
		w.drawChain(screen, lines, &w.chains[w.at])
	}
}

// drawChain draws the chain with the root on top and the target at the bottom.
// Where there is no room for all hops, those after the root are counted. Under
// it, where there is room, stand the whole expression and what the mark means.
func (w *whyPane) drawChain(screen tcell.Screen, r rect, c *chain) {
	a, y, hops := w.app, r.y, c.lines(w.app.physical)
	whyRetained := whyRetained
	if a.exact {
		whyRetained = exactWidth
	}
	x := whyMark + whyRetained + whyShare + 1
	typeX := x + 10
	for _, h := range hops {
		typeX = max(typeX, min(x+width(a.hopText(h))+4, r.w*3/5))
	}
	shown, extra := len(hops), max(0, r.h-len(hops))
	hidden := max(0, shown-r.h)
	if hidden > 0 {
		hidden++ // the line that counts them
	}
	for i, h := range hops {
		if hidden > 0 && i >= 1 && i <= hidden {
			if i == 1 {
				put(screen, r.x+whyMark+whyRetained+whyShare, y, r.w, "... "+plural(uint64(hidden), "hop")+" more (w shows all)", a.sym.faint)
				y++
			}
			continue
		}
		style := tcell.StyleDefault
		if h.dominates {
			style = a.sym.strong
			put(screen, r.x, y, 1, "*", style)
		}
		if w.severed(h) {
			style = a.sym.warn
			put(screen, r.x, y, 1, "x", style)
		}
		put(screen, r.x+whyMark, y, whyRetained, pad(a.bytes(h.retained), whyRetained, true), style)
		put(screen, r.x+whyMark+whyRetained, y, whyShare, pad(report.HumanPercent(a.snap.Share(h.retained)), whyShare, true), style)
		expr := a.hopText(h)
		if i > 0 {
			expr = "  " + expr
		}
		// The type has its column unless the step needs the room.
		typ := h.typ
		at := max(typeX, x+width(expr)+2)
		if typ == "" || at > r.w-min(width(typ), 12) {
			at = r.w
		}
		put(screen, r.x+x, y, at-x, cut(expr, at-x, a.sym.cut), style)
		if at < r.w {
			put(screen, r.x+at, y, r.w-at, cut(typ, r.w-at, a.sym.cut), style)
		}
		y++
	}
	if extra >= 2 {
		put(screen, r.x+whyMark, y, r.w-whyMark, cutMiddle(c.expression, r.w-whyMark, a.sym.cut), a.sym.strong)
		y++
		extra--
	}
	if extra >= 1 && w.site != "" {
		put(screen, r.x+whyMark, y, r.w-whyMark, cut(w.site, r.w-whyMark, a.sym.cut), tcell.StyleDefault)
		y++
		extra--
	}
	if extra >= 2 {
		put(screen, r.x, y+min(extra-1, 1), r.w, cut("* dominates: without it, all below is freed", r.w, a.sym.cut), a.sym.faint)
	}
}

// hopText is what a hop adds, with how often.
func (w *words) hopText(h hop) string {
	text := h.expr
	if h.times > 1 {
		times := " ×"
		if w.ascii {
			times = " x"
		}
		text += times + countText(uint64(h.times))
	}
	if h.detail != "" {
		text += "  " + h.detail
	}
	return text
}
