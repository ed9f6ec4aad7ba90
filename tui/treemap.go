package tui

import (
	"cmp"
	"context"
	"slices"

	"github.com/gdamore/tcell/v2"

	"goheap/heap"
	"goheap/report"
)

// tile is an area of the map: what a node dominates, or the rest of them.
type tile struct {
	set      rowSet // of the rest: none
	label    string // clean
	typ      string // clean
	retained uint64
	group    bool // of several nodes
	rest     bool
	at       heap.Node // below which it divides, where it is no group
	inner    []tile    // those of its own that retain most, without theirs
}

const (
	tilesShown = 40 // of one node
	tilesInner = 16 // within one of those
	tilesDeep  = 12 // have inner ones
	tilesThird = 4  // of the inner ones have inner ones too
)

// treemap draws what one node dominates as areas in proportion to what they
// retain. It starts with the holders.
type treemap struct {
	fixed
	app   *App
	path  []mapStep // zoomed into, the innermost last
	tiles []tile
	of    uint64 // bytes that all tiles retain
	self  uint64 // bytes of the node itself
	ready bool
	rects []rect // of the tiles, as drawn last
}

// mapStep is a step into the map.
type mapStep struct {
	set    rowSet
	label  string
	came   int // the tile that was selected before
	group  bool
	amount uint64
}

func newMap(a *App) view {
	v := &treemap{app: a}
	v.body.sorted = -1
	v.body.rows = newTileRows(v)
	return v
}

func (v *treemap) tab() tab     { return tabMap }
func (v *treemap) hasWhy() bool { return true }

func (v *treemap) name() string {
	text := "Map"
	for _, s := range v.path {
		text += " > " + s.label
	}
	return text
}

func (v *treemap) where() (string, string) {
	if n := len(v.path); n > 0 && !v.path[n-1].group {
		return "map", v.app.targetOf(v.path[n-1].set.node)
	}
	return "map", ""
}

func (v *treemap) enter() {
	if !v.ready {
		v.load(0)
	}
}

func (v *treemap) set(place int) rowSet {
	if place >= len(v.tiles) {
		return rowSet{node: heap.None}
	}
	return v.tiles[place].set
}

func (v *treemap) subject() subject {
	s := subject{node: v.set(v.body.selected).node}
	if v.body.selected < len(v.tiles) && v.tiles[v.body.selected].group {
		s.note = "the largest of the tile"
	}
	return s
}

// load makes the tiles of the innermost step and selects one.
func (v *treemap) load(selected int) {
	a := v.app
	step := mapStep{set: rowSet{node: heap.SuperRoot}}
	if n := len(v.path); n > 0 {
		step = v.path[n-1]
	}
	v.ready = true
	a.start(slotView, "drawing the map", func(ctx context.Context) (func(), error) {
		tiles, of, self, err := tiler{&a.words}.tiles(ctx, step)
		if err != nil {
			return nil, err
		}
		return func() {
			v.tiles, v.of, v.self = tiles, of, self
			v.body.invalidate()
			v.body.selectRow(selected)
			a.moved()
		}, nil
	})
}

// tiler makes tiles, off the event loop.
type tiler struct{ *words }

// tiles returns the tiles of a step, with inner ones, what all of them retain, and
// the bytes of the node itself.
func (m tiler) tiles(ctx context.Context, step mapStep) (tiles []tile, of, self uint64, err error) {
	s := m.snap
	switch {
	case step.set.node == heap.SuperRoot:
		all, err := s.Holders(ctx)
		if err != nil {
			return nil, 0, 0, err
		}
		of = s.Dominators.LiveBytes()
		for i := range all[:min(len(all), tilesShown)] {
			h := &all[i]
			t := tile{set: m.holderSet(h), label: m.clean(s.HeldBy(h)), retained: h.Retained, group: !h.Single(), at: h.At}
			if h.Members == nil {
				t.typ = m.clean(report.ShortPaths(s.Heap.Type(h.At)))
			}
			tiles = append(tiles, t)
		}
	default:
		nodes, err := step.set.all(ctx)
		if err != nil {
			return nil, 0, 0, err
		}
		for _, n := range nodes {
			of, self = of+s.Dominators.Retained(n), self+s.Graph.Size(n)
		}
		tiles = m.childTiles(step.set.name, nodes, tilesShown)
	}
	sum := self
	for i := range tiles {
		sum += tiles[i].retained
		if t := &tiles[i]; i < tilesDeep && ctx.Err() == nil {
			t.inner = m.within(ctx, t)
			for k := range t.inner[:min(tilesThird, len(t.inner))] {
				t.inner[k].inner = m.within(ctx, &t.inner[k])
			}
		}
	}
	if of > sum && len(tiles) > 0 {
		tiles = append(tiles, tile{set: rowSet{node: heap.None}, label: "the rest", retained: of - sum, rest: true})
	}
	return tiles, of, self, ctx.Err()
}

// within are the tiles of what a tile dominates.
func (m tiler) within(ctx context.Context, t *tile) []tile {
	nodes := []heap.Node{t.at}
	if t.group {
		var err error
		if nodes, err = t.set.all(ctx); err != nil {
			return nil
		}
	}
	return m.childTiles(t.set.name, nodes, tilesInner)
}

const (
	// tilesAlike is how many nodes are looked at one by one.
	tilesAlike = 1 << 21
	// tileLeast is the part of all that the largest of many nodes must retain
	// for them to be tiles of their own: else those of a type are one.
	tileLeast = 50
)

// childTiles are the tiles of what the nodes of a name dominate, k at most: those
// that retain most or, where there are many small ones, all of a type together.
func (m tiler) childTiles(name string, nodes []heap.Node, k int) []tile {
	d := m.snap.Dominators
	if len(nodes) == 1 {
		n := nodes[0]
		top := d.TopChildren(n, k)
		if len(top) < k || d.Retained(top[0])*tileLeast >= d.Retained(n) || d.ChildCount(n) > tilesAlike {
			var tiles []tile
			for _, c := range top {
				tiles = append(tiles, m.tileOf(n, c))
			}
			return tiles
		}
	}
	byType := map[heap.TypeID][]heap.Node{}
	retained := map[heap.TypeID]uint64{}
	var order []heap.TypeID
	count := 0
	for _, n := range nodes {
		if count > tilesAlike {
			return nil
		}
		for _, c := range d.Children(n) {
			id := m.typeOf(c)
			if byType[id] == nil {
				order = append(order, id)
			}
			byType[id] = append(byType[id], c)
			retained[id] += d.Retained(c)
			count++
		}
	}
	slices.SortStableFunc(order, func(x, y heap.TypeID) int { return cmp.Compare(retained[y], retained[x]) })
	var tiles []tile
	for _, id := range order[:min(k, len(order))] {
		members := byType[id]
		if len(members) == 1 {
			tiles = append(tiles, m.tileOf(d.Idom(members[0]), members[0]))
			continue
		}
		largest := members[0]
		for _, m := range members {
			if d.Retained(m) > d.Retained(largest) {
				largest = m
			}
		}
		title := countText(uint64(len(members))) + " × " + m.snap.Heap.Type(largest)
		set := setOfAll(title+" in "+name, largest, members)
		tiles = append(tiles, tile{set: set, label: m.clean(report.ShortPaths(title)), retained: retained[id], group: true, at: largest})
	}
	return tiles
}

// tileOf is the tile of a node; its label says how its dominator points to it.
func (m tiler) tileOf(from, n heap.Node) tile {
	t := tile{set: m.setOf(n), retained: m.snap.Dominators.Retained(n), typ: m.clean(m.nodeText(n)), at: m.divides(n)}
	if from != heap.None {
		if expr, _, ok := m.snap.Heap.Edge(from, n); ok {
			t.label = m.clean(expr)
		}
	}
	if t.label == "" || t.label == "*" {
		t.label, t.typ = t.typ, ""
	}
	return t
}

// divides goes down from n along children that retain nearly all that their
// dominator does: a map of one area says nothing.
func (m tiler) divides(n heap.Node) heap.Node {
	const steps = 100
	d := m.snap.Dominators
	for range steps {
		top := d.TopChildren(n, 1)
		if len(top) == 0 || d.Retained(top[0])*20 < d.Retained(n)*19 {
			break
		}
		n = top[0]
	}
	return n
}

// open zooms into the selected tile.
func (v *treemap) open() {
	i := v.body.selected
	if i >= len(v.tiles) {
		return
	}
	t := &v.tiles[i]
	switch {
	case t.rest:
		v.app.flash("what is too small to be drawn alone; 2 lists all of it")
	case !t.group && v.app.snap.Dominators.Retained(t.at) == v.app.snap.Graph.Size(t.at):
		v.app.inspect(t.set.node)
	default:
		set := t.set
		if !t.group {
			set = v.app.setOf(t.at)
		}
		v.path = append(v.path, mapStep{set, t.label, i, t.group, t.retained})
		v.load(0)
	}
}

// zoomTo makes a node the whole map, and selects a row of its areas.
func (v *treemap) zoomTo(n heap.Node, row int) {
	a := v.app
	v.path = []mapStep{{set: a.setOf(n), label: a.clean(a.nodeText(n)), amount: a.snap.Dominators.Retained(n)}}
	v.load(row - 1)
}

// zoomOut shows the area that this one is in.
func (v *treemap) zoomOut() bool {
	n := len(v.path)
	if n == 0 {
		return false
	}
	came := v.path[n-1].came
	v.path = v.path[:n-1]
	v.load(came)
	return true
}

func (v *treemap) actions() []Action {
	return []Action{
		{Keys: []Key{char('l'), code(keyRight)}, Label: "right", Help: "Select the area to the right.", Do: func() { v.step(1, 0) }},
		{Keys: []Key{char('h'), code(keyLeft)}, Label: "left", Help: "Select the area to the left.", Do: func() { v.step(-1, 0) }},
		{Keys: []Key{char('z')}, Label: "zoom in", Priority: 3, Help: "Make the selected area the whole map.", Do: v.open},
		{Keys: []Key{char('Z'), code(tcell.KeyBackspace)}, Label: "zoom out", Priority: 3,
			Disabled: func() string { return reasonIf(len(v.path) == 0, "this is the whole heap") },
			Help:     "Show the area that this one is in.", Do: func() { v.zoomOut() }},
	}
}

// step selects the nearest area in a direction.
func (v *treemap) step(dx, dy int) {
	const tall = 2 // cells are
	if v.body.selected >= len(v.rects) {
		v.body.selectRow(0)
		return
	}
	from := v.rects[v.body.selected]
	best, bestAway := -1, 0
	for i, r := range v.rects {
		if r.w == 0 || r.h == 0 || i == v.body.selected {
			continue
		}
		var ahead, beside int
		if dx != 0 {
			ahead = (r.x - from.x) * dx
			beside = gap(from.y, from.h, r.y, r.h) * tall
		} else {
			ahead = (r.y - from.y) * dy * tall
			beside = gap(from.x, from.w, r.x, r.w)
		}
		if ahead <= 0 {
			continue
		}
		if away := ahead + 3*beside; best < 0 || away < bestAway {
			best, bestAway = i, away
		}
	}
	if best >= 0 {
		v.body.selectRow(best)
	}
}

// gap is how far two stretches lie apart, 0 if they overlap.
func gap(a, an, b, bn int) int { return max(0, b-(a+an-1), a-(b+bn-1)) }

// at returns the tile at a place on the screen, -1 for none.
func (v *treemap) at(x, y int) int {
	for i, r := range v.rects {
		if r.contains(x, y) {
			return i
		}
	}
	return -1
}

func (v *treemap) facts(w, h int) []string {
	if len(v.tiles) == 0 {
		return nil
	}
	a := v.app
	text := a.bytes(v.of) + " (" + report.HumanPercent(a.snap.Share(v.of)) + " of the live heap)"
	if v.self > 0 {
		text += ", of which " + a.bytes(v.self) + " are its own"
	}
	return []string{text}
}

func (v *treemap) status() string {
	if v.body.selected >= len(v.tiles) {
		return ""
	}
	a, t, small := v.app, &v.tiles[v.body.selected], 0
	for _, r := range v.rects {
		small += boolInt(r.w == 0 || r.h == 0)
	}
	text := join(a.bytes(t.retained)+" "+report.HumanPercent(a.snap.Share(t.retained)), t.label, t.typ)
	if small > 0 {
		text += "   " + plural(uint64(small), "area") + " too small to be drawn"
	}
	return text
}

// paint draws the map.
func (v *treemap) paint(screen tcell.Screen, r rect) {
	v.body.page = r.h
	v.rects = nil
	if len(v.tiles) == 0 || r.w < 4 || r.h < 3 {
		return
	}
	// The right and lower border belong to no tile.
	area := rect{r.x, r.y, r.w - 1, r.h - 1}
	v.rects = areas(values(v.tiles, 0), area)
	sym := &v.app.sym
	fill(screen, r.x, r.y+r.h-1, r.w, sym.rule, sym.faint)
	for y := r.y; y < r.y+r.h; y++ {
		fill(screen, r.x+r.w-1, y, 1, sym.vertical, sym.faint)
	}
	for i := range v.tiles {
		if i != v.body.selected {
			v.paintTile(screen, &v.tiles[i], v.rects[i], false, levels)
		}
	}
	if i := v.body.selected; i < len(v.tiles) {
		v.paintTile(screen, &v.tiles[i], v.rects[i], true, levels)
	}
}

// values are what tiles retain, and at the end what is missing to of.
func values(tiles []tile, of uint64) []float64 {
	var all []float64
	sum := uint64(0)
	for _, t := range tiles {
		all = append(all, float64(max(t.retained, 1)))
		sum += t.retained
	}
	if of > sum {
		all = append(all, float64(of-sum))
	}
	return all
}

// levels is how deep tiles within tiles are drawn.
const levels = 2

// paintTile draws one tile: a border on the left and above it, which holds the
// label, and the tiles within.
func (v *treemap) paintTile(screen tcell.Screen, t *tile, r rect, selected bool, deep int) {
	a := v.app
	if r.w == 0 || r.h == 0 {
		return
	}
	border, label := a.sym.faint, tcell.StyleDefault
	switch {
	case selected:
		border, label = a.sym.selected, a.sym.selected
	case deep == levels && !t.rest:
		label = a.sym.strong
	}
	for y := r.y; y < r.y+r.h; y++ {
		fill(screen, r.x, y, 1, a.sym.vertical, border)
	}
	fill(screen, r.x, r.y, r.w, a.sym.rule, border)
	fill(screen, r.x, r.y, 1, a.sym.corner, border)
	share := report.HumanPercent(a.snap.Share(t.retained))
	text := t.label
	if a.marks.keys[t.set.key] {
		text = "+ " + text
	}
	if room := r.w - 2; room >= 3 {
		switch {
		case room > 16 && t.group:
			text = cut(text, room-1-width(share), a.sym.cut) + " " + share
		case width(text)+1+width(share) <= room:
			text += " " + share
		case room > 16:
			text = cutMiddle(text, room-1-width(share), a.sym.cut) + " " + share
		default:
			text = cut(text, room, a.sym.cut)
		}
		put(screen, r.x+1, r.y, r.w-2, text, label)
	}
	line := r.y + 1
	if deep > 0 && r.h >= 3 && r.w > 12 {
		put(screen, r.x+1, line, r.w-2, cut(a.bytes(t.retained)+"  "+t.typ, r.w-2, a.sym.cut), tcell.StyleDefault)
		line++
	}
	const least = 14 // cells of width in which inner tiles say something
	in := rect{r.x + 2, line, r.w - 3, r.y + r.h - line}
	if deep == 0 || len(t.inner) == 0 || in.w < least || in.h < 2 {
		return
	}
	for i, at := range areas(values(t.inner, t.retained), in)[:len(t.inner)] {
		if at.w > 2 {
			v.paintTile(screen, &t.inner[i], at, false, deep-1)
		}
	}
}

// tileRows are the tiles as rows.
type tileRows struct {
	v    *treemap
	cols []column
}

func newTileRows(v *treemap) *tileRows {
	a := v.app
	return &tileRows{v, []column{
		{report.Column{Name: "retained_bytes", Title: "Retained", Kind: report.Bytes, MinWidth: 9, Right: true},
			func(row int) string { return a.bytes(v.tiles[row].retained) }},
		{report.Column{Name: "share", Title: "Share", Kind: report.Percent, MinWidth: 7, Right: true},
			func(row int) string { return report.HumanPercent(a.snap.Share(v.tiles[row].retained)) }},
		{report.Column{Name: "area", Title: "Area", MinWidth: 20},
			func(row int) string { return blank(v.tiles[row].label) }},
		{report.Column{Name: "type", Title: "Type", MinWidth: 12, Priority: 1},
			func(row int) string { return blank(v.tiles[row].typ) }},
	}}
}

func (r *tileRows) columns() []column { return r.v.app.widened(r.cols) }
func (r *tileRows) len() int          { return len(r.v.tiles) }
