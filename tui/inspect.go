package tui

import (
	"context"
	"fmt"
	"slices"
	"strconv"
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
	pageWaste
	pages
)

var pageNames = [pages]string{"Fields", "Referrers", "References", "Hex", "Waste"}

// inspector shows one object or root.
type inspector struct {
	app    *App
	node   heap.Node
	asked  *asked // what is shown instead, on the page of fields alone; nil for the node
	at     page
	lists  [pages]*list // nil where the page has a body of its own
	bodies [pages]*grid

	top    *part     // the whole value; nil until loaded, and where there is none
	rows   []partRow // of the fields
	loaded bool
	needle string         // what the fields are filtered by
	kept   map[*part]bool // what the filter keeps, and what that is in; nil: all
	chosen *part          // the map whose entries the filter has chosen, from all of them
	site   string         // where it was allocated, clean; "" unknown
}

// part is a value that can be opened into its parts, which are decoded when it
// is.
type part struct {
	gocore.Value
	parent   *part
	depth    int
	expanded bool
	children []*part // the first ones, as loaded
	all      bool    // there are no more children than these

	// Of a map: which entries the children are, from all of whole; the zero one is all
	// in the order of the table.
	entries report.Entries
	whole   gocore.Value
	passed  gocore.Chosen
}

// partRow is a visible row: a part, or what stands for its children that are not
// loaded.
type partRow struct {
	*part
	more bool
}

// partStep is how many parts are decoded at a time.
const partStep = 100

func newInspector(a *App, n heap.Node) view { return newInspectorAt(a, n, pageFields) }

func newInspectorAt(a *App, n heap.Node, at page) *inspector {
	v := &inspector{app: a, node: n, at: at}
	v.lists[pageReferrers] = newList(a, "referrers", 0, "")
	v.lists[pageReferrers].load = func(ctx context.Context) (loaded, error) {
		nodes, err := a.snap.Referrers(ctx, n)
		if err != nil {
			return loaded{}, err
		}
		return loaded{table: a.nodeTable(nodes, n, false)}, nil
	}
	v.lists[pageReferences] = newList(a, "references", 0, "")
	v.lists[pageReferences].load = func(ctx context.Context) (loaded, error) {
		nodes, err := a.snap.References(ctx, n)
		if err != nil {
			return loaded{}, err
		}
		return loaded{table: a.nodeTable(nodes, n, true)}, nil
	}
	v.lists[pageWaste] = newObjectWaste(v)
	v.bodies[pageFields] = &grid{rows: newFieldRows(v), sorted: -1}
	v.bodies[pageHex] = &grid{rows: newHexRows(v), sorted: -1}
	return v
}

func (v *inspector) list() *list { return v.lists[v.at] }

func (v *inspector) name() string {
	if v.asked != nil {
		return v.asked.target
	}
	text := v.app.nodeText(v.node)
	if addr := addrText(v.app.snap.Heap.ValueAddr(v.node)); addr != "" {
		return addr + " " + text
	}
	return text
}
func (v *inspector) tab() tab { return v.app.stack[0].tab() }

func (v *inspector) where() (string, string) {
	if v.asked != nil {
		return "object", v.asked.target
	}
	return [pages]string{"object", "referrers", "references", "hex", "unused"}[v.at], v.app.targetOf(v.node)
}

func (v *inspector) set(place int) rowSet {
	if l := v.list(); l != nil {
		return l.set(place)
	}
	if v.at == pageFields && place < len(v.rows) {
		return v.app.setOf(v.about(v.rows[place]))
	}
	return v.app.setOf(v.node)
}

// about is the object that a row of fields is about: what it points to, or the one whose
// field it is. The first row is the object itself, whatever its value points to.
func (v *inspector) about(r partRow) heap.Node {
	if r.part == v.top || r.more || r.Target == heap.None {
		return v.node
	}
	return r.Target
}
func (v *inspector) hasWhy() bool { return v.node != heap.None || v.asked == nil }

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
		v.load()
	case v.at == pageFields && v.needle != "":
		v.filterFields(v.bodies[pageFields].selected)
	}
}

// load decodes the value. One that is nothing but its parts has no row of its own.
func (v *inspector) load() {
	s := v.app.snap
	v.app.start(slotView, "decoding the value", func(ctx context.Context) (func(), error) {
		site := v.app.siteText(v.node)
		value, ok, err := v.value(ctx)
		if err != nil {
			return nil, err
		}
		top := &part{Value: value}
		var children []gocore.Value
		if ok {
			children = s.Heap.Children(value, 0, partStep)
		}
		return func() {
			v.loaded, v.site = true, site
			if ok {
				v.top = top
				if value.InPlace {
					top.depth = -1
				}
				selected := v.bodies[pageFields].selected
				v.add(top, children)
				if v.needle != "" { // typed meanwhile, or told by a location
					v.filterFields(selected)
				}
			}
			v.app.moved()
		}, ctx.Err()
	})
}

// add appends children to those of b, and shows them.
func (v *inspector) add(b *part, children []gocore.Value) {
	for _, c := range children {
		b.children = append(b.children, &part{Value: c, parent: b, depth: b.depth + 1})
	}
	b.all = len(children) < partStep || len(b.children) >= b.Children && !b.More
	b.expanded = true
	v.rebuild()
	if v.kept != nil {
		v.filterFields(-1)
	}
}

// expand shows the children of b, and the next ones if more is set.
func (v *inspector) expand(b *part, more bool) {
	if len(b.children) > 0 && !more {
		b.expanded = true
		v.rebuild()
		return
	}
	s, from := v.app.snap, len(b.children)
	v.app.start(slotExpand, "decoding the values", func(ctx context.Context) (func(), error) {
		children := s.Heap.Children(b.Value, from, partStep)
		return func() {
			if len(b.children) == from {
				v.add(b, children)
			}
			v.app.moved()
		}, ctx.Err()
	})
}

// rebuild makes the visible rows from the parts. The selection stays on its part.
func (v *inspector) rebuild() {
	var selected partRow
	body := v.bodies[pageFields]
	if body.selected < len(v.rows) {
		selected = v.rows[body.selected]
	}
	v.rows = v.rows[:0]
	type visit struct {
		b    *part
		next int
	}
	if v.top.depth >= 0 || v.kept == nil || v.kept[v.top] {
		v.rows = append(v.rows, partRow{v.top, false})
	}
	var stack []visit
	if v.top.expanded {
		stack = append(stack, visit{v.top, 0})
	}
	for len(stack) > 0 {
		at := &stack[len(stack)-1]
		if at.next == len(at.b.children) {
			if !at.b.all && (v.kept == nil || v.chosen == at.b) {
				v.rows = append(v.rows, partRow{at.b, true})
			}
			stack = stack[:len(stack)-1]
			continue
		}
		c := at.b.children[at.next]
		at.next++
		if v.kept != nil && !v.kept[c] {
			continue
		}
		v.rows = append(v.rows, partRow{c, false})
		if c.expanded {
			stack = append(stack, visit{c, 0})
		}
	}
	body.invalidate()
	if selected.part != nil && !selected.more { // else the first part that was loaded
		v.selectPart(selected.part)
	}
}

// selectPart selects the row of a part, or of the nearest one that it is in.
func (v *inspector) selectPart(b *part) {
	for ; b != nil; b = b.parent {
		if i := slices.Index(v.rows, partRow{b, false}); i >= 0 {
			v.bodies[pageFields].selectRow(i)
			return
		}
	}
}

// mapPart is the map that the selected row is, or is in; nil for none.
func (v *inspector) mapPart() *part {
	r, _ := v.row()
	for b := r.part; b != nil; b = b.parent {
		if b.Map && len(b.children) > 0 {
			return b
		}
	}
	return nil
}

// openMap is the only map that is open and has more entries than are loaded, nil if there
// is none or several.
func (v *inspector) openMap() (found *part) {
	for _, r := range v.rows {
		if !r.more && r.Map && r.expanded && !r.all {
			if found != nil {
				return nil
			}
			found = r.part
		}
	}
	return found
}

// choose shows other entries of a map, or the same in another order.
func (v *inspector) choose(m *part, e report.Entries) {
	if m.entries == (report.Entries{}) {
		m.whole = m.Value
	}
	s, whole := v.app.snap, m.whole
	v.app.start(slotExpand, "reading the keys", func(ctx context.Context) (func(), error) {
		value, passed := whole, gocore.Chosen{}
		var err error
		if e != (report.Entries{}) {
			if value, passed, err = s.Choose(ctx, whole, e); err != nil {
				return nil, filterError(err)
			}
		}
		children := s.Heap.Children(value, 0, partStep)
		return func() {
			m.Value, m.entries, m.passed, m.children = value, e, passed, nil
			if v.add(m, children); v.kept == nil && v.needle != "" {
				v.filterFields(-1)
			}
			v.app.moved()
		}, ctx.Err()
	})
}

func (v *inspector) row() (partRow, bool) {
	i := v.bodies[pageFields].selected
	if v.at != pageFields || i >= len(v.rows) {
		return partRow{}, false
	}
	return v.rows[i], true
}

// subject is the row's object on the pages that list objects, what a pointer
// field points to, and else the inspected object.
func (v *inspector) subject() subject {
	if l := v.list(); l != nil && l.row() >= 0 {
		return l.subject()
	}
	if r, ok := v.row(); ok {
		return subject{node: v.about(r)}
	}
	return subject{node: v.node}
}

// open inspects what the row points to; a part that points to nothing is
// expanded or collapsed.
func (v *inspector) open() {
	r, ok := v.row()
	switch {
	case v.list() != nil:
		v.list().open()
	case v.at == pageHex:
		v.app.flash("bytes cannot be opened; tab goes to the fields")
	case ok && r.more:
		v.expand(r.part, true)
	case ok && r.Target != heap.None:
		v.app.inspect(r.Target)
	case ok && v.whole(r):
		v.app.flash("this is the object itself; its parts stand below")
	case ok && r.Children > 0 && r.expanded:
		v.collapse()
	case ok && r.Children > 0:
		v.expand(r.part, false)
	default:
		v.app.flash("this field points to no object")
	}
}

// whole reports whether a row is the object itself that is nothing but its parts, which
// stand beside it.
func (v *inspector) whole(r partRow) bool { return r.part == v.top && !r.more && r.depth < 0 }

// unfold shows the parts of the row, and follows it where it has none.
func (v *inspector) unfold() {
	r, ok := v.row()
	switch {
	case !ok || r.more || r.Children == 0:
		v.open()
	case r.expanded:
		v.bodies[pageFields].move(1)
	default:
		v.expand(r.part, false)
	}
}

// collapse hides the parts of the row, or goes to the row that it is a part of.
func (v *inspector) collapse() {
	r, ok := v.row()
	switch {
	case !ok:
		v.app.flash("there is nothing to collapse here")
	case r.more:
		v.selectPart(r.part)
	case v.whole(r):
		v.app.flash("this is the object itself")
	case r.expanded:
		r.expanded = false
		v.rebuild()
	default:
		v.selectPart(r.parent)
	}
}

func (v *inspector) turn(by int) {
	if v.asked != nil {
		v.app.flash("this value is no object: it has fields alone")
		return
	}
	v.show((v.at + page(by) + pages) % pages)
}

// show turns to a page.
func (v *inspector) show(at page) {
	v.at = at
	v.app.cancelJob(slotView)
	v.enter()
	v.grid().forget(report.Bytes)
}

func (v *inspector) actions() []Action {
	actions := []Action{
		{Keys: []Key{code(keyTab)}, Label: "next page", Priority: 2,
			Help: "Show the next of Fields, Referrers, References, Hex, Waste.", Do: func() { v.turn(1) }},
		{Keys: []Key{code(keyBacktab)}, Label: "previous page",
			Help: "Show the previous of Fields, Referrers, References, Hex, Waste.", Do: func() { v.turn(-1) }},
	}
	if v.at != pageFields {
		if v.at == pageHex {
			actions = append(actions, Action{Keys: []Key{char('o')}, Label: "offset", Priority: 3,
				Help: "Go to an offset, as in +0x40.", Do: func() { v.app.openPrompt(promptGoto, "+0x") }})
		}
		return append(actions, Action{Keys: []Key{char('f'), char('l'), code(keyRight)}, Label: "follow", Priority: 3,
			Help: "Inspect what the selected row points to.", Do: v.open})
	}
	return append(actions,
		Action{Keys: []Key{char('l'), code(keyRight)}, Label: "expand", Priority: 3,
			Help: "Show the parts of the selected value: fields, elements, entries, what it points to. Where it has none, follow it.", Do: v.unfold},
		Action{Keys: []Key{char('h'), code(keyLeft)}, Label: "collapse", Priority: 4,
			Help: "Hide the parts of the selected value, or go to the value that it is a part of.", Do: v.collapse},
		Action{Keys: []Key{char('f')}, Label: "follow", Priority: 7,
			Help: "Inspect what the selected row points to.", Do: v.open},
	)
}

func (v *inspector) facts(w, h int) []string {
	a, s := v.app, v.app.snap
	if v.asked != nil {
		return v.asked.facts(a)
	}
	d, p := s.Dominators, s.Heap
	line := a.clean(v.name())
	if !s.Graph.IsRoot(v.node) {
		line += "   " + a.bytes(s.Graph.Size(v.node))
	}
	if d.Live(v.node) {
		retained := d.Retained(v.node)
		line += fmt.Sprintf("   retains %s (%s)", a.bytes(retained), report.HumanPercent(s.Share(retained)))
	} else {
		line += "   garbage: no root reaches it"
	}
	second := ""
	switch idom := d.Idom(v.node); {
	case idom == heap.None:
	case idom == heap.SuperRoot && s.Graph.IsRoot(v.node):
		second = p.KindOf(v.node).String()
	case idom == heap.SuperRoot:
		second = "held by several roots: nothing alone dominates it"
	default:
		second = "dominated by "
		if addr := addrText(p.ValueAddr(idom)); addr != "" {
			second += addr + " "
		}
		second += a.clean(a.nodeText(idom))
	}
	if e := p.Evidence(v.node); e != 0 && !s.Graph.IsRoot(v.node) {
		second += "   type known by: " + e.String()
	}
	if fits := p.Fits(v.node); len(fits) > 0 {
		second += "   may be: " + a.clean(strings.Join(fits, ", or "))
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
	lines := []string{line, strings.TrimSpace(second)}
	if v.site != "" && h > 3 {
		lines = append(lines, v.site)
	}
	return append(lines, tabs.String())
}

func (v *inspector) status() string {
	if l := v.list(); l != nil {
		return l.status()
	}
	g, needle := v.grid(), ""
	if text := v.filterText(); text != "" {
		where := "among the rows that are open"
		if m := v.chosen; m != nil {
			where = fmt.Sprintf("%s of %s entries", countText(uint64(m.passed.Kept)), countText(uint64(m.passed.Passed)))
		}
		needle = fmt.Sprintf("   filter: %s (%s)", v.app.clean(text), where)
	}
	if m := v.mapPart(); m != nil && m.entries.Sorted {
		needle += "   entries by key"
		if m.entries.Backwards {
			needle += ", backwards"
		}
		if m.passed.Left > 0 {
			needle += fmt.Sprintf(" (the last %s are left out)", countText(uint64(m.passed.Left)))
		}
	}
	return fmt.Sprintf("row %s of %s%s   tab: %s", countText(uint64(min(g.selected+1, g.len()))), countText(uint64(g.len())),
		needle, strings.Join(pageNames[:], ", "))
}

func (v *inspector) filterable() string {
	return reasonIf(v.at == pageHex, "bytes cannot be left out; o goes to an offset")
}

func (v *inspector) filter(text string) {
	if l := v.list(); l != nil {
		l.filter(text)
	} else if v.at == pageFields {
		v.needle = text
		v.filterEntries()
	}
}

// filterEntries has the filter choose from all entries of the map of the selected row, if
// that has more than are shown, and filters what is shown.
func (v *inspector) filterEntries() {
	m, text := v.chosen, v.needle
	if strings.HasPrefix(text, "=") {
		text = "" // keys have no expressions
	}
	if m == nil && text != "" {
		if m = v.mapPart(); m == nil {
			m = v.openMap()
		}
		if m != nil && m.all && m.entries.Filter == "" {
			m = nil
		}
	}
	if m == nil {
		v.filterFields(-1)
		return
	}
	if v.chosen = m; text == "" {
		v.chosen = nil
		v.filterFields(-1)
	}
	e := m.entries
	e.Filter = text
	v.choose(m, e)
}

func (v *inspector) unfilter() bool {
	if l := v.list(); l != nil {
		return l.unfilter()
	}
	if v.at != pageFields || v.needle == "" {
		return false
	}
	v.filter("")
	return true
}

func (v *inspector) filterText() string {
	switch l := v.list(); {
	case l != nil:
		return l.filterText()
	case v.at == pageFields:
		return v.needle
	}
	return ""
}

// filterFields shows the parts that were loaded and have the needle, below what they
// are parts of, and selects a row: the one that was, if it is negative.
func (v *inspector) filterFields(row int) {
	if v.top == nil {
		return
	}
	if v.needle == "" {
		v.app.cancelJob(slotView)
		v.kept = nil
		v.rebuild()
		return
	}
	var all []*part
	for stack := []*part{v.top}; len(stack) > 0; {
		p := stack[len(stack)-1]
		stack = append(stack[:len(stack)-1], p.children...)
		all = append(all, p.children...)
	}
	s, needle := v.app.snap, v.needle
	v.app.start(slotView, "filtering", func(ctx context.Context) (func(), error) {
		some, err := s.Where(ctx, v.table(all), needle)
		if err != nil {
			return nil, filterError(err)
		}
		kept, match := map[*part]bool{}, map[*part]bool{}
		for i := range some.Len() {
			p := all[some.Row(i)]
			match[p] = true
			for ; p != nil && !kept[p]; p = p.parent {
				kept[p] = true
			}
		}
		return func() {
			v.kept = kept
			v.rebuild()
			if r, ok := v.row(); row >= 0 {
				v.bodies[pageFields].selectRow(row)
			} else if !ok || !match[r.part] {
				first := slices.IndexFunc(v.rows, func(r partRow) bool { return match[r.part] })
				v.bodies[pageFields].selectRow(first)
			}
			v.app.moved()
		}, nil
	})
}

func (v *inspector) sortable() string {
	if l := v.list(); l != nil {
		return l.sortable()
	}
	return reasonIf(v.mapPart() == nil, "fields and bytes stand in the order of memory; entries of a map can be sorted")
}

// sort has the entries of a map by key, or in the order of the table again.
func (v *inspector) sort(reverse bool) {
	if l := v.list(); l != nil {
		l.sort(reverse)
		return
	}
	m := v.mapPart()
	e := m.entries
	if reverse {
		e.Sorted, e.Backwards = true, !e.Sorted || !e.Backwards
	} else {
		e.Sorted, e.Backwards = !e.Sorted, false
	}
	v.choose(m, e)
}

// fieldRows are the parts of the value that are open.
type fieldRows struct {
	v    *inspector
	cols []column
}

func (r *fieldRows) columns() []column { return r.v.app.widened(r.cols) }
func (r *fieldRows) len() int          { return len(r.v.rows) }

// partColumn is a column of parts: what a filter sees of one, and what the screen
// shows of a row.
type partColumn struct {
	report.Column
	cell func(p *part) report.Cell
	text func(row int) string
}

func (v *inspector) partColumns() []partColumn {
	a := v.app
	retained := func(p *part) report.Cell {
		if p == v.top {
			return report.Cell{Num: a.snap.Dominators.Retained(v.node), Unknown: !a.snap.Dominators.Live(v.node)}
		}
		if p.Target == heap.None {
			return report.Cell{Unknown: true}
		}
		return report.Cell{Num: a.snap.Dominators.Retained(p.Target)}
	}
	offset := func(p *part) report.Cell { return report.Cell{Num: p.Offset, Unknown: p.Outside} }
	address := func(p *part) report.Cell { return addrCell(p.Addr) }
	// known says nothing of parts that are not loaded, and of what is not known.
	known := func(cell func(p *part) report.Cell, say func(n uint64) string) func(row int) string {
		return func(row int) string {
			if r := v.rows[row]; !r.more {
				if c := cell(r.part); !c.Unknown {
					return say(c.Num)
				}
			}
			return " "
		}
	}
	return []partColumn{
		{report.Column{Name: "offset", Title: "Offset", MinWidth: 7, Right: true, Numeric: true}, offset,
			known(offset, func(n uint64) string { return fmt.Sprintf("+%d", n) })},
		{report.Column{Name: "field", Title: "Field", MinWidth: 12},
			func(p *part) report.Cell { return textCell(p.Name) }, v.fieldText},
		{report.Column{Name: "type", Title: "Type", MinWidth: 12},
			func(p *part) report.Cell { return textCell(p.Type) }, func(row int) string {
				if v.rows[row].more {
					return " "
				}
				return blank(a.clean(v.rows[row].Type))
			}},
		{report.Column{Name: "value", Title: "Value", MinWidth: 20},
			func(p *part) report.Cell { return textCell(p.Text) }, func(row int) string {
				if v.rows[row].more {
					return "(enter loads " + countText(partStep) + ")"
				}
				return blank(a.clean(v.rows[row].Text))
			}},
		{report.Column{Name: "retained_bytes", Title: "Retained", Kind: report.Bytes, Priority: 1, MinWidth: 9, Right: true}, retained,
			known(retained, a.bytes)},
		{report.Column{Name: "address", Title: "Address", Kind: report.Addr, Priority: 2, MinWidth: 14}, address,
			known(address, addrText)},
	}
}

func newFieldRows(v *inspector) *fieldRows {
	r := &fieldRows{v: v}
	for _, c := range v.partColumns() {
		r.cols = append(r.cols, column{c.Column, c.text})
	}
	return r
}

// table is parts as a table, for filters and files.
func (v *inspector) table(all []*part) *report.Table {
	var columns []report.Column
	for _, c := range v.partColumns() {
		c.Cell = func(row int) report.Cell { return c.cell(all[row]) }
		if c.Numeric { // no more than a text on the screen
			c.Kind = report.Count
		}
		columns = append(columns, c.Column)
	}
	return report.NewTable(len(all), nil, columns...)
}

// asTable implements tabled for the fields.
func (v *inspector) asTable() func() *report.Table {
	if v.at != pageFields {
		return nil
	}
	var all []*part
	for _, r := range v.rows {
		if !r.more {
			all = append(all, r.part)
		}
	}
	return func() *report.Table { return v.table(all) }
}

// fieldText names the part of a row, behind the sign that says whether it is open.
func (v *inspector) fieldText(row int) string {
	p := v.rows[row]
	if p.more {
		rest := p.Children - len(p.children)
		if p.More && rest <= 0 {
			return indented(p.depth+1, "~ more") // nobody has counted them
		}
		return indented(p.depth+1, "~ "+countText(uint64(rest))+" more")
	}
	mark := "  "
	switch {
	case p.Children == 0 || v.whole(p):
	case p.expanded:
		mark = v.app.sym.open + " "
	default:
		mark = v.app.sym.closed + " "
	}
	name := p.Name
	if p.part == v.top {
		if name = "(the object)"; v.app.snap.Graph.IsRoot(v.node) {
			name = "(the variable)"
		}
	}
	return blank(indented(p.depth, mark+v.app.clean(name)))
}

// indented moves a text to the right by its depth.
func indented(depth int, s string) string {
	return strings.Repeat("  ", max(0, min(depth, deepest))) + s
}

// toOffset implements offsets: it selects the row of bytes at an offset, as in
// "+0x40".
func (v *inspector) toOffset(text string) bool {
	if v.at != pageHex || !strings.HasPrefix(text, "+") {
		return false
	}
	off, err := strconv.ParseUint(text[1:], 0, 64)
	switch {
	case err != nil:
		v.app.flash(text + " is no offset; +0x40 or +64 is one")
	case off >= v.size():
		v.app.flash(fmt.Sprintf("%s is outside: there are %s bytes", text, countText(v.size())))
	default:
		v.grid().selectRow(int(off / hexBytes))
	}
	return true
}

// hexRows are the bytes of the object, sixteen a row.
type hexRows struct {
	v    *inspector
	cols []column
}

const hexBytes = 16

func newHexRows(v *inspector) *hexRows {
	bytes := func(row int) []byte {
		off := uint64(row) * hexBytes
		return v.app.snap.Heap.Hex(v.node, off, min(hexBytes, v.size()-off))
	}
	return &hexRows{v, []column{
		{report.Column{Title: "Offset", MinWidth: 8, Right: true}, func(row int) string { return fmt.Sprintf("+0x%x", uint64(row)*hexBytes) }},
		{report.Column{Title: "Bytes", MinWidth: 3*hexBytes + 1}, func(row int) string { return hexText(bytes(row)) }},
		{report.Column{Title: "", Kind: report.Addr, MinWidth: hexBytes}, func(row int) string { return blank(asciiText(bytes(row))) }},
	}}
}

func (r *hexRows) columns() []column { return r.cols }
func (r *hexRows) len() int          { return int(min((r.v.size()+hexBytes-1)/hexBytes, 1<<40)) }

func hexText(data []byte) string {
	if len(data) == 0 {
		return "(not in the file)"
	}
	var b strings.Builder
	for i, c := range data {
		if i == hexBytes/2 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%02x ", c)
	}
	return b.String()
}

// asciiText has a dot for what is no ASCII.
func asciiText(data []byte) string {
	text := slices.Clone(data)
	for i, c := range text {
		if c < 0x20 || c >= 0x7f {
			text[i] = '.'
		}
	}
	return string(text)
}

// size is the number of bytes of the object, or of the variable of a root.
func (v *inspector) size() uint64 {
	if !v.app.snap.Graph.IsRoot(v.node) {
		return v.app.snap.Graph.Size(v.node)
	}
	roots := v.app.snap.Heap.Roots()
	if i := slices.IndexFunc(roots, func(r gocore.Root) bool { return r.Node == v.node }); i >= 0 {
		return roots[i].Size
	}
	return 0
}
