package tui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"goheap/heap"
	"goheap/internal/progress"
	"goheap/report"
)

// branch is a row of the dominator tree. Only what was opened has branches.
type branch struct {
	node   heap.Node
	parent *branch
	held   *report.Holder // of a row of the first level
	depth  int

	label string // what text has found, "" before

	expanded bool
	children []*branch // as loaded: those that retain most
	total    int       // children in the tree, known once some are loaded
}

// group reports whether b stands for several nodes, which are its children.
func (b *branch) group() bool { return b.held != nil && !b.held.Single() }

// treeRow is a visible row: a branch, or what stands for its children that are
// not loaded.
type treeRow struct {
	*branch
	more bool
}

const (
	// childStep is how many children are loaded at a time.
	childStep = 1000
	// deepest is the greatest indentation; deeper rows say their depth. A
	// chain of a million objects is an ordinary heap.
	deepest = 12
)

// dominators is the view of the dominator tree: a table of the rows that are
// open, never a tree widget, whose work grows with what is expanded.
type dominators struct {
	app    *App
	body   grid
	cols   []treeColumn
	shown  []column // of these, those on the screen
	top    *branch  // stands for the super-root; nil until loaded
	rows   []treeRow
	needle string
	kept   map[*branch]bool // what the filter keeps; nil: all
}

func newDominators(a *App) view {
	v := &dominators{app: a}
	v.cols = v.makeColumns()
	v.shown = v.shownColumns()
	v.body.sorted, v.body.descending = 0, true
	v.body.rows = v
	return v
}

func (v *dominators) name() string            { return "Dominators" }
func (v *dominators) tab() tab                { return tabDominators }
func (v *dominators) grid() *grid             { return &v.body }
func (v *dominators) hasWhy() bool            { return true }
func (v *dominators) facts(int, int) []string { return nil }
func (v *dominators) filterText() string      { return v.needle }
func (v *dominators) filterable() string      { return "" }
func (v *dominators) where() (string, string) { return "dominators", "" }

func (v *dominators) set(place int) rowSet {
	if place >= len(v.rows) || v.rows[place].more {
		return rowSet{node: heap.None}
	}
	if b := v.rows[place].branch; b.group() {
		return v.app.holderSet(b.held)
	}
	return v.app.setOf(v.rows[place].node)
}

// anchor implements anchored.
func (v *dominators) anchor() heap.Node { return v.subject().node }

// share implements shares.
func (v *dominators) share(row int) uint64 {
	if v.rows[row].more {
		return 0
	}
	return v.app.snap.Share(v.retained(v.rows[row].branch))
}
func (v *dominators) sortable() string { return reasonIf(v.top == nil, "not yet loaded") }

func (v *dominators) enter() {
	if v.top == nil {
		v.load(nil)
	}
}

// load reads the first level, then calls done.
func (v *dominators) load(done func()) {
	s := v.app.snap
	v.app.start(slotView, "loading the dominator tree", func(ctx context.Context) (func(), error) {
		all, err := s.Holders(ctx)
		if err != nil {
			return nil, err
		}
		top := &branch{node: heap.SuperRoot, depth: -1, expanded: true, total: len(all)}
		for i := range all[:min(len(all), childStep)] {
			top.children = append(top.children, &branch{node: all[i].Node, parent: top, held: &all[i]})
		}
		return func() {
			v.top = top
			v.rebuild()
			if v.needle != "" { // typed meanwhile
				v.filter(v.needle)
			}
			v.app.moved()
			if done != nil {
				done()
			}
		}, nil
	})
}

// rebuild makes the visible rows from the branches: in order, without those
// that the filter hides. The selection stays on its branch.
func (v *dominators) rebuild() {
	var selected treeRow
	if v.body.selected < len(v.rows) {
		selected = v.rows[v.body.selected]
	}
	v.rows = v.rows[:0]
	type visit struct {
		b    *branch
		next int
	}
	stack := []visit{{v.top, 0}}
	shown := v.visible()
	for len(stack) > 0 {
		at := &stack[len(stack)-1]
		if at.next == len(at.b.children) {
			if len(at.b.children) < at.b.total && shown == nil {
				v.rows = append(v.rows, treeRow{at.b, true})
			}
			stack = stack[:len(stack)-1]
			continue
		}
		c := at.b.children[at.next]
		at.next++
		if shown != nil && !shown[c] {
			continue
		}
		v.rows = append(v.rows, treeRow{c, false})
		if c.expanded {
			stack = append(stack, visit{c, 0})
		}
	}
	v.body.invalidate()
	if selected.branch != nil && !selected.more { // else the first row that was loaded
		v.selectBranch(selected)
	}
}

// visible are the branches that the filter keeps and those above them; nil for
// all.
func (v *dominators) visible() map[*branch]bool {
	if v.kept == nil {
		return nil
	}
	shown := map[*branch]bool{}
	for b := range v.kept {
		for up := b; up != nil && !shown[up]; up = up.parent {
			shown[up] = true
		}
	}
	return shown
}

// loaded are all branches, whether their rows are open or not.
func (v *dominators) loaded() (all []*branch) {
	for stack := []*branch{v.top}; len(stack) > 0; {
		b := stack[len(stack)-1]
		stack = append(stack[:len(stack)-1], b.children...)
		all = append(all, b.children...)
	}
	return all
}

// labelled makes the labels of branches off the event loop: naming an object of a
// large list takes long. With them it calls work there, and what that returns on
// the loop.
func (v *dominators) labelled(what string, work func(ctx context.Context, all []*branch, labels []string) (func(), error)) {
	all := v.loaded()
	labels := make([]string, len(all))
	for i, b := range all {
		labels[i] = b.label
	}
	v.app.start(slotView, what, func(ctx context.Context) (func(), error) {
		p := progress.Start(ctx, "name", int64(len(all)))
		defer p.Finish()
		for i, b := range all {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if labels[i] == "" {
				labels[i] = v.text(b)
			}
			p.Add(1)
		}
		p.Finish()
		done, err := work(ctx, all, labels)
		return func() {
			for i, b := range all {
				b.label = labels[i]
			}
			if done != nil {
				done()
			}
		}, err
	})
}

// selectBranch selects a row, or where it is no longer shown the nearest one
// above it.
func (v *dominators) selectBranch(want treeRow) {
	place := map[*branch]int{}
	for i, r := range v.rows {
		if r == want {
			v.body.selectRow(i)
			return
		}
		if !r.more {
			place[r.branch] = i
		}
	}
	for b := want.branch; b != nil; b = b.parent {
		if i, ok := place[b]; ok {
			v.body.selectRow(i)
			return
		}
	}
}

func (v *dominators) row() (treeRow, bool) {
	if v.body.selected >= len(v.rows) {
		return treeRow{}, false
	}
	return v.rows[v.body.selected], true
}

func (v *dominators) subject() subject {
	r, ok := v.row()
	if !ok || r.more {
		return subject{node: heap.None}
	}
	if r.held != nil {
		return v.app.aboutHolder(r.held)
	}
	return subject{node: r.node}
}

// leaf reports whether nothing stands below b.
func (v *dominators) leaf(b *branch) bool {
	if b.group() {
		return false
	}
	return v.app.snap.Dominators.Retained(b.node) == v.app.snap.Graph.Size(b.node)
}

// open expands or collapses a row, or loads more.
func (v *dominators) open() {
	r, ok := v.row()
	switch {
	case !ok:
	case r.more:
		v.expand(r.branch, len(r.children)+childStep, nil)
	case v.leaf(r.branch):
		v.app.inspect(r.node)
	case r.expanded:
		r.expanded = false
		v.rebuild()
	default:
		v.expand(r.branch, max(childStep, len(r.children)), nil)
	}
}

// expand shows the k children of b that retain most, then calls done.
func (v *dominators) expand(b *branch, k int, done func()) {
	finish := func() {
		b.expanded = true
		v.order(b)
		v.rebuild()
		if v.needle != "" {
			v.filter(v.needle)
		}
		if done != nil {
			done()
		}
	}
	if len(b.children) >= k || b.total > 0 && len(b.children) == b.total {
		finish()
		return
	}
	v.app.start(slotExpand, "finding what it dominates", func(ctx context.Context) (func(), error) {
		children, total, err := v.dominated(ctx, b, k)
		if err != nil {
			return nil, err
		}
		return func() {
			old := map[heap.Node]*branch{}
			for _, c := range b.children {
				old[c.node] = c
			}
			b.children, b.total = nil, total
			for _, c := range children {
				kept := old[c.node]
				if kept == nil {
					kept = c
				}
				b.children = append(b.children, kept)
			}
			finish()
		}, nil
	})
}

// dominated returns the first k branches below b and how many there are.
func (v *dominators) dominated(ctx context.Context, b *branch, k int) ([]*branch, int, error) {
	s := v.app.snap
	var nodes []heap.Node
	var total int
	switch {
	case b.node == heap.SuperRoot:
		all, err := s.Holders(ctx)
		if err != nil {
			return nil, 0, err
		}
		var children []*branch
		for i := range all[:min(k, len(all))] {
			children = append(children, &branch{node: all[i].Node, parent: b, held: &all[i]})
		}
		return children, len(all), nil
	case b.group():
		members := v.membersByRetained(b.held.Members)
		nodes, total = members[:min(k, len(members))], len(members)
	default:
		nodes, total = s.Dominators.TopChildren(b.node, k), s.Dominators.ChildCount(b.node)
	}
	children := make([]*branch, len(nodes))
	for i, n := range nodes {
		children[i] = &branch{node: n, parent: b, depth: b.depth + 1}
	}
	return children, total, ctx.Err()
}

// membersByRetained returns nodes in a new order: those that retain most first.
func (v *dominators) membersByRetained(nodes []heap.Node) []heap.Node {
	d, members := v.app.snap.Dominators, slices.Clone(nodes)
	slices.SortFunc(members, func(a, b heap.Node) int {
		return cmp.Or(cmp.Compare(d.Retained(b), d.Retained(a)), cmp.Compare(a, b))
	})
	return members
}

// actions fold and unfold.
func (v *dominators) actions() []Action {
	return []Action{
		{Keys: []Key{char('l'), code(keyRight)}, Label: "expand", Priority: 3,
			Help: "Show what the selected row dominates.",
			Do: func() {
				if r, ok := v.row(); ok && (r.more || !r.expanded && !v.leaf(r.branch)) {
					v.open()
				} else {
					v.body.move(1)
				}
			}},
		{Keys: []Key{char('h'), code(keyLeft)}, Label: "collapse", Priority: 3,
			Help: "Hide what the selected row dominates, or go to the row above it.",
			Do: func() {
				r, ok := v.row()
				switch {
				case !ok:
				case r.more:
					v.selectBranch(treeRow{r.branch, false})
				case r.expanded:
					r.expanded = false
					v.rebuild()
				case r.parent != v.top:
					v.selectBranch(treeRow{r.parent, false})
				}
			}},
		{Keys: []Key{char('a')}, Label: "accumulation", Priority: 9,
			Help: "Go down to where most of what the selected row retains comes together.",
			Do: func() {
				if r, ok := v.row(); ok && !r.more {
					v.accumulate(r.node)
				}
			}},
	}
}

// accumulate selects the accumulation point of a node, which is found by looking
// at all children on the way.
func (v *dominators) accumulate(n heap.Node) {
	s := v.app.snap
	v.app.start(slotGoto, "finding where it comes together", func(ctx context.Context) (func(), error) {
		at := heap.None
		if s.Dominators.Live(n) {
			at = s.Accumulation(n).Node
		}
		return func() {
			if at != heap.None {
				v.reveal(at, false)
			}
		}, ctx.Err()
	})
}

// reveal opens the tree down to n and selects it; with held it shows what n holds too.
func (v *dominators) reveal(n heap.Node, held bool) {
	d := v.app.snap.Dominators
	var chain []heap.Node
	for m := n; m != heap.SuperRoot && d.Live(m); m = d.Idom(m) {
		if chain = append(chain, m); len(chain) > revealLimit {
			// The rows above it would fill screens; its own neighbourhood is
			// what is looked for.
			v.app.flash("it lies more than " + countText(revealLimit) + " dominators deep; w shows them")
			return
		}
	}
	slices.Reverse(chain)
	if len(chain) == 0 {
		v.app.flash("nothing dominates it: no root reaches it")
		return
	}
	v.needle, v.kept = "", nil
	if v.top == nil {
		v.load(func() { v.descend(v.top, chain, held) })
		return
	}
	v.descend(v.top, chain, held)
}

// revealGroup opens the group that a node retains most of, and selects it.
func (v *dominators) revealGroup(n heap.Node) {
	find := func() {
		for _, c := range v.top.children {
			if c.group() && c.node == n {
				v.expand(c, childStep, func() {
					v.rebuild()
					v.selectBranch(treeRow{c, false})
					v.app.moved()
				})
				return
			}
		}
		v.reveal(n, true) // it is part of a suspect that is several groups
	}
	v.needle, v.kept = "", nil
	if v.top == nil {
		v.load(find)
		return
	}
	find()
}

// revealLimit is the depth to which reveal opens the tree.
const revealLimit = 5000

// descend expands b and what is below it along chain, and selects the end, which it
// expands if held is set.
func (v *dominators) descend(b *branch, chain []heap.Node, held bool) {
	if len(chain) == 0 {
		selected := func() {
			v.rebuild()
			v.selectBranch(treeRow{b, false})
			v.app.moved()
		}
		if held && !v.leaf(b) {
			v.expand(b, max(childStep, len(b.children)), selected)
		} else {
			selected()
		}
		return
	}
	v.expand(b, max(childStep, len(b.children)), func() {
		for _, c := range b.children {
			if c.node == chain[0] && !c.group() {
				v.descend(c, chain[1:], held)
				return
			}
		}
		for _, c := range b.children {
			if c.group() {
				if _, found := slices.BinarySearch(c.held.Members, chain[0]); found {
					v.expand(c, childStep, func() { v.descend(c, chain, held) })
					return
				}
			}
		}
		// It is not among the children that are shown: it joins them.
		c := &branch{node: chain[0], parent: b, depth: b.depth + 1}
		b.children = append(b.children, c)
		v.descend(c, chain[1:], held)
	})
}

// reveal shows n in the dominator tree.
func (a *App) reveal(n heap.Node) { revealHeld(a, n, false) }

// revealHeld shows n in the dominator tree, and with held what it holds.
func revealHeld(a *App, n heap.Node, held bool) {
	if n == heap.None {
		return
	}
	if a.top() == a.base[tabDominators] {
		a.flash("dominators: this is the tree")
	}
	a.open(tabDominators)
	a.base[tabDominators].(*dominators).reveal(n, held)
}

func (v *dominators) sort(reverse bool) {
	if reverse {
		v.body.descending = !v.body.descending
	} else {
		shown, _ := fitColumns(v.columns(), v.app.root.listWidth()-2)
		v.body.sorted = following(shown, v.body.sorted)
		v.body.descending = v.columns()[v.body.sorted].Kind != report.Text
	}
	sorted := func() {
		v.order(v.top)
		for _, b := range v.loaded() {
			v.order(b)
		}
		v.rebuild()
	}
	if v.cols[v.body.sorted].key != nil {
		sorted()
		return
	}
	v.labelled("sorting", func(context.Context, []*branch, []string) (func(), error) { return sorted, nil })
}

// order sorts the loaded children of b by the chosen column.
func (v *dominators) order(b *branch) {
	key := v.cols[v.body.sorted].key
	slices.SortStableFunc(b.children, func(x, y *branch) int {
		var order int
		if key != nil {
			order = cmp.Compare(key(x), key(y))
		} else {
			order = strings.Compare(v.labelOf(x), v.labelOf(y))
		}
		if v.body.descending {
			order = -order
		}
		return cmp.Or(order, cmp.Compare(x.node, y.node))
	})
}

// filter keeps the rows that were loaded and have the text.
func (v *dominators) filter(text string) {
	v.needle = text
	switch {
	case v.top == nil:
		return
	case text == "":
		v.app.cancelJob(slotView)
		v.kept = nil
		v.rebuild()
		return
	}
	v.labelled("filtering", func(ctx context.Context, all []*branch, labels []string) (func(), error) {
		t := v.table(all, labels)
		some, err := v.app.snap.Where(ctx, t, text)
		if err != nil {
			return nil, fmt.Errorf("filter: %w", err)
		}
		kept := map[*branch]bool{}
		for i := range some.Len() {
			kept[all[some.Row(i)]] = true
		}
		return func() {
			v.kept = kept
			v.rebuild()
			v.app.moved()
		}, nil
	})
}

func (v *dominators) unfilter() bool {
	if v.needle == "" {
		return false
	}
	v.filter("")
	return true
}

func (v *dominators) status() string {
	if v.top == nil {
		return ""
	}
	text := statusLine(v.body, len(v.rows), len(v.rows), "", v.columns())
	if v.needle != "" {
		text += "   filter: " + v.app.clean(v.needle) + " (among the rows that are open)"
	}
	if r, ok := v.row(); ok && !r.more {
		text += "   depth " + countText(uint64(r.depth+1))
	}
	return text
}

// table is branches as a table, for filters and files.
func (v *dominators) table(all []*branch, labels []string) *report.Table {
	var columns []report.Column
	for _, c := range v.cols {
		c.Cell = func(row int) report.Cell { return c.cell(all[row], labels[row]) }
		columns = append(columns, c.Column)
	}
	return report.NewTable(len(all), func(row int) heap.Node { return all[row].node }, columns...)
}

// asTable returns what makes a table of the rows that are open.
func (v *dominators) asTable() func() *report.Table {
	var all []*branch
	var labels []string
	for _, r := range v.rows {
		if !r.more {
			all, labels = append(all, r.branch), append(labels, r.label)
		}
	}
	return func() *report.Table {
		for i, b := range all {
			if labels[i] == "" {
				labels[i] = v.text(b)
			}
		}
		return v.table(all, labels)
	}
}

// treeColumn is a column of the tree, in files and on the screen.
type treeColumn struct {
	report.Column
	key  func(b *branch) uint64 // what it is sorted by; nil: the label
	cell func(b *branch, label string) report.Cell
	text func(row int) string // on the screen, where that is not the cell; nil: it is
}

// makeColumns returns the columns of the tree; the last one is in files only.
func (v *dominators) makeColumns() []treeColumn {
	number := func(c report.Column, of func(b *branch) uint64) treeColumn {
		return treeColumn{c, of, func(b *branch, _ string) report.Cell { return report.Cell{Num: of(b)} }, nil}
	}
	address := func(b *branch) uint64 { return v.app.snap.Heap.ValueAddr(b.node) }
	split := func(b *branch) uint64 {
		if b.held == nil {
			return 0 // only holders have a part
		}
		return b.held.Split
	}
	return []treeColumn{
		number(report.Column{Name: "retained_bytes", Title: "Retained", Kind: report.Bytes, MinWidth: 9, Right: true}, v.retained),
		{report.Column{Name: "share", Title: "Share", Kind: report.Percent, MinWidth: 7, Right: true}, v.retained,
			func(b *branch, _ string) report.Cell { return report.Cell{Num: v.app.snap.Share(v.retained(b))} }, nil},
		{report.Column{Name: "split_bytes", Title: "Split", Kind: report.Bytes, Priority: 4, MinWidth: 9, Right: true}, split,
			func(b *branch, _ string) report.Cell {
				return report.Cell{Num: split(b), Unknown: b.held == nil || !b.held.Splits}
			}, func(row int) string {
				if r := v.rows[row]; !r.more && r.held != nil && r.held.Splits {
					return v.app.bytes(r.held.Split)
				}
				return " "
			}},
		number(report.Column{Name: "objects", Title: "Objects", Kind: report.Count, Priority: 2, MinWidth: 10, Right: true}, v.objects),
		number(report.Column{Name: "shallow_bytes", Title: "Shallow", Kind: report.Bytes, Priority: 3, MinWidth: 9, Right: true}, v.shallow),
		{report.Column{Name: "object", Title: "Object", MinWidth: 50}, nil,
			func(_ *branch, label string) report.Cell { return report.Cell{Text: label} }, v.objectText},
		{report.Column{Name: "address", Title: "Address", Kind: report.Addr, Priority: 1, MinWidth: 14}, address,
			func(b *branch, _ string) report.Cell {
				addr := address(b)
				return report.Cell{Num: addr, Unknown: addr == 0 || b.group()}
			}, nil},
		number(report.Column{Name: "depth", Kind: report.Count}, func(b *branch) uint64 { return uint64(b.depth + 1) }),
	}
}

// shownColumns are those of the screen.
func (v *dominators) shownColumns() []column {
	var shown []column
	for _, c := range v.cols[:len(v.cols)-1] {
		text := c.text
		if text == nil {
			text = func(row int) string {
				if r := v.rows[row]; !r.more {
					return v.app.cellText(&c.Column, c.cell(r.branch, ""), v.app.exact)
				}
				return " "
			}
		}
		shown = append(shown, column{c.Column, text})
	}
	return shown
}

func (v *dominators) columns() []column { return v.app.widened(v.shown) }

func (v *dominators) len() int { return len(v.rows) }

func (v *dominators) retained(b *branch) uint64 {
	if b.held != nil {
		return b.held.Retained
	}
	return v.app.snap.Dominators.Retained(b.node)
}

func (v *dominators) objects(b *branch) uint64 {
	if b.held != nil {
		return b.held.Objects
	}
	return v.app.snap.Dominators.Objects(b.node)
}

func (v *dominators) shallow(b *branch) uint64 {
	if b.held != nil {
		return b.held.Shallow
	}
	return v.app.snap.Graph.Size(b.node)
}

// objectText is the label of a row, behind the sign that says whether it is open.
func (v *dominators) objectText(row int) string {
	r := v.rows[row]
	if r.more {
		return v.indent(r.depth+1) + "~ " + countText(uint64(r.total-len(r.children))) + " more (enter loads " + countText(childStep) + ")"
	}
	mark := "  "
	switch {
	case v.leaf(r.branch):
	case r.expanded:
		mark = v.app.sym.open + " "
	default:
		mark = v.app.sym.closed + " "
	}
	return v.indent(r.depth) + mark + v.labelOf(r.branch)
}

// fetch implements slowRows: it makes the labels, which do not change.
func (v *dominators) fetch(g *grid, places, cols []int) func() func() {
	var branches []*branch
	for _, i := range places {
		branches = append(branches, v.rows[i].branch)
	}
	return func() func() {
		labels := make([]string, len(branches))
		for i, b := range branches {
			labels[i] = v.text(b)
		}
		return func() {
			for i, b := range branches {
				b.label = labels[i]
				if at := places[i]; at < len(v.rows) && v.rows[at].branch == b {
					g.cells(at, cols, false) // the rest is at hand
				}
			}
		}
	}
}

// labelOf is the text of a branch, kept once made.
func (v *dominators) labelOf(b *branch) string {
	if b.label == "" {
		b.label = v.text(b)
	}
	return b.label
}

func (v *dominators) indent(depth int) string {
	if depth <= deepest {
		return strings.Repeat("  ", depth)
	}
	return strings.Repeat("  ", deepest) + "(+" + countText(uint64(depth-deepest)) + ") "
}

// text names a branch: a retainer by what it is, everything else by how its
// dominator points to it, where it does so itself. It reads nothing of b that
// changes.
func (v *dominators) text(b *branch) string {
	a, p := v.app, v.app.snap.Heap
	if h := b.held; h != nil {
		switch {
		case h.Members != nil:
			return a.clean(a.snap.HeldBy(h))
		case h.Type != "":
			return a.clean(h.Name + "  " + h.Type)
		}
		return a.clean(h.Name)
	}
	text := a.nodeText(b.node)
	if b.parent != nil && b.parent.node != heap.SuperRoot && !b.parent.group() {
		if expr, _, ok := p.Edge(b.parent.node, b.node); ok && expr != "" {
			text = expr + "  " + text
		}
	}
	return a.clean(text)
}
