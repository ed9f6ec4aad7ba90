package tui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"goheap/gocore"
	"goheap/heap"
	"goheap/report"
)

// page is one of the inspector's.
type page int

const (
	pageFields page = iota
	pageReferrers
	pageReferences
	pageHex
	pages
)

var pageNames = [pages]string{"Fields", "Referrers", "References", "Hex"}

// inspector shows one object or root.
type inspector struct {
	app    *App
	node   heap.Node
	at     page
	lists  [pages]*list // nil where the page has a body of its own
	bodies [pages]*grid

	fields []gocore.Field
	more   int // fields that were not decoded
	loaded bool
	counts [pages]int // -1 unknown
}

func newInspector(a *App, n heap.Node) view {
	v := &inspector{app: a, node: n}
	v.lists[pageReferrers] = newList(a, "referrers", 0, func(ctx context.Context) (*report.Table, error) {
		nodes, err := a.snap.Referrers(ctx, n)
		if err != nil {
			return nil, err
		}
		return a.nodeTable(nodes, n, false), nil
	})
	v.lists[pageReferences] = newList(a, "references", 0, func(ctx context.Context) (*report.Table, error) {
		return a.nodeTable(targets(a.snap.Graph, n), n, true), ctx.Err()
	})
	v.bodies[pageFields] = &grid{rows: fieldRows{v}, sorted: -1}
	v.bodies[pageHex] = &grid{rows: hexRows{v}, sorted: -1}
	return v
}

// targets are the nodes that n points to, each once, in the order of the first
// pointer to each.
func targets(g *heap.Graph, n heap.Node) []heap.Node {
	seen := map[heap.Node]bool{}
	var nodes []heap.Node
	for _, t := range g.Targets(n) {
		if !seen[t] {
			seen[t] = true
			nodes = append(nodes, t)
		}
	}
	return nodes
}

func (v *inspector) list() *list { return v.lists[v.at] }

func (v *inspector) name() string {
	text := v.app.nodeText(v.node)
	if addr := addrText(v.app.snap.Process.Addr(v.node)); addr != "" {
		return addr + " " + text
	}
	return text
}
func (v *inspector) tab() tab     { return v.app.stack[0].tab() }
func (v *inspector) hasWhy() bool { return true }

func (v *inspector) grid() *grid {
	if l := v.list(); l != nil {
		return l.grid()
	}
	return v.bodies[v.at]
}

func (v *inspector) enter() {
	switch {
	case v.list() != nil:
		v.list().enter()
	case v.at == pageFields && !v.loaded:
		v.load(childStep)
	}
}

// load decodes at most n fields.
func (v *inspector) load(n int) {
	p := v.app.snap.Process
	v.app.start(slotView, "decoding the fields", func(ctx context.Context) (func(), error) {
		fields, more := p.Fields(v.node, n)
		return func() {
			v.fields, v.more, v.loaded = fields, more, true
			v.bodies[pageFields].invalidate()
			v.app.moved()
		}, ctx.Err()
	})
}

func (v *inspector) field() *gocore.Field {
	i := v.bodies[pageFields].selected
	if v.at != pageFields || i >= len(v.fields) {
		return nil
	}
	return &v.fields[i]
}

// subject is the row's object on the pages that list objects, what a pointer
// field points to, and else the inspected object.
func (v *inspector) subject() subject {
	if l := v.list(); l != nil && l.row() >= 0 {
		return l.subject()
	}
	if f := v.field(); f != nil && f.Target != heap.None {
		return subject{node: f.Target}
	}
	return subject{node: v.node}
}

func (v *inspector) open() {
	switch f := v.field(); {
	case v.list() != nil:
		v.list().open()
	case v.at == pageHex:
		v.app.flash("bytes cannot be opened; tab goes to the fields")
	case f == nil && v.more > 0:
		v.load(len(v.fields) + childStep)
	case f != nil && f.Target != heap.None:
		v.app.inspect(f.Target)
	default:
		v.app.flash("this field points to no object")
	}
}

func (v *inspector) turn(by int) {
	v.at = (v.at + page(by) + pages) % pages
	v.app.cancelJob(slotView)
	v.enter()
}

func (v *inspector) actions() []Action {
	return []Action{
		{Keys: []Key{code(keyTab)}, Label: "next page", Priority: 2,
			Help: "Show the next of Fields, Referrers, References, Hex.", Do: func() { v.turn(1) }},
		{Keys: []Key{code(keyBacktab)}, Label: "previous page",
			Help: "Show the previous of Fields, Referrers, References, Hex.", Do: func() { v.turn(-1) }},
		{Keys: []Key{char('f'), char('l'), code(keyRight)}, Label: "follow", Priority: 3,
			Help: "Inspect what the selected row points to.", Do: v.open},
	}
}

func (v *inspector) facts(w, h int) []string {
	a, s := v.app, v.app.snap
	d, p := s.Dominators, s.Process
	line := a.clean(v.name())
	if !s.Graph.IsRoot(v.node) {
		line += "   " + report.HumanBytes(s.Graph.Size(v.node))
	}
	if d.Live(v.node) {
		retained := d.Retained(v.node)
		line += fmt.Sprintf("   retains %s (%s)", report.HumanBytes(retained), report.HumanPercent(s.Share(retained)))
	} else {
		line += "   garbage: no root reaches it"
	}
	second := ""
	switch idom := d.Idom(v.node); {
	case idom == heap.None:
	case idom == heap.SuperRoot && s.Graph.IsRoot(v.node):
		second = p.KindOf(v.node)
	case idom == heap.SuperRoot:
		second = "held by several roots: nothing alone dominates it"
	default:
		second = "dominated by "
		if addr := addrText(p.Addr(idom)); addr != "" {
			second += addr + " "
		}
		second += a.clean(a.nodeText(idom))
	}
	if e := p.Evidence(v.node); e != "" && !s.Graph.IsRoot(v.node) {
		second += "   type known by: " + a.clean(e)
	}
	var tabs strings.Builder
	for i, name := range pageNames {
		if page(i) == v.at {
			name = "[" + name + "]"
		} else {
			name = " " + name + " "
		}
		tabs.WriteString(name + " ")
	}
	return []string{line, strings.TrimSpace(second), tabs.String()}
}

func (v *inspector) status() string {
	if l := v.list(); l != nil {
		return l.status()
	}
	g := v.grid()
	return fmt.Sprintf("row %s of %s   tab: %s", countText(uint64(min(g.selected+1, g.len()))), countText(uint64(g.len())),
		strings.Join(pageNames[:], ", "))
}

func (v *inspector) filter(text string) {
	if l := v.list(); l != nil {
		l.filter(text)
	}
}

func (v *inspector) unfilter() bool {
	l := v.list()
	return l != nil && l.unfilter()
}

func (v *inspector) filterText() string {
	if l := v.list(); l != nil {
		return l.filterText()
	}
	return ""
}

func (v *inspector) sortable() string {
	if l := v.list(); l != nil {
		return l.sortable()
	}
	return "fields and bytes stand in the order of memory"
}

func (v *inspector) sort(reverse bool) { v.list().sort(reverse) }

// fieldRows are the decoded fields.
type fieldRows struct{ v *inspector }

func (r fieldRows) columns() []report.Column {
	return []report.Column{
		{Title: "Offset", MinWidth: 7, Right: true},
		{Title: "Field", MinWidth: 12},
		{Title: "Type", MinWidth: 12},
		{Title: "Value", MinWidth: 20},
		{Title: "Retained", Kind: report.Bytes, Priority: 1, MinWidth: 9, Right: true},
	}
}

func (r fieldRows) len() int { return len(r.v.fields) + boolInt(r.v.more > 0) }

func (r fieldRows) cell(row, col int) string {
	v := r.v
	if row == len(v.fields) {
		if col == 1 {
			return "~ " + countText(uint64(v.more)) + " more (enter)"
		}
		return " "
	}
	f := v.fields[row]
	switch col {
	case 0:
		return fmt.Sprintf("+%d", f.Offset)
	case 1:
		return blank(v.app.clean(strings.Repeat("  ", min(f.Depth, deepest)) + f.Name))
	case 2:
		return blank(v.app.clean(f.Type))
	case 3:
		return blank(v.app.clean(f.Value))
	default:
		if f.Target == heap.None {
			return " "
		}
		return report.HumanBytes(v.app.snap.Dominators.Retained(f.Target))
	}
}

// hexRows are the bytes of the object, sixteen a row.
type hexRows struct{ v *inspector }

const hexBytes = 16

func (r hexRows) columns() []report.Column {
	return []report.Column{
		{Title: "Offset", MinWidth: 8, Right: true},
		{Title: "Bytes", MinWidth: 3*hexBytes + 1},
		{Title: "", Kind: report.Addr, MinWidth: hexBytes},
	}
}

// size is the number of bytes of the object, or of the variable of a root.
func (v *inspector) size() uint64 {
	if !v.app.snap.Graph.IsRoot(v.node) {
		return v.app.snap.Graph.Size(v.node)
	}
	roots := v.app.snap.Process.Roots()
	if i := slices.IndexFunc(roots, func(r gocore.Root) bool { return r.Node == v.node }); i >= 0 {
		return roots[i].Size
	}
	return 0
}

func (r hexRows) len() int {
	return int(min((r.v.size()+hexBytes-1)/hexBytes, 1<<40))
}

func (r hexRows) cell(row, col int) string {
	off := uint64(row) * hexBytes
	if col == 0 {
		return fmt.Sprintf("+0x%x", off)
	}
	data := r.v.app.snap.Process.Hex(r.v.node, off, min(hexBytes, r.v.size()-off))
	var b strings.Builder
	for i, c := range data {
		switch {
		case col == 1:
			if i == hexBytes/2 {
				b.WriteByte(' ')
			}
			fmt.Fprintf(&b, "%02x ", c)
		case c >= 0x20 && c < 0x7f:
			b.WriteByte(c)
		default:
			b.WriteByte('.')
		}
	}
	if len(data) == 0 && col == 1 {
		return "(not in the file)"
	}
	return blank(b.String())
}
