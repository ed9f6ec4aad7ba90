package tui

import (
	"context"
	"fmt"
	"strings"

	"goheap/heap"
	"goheap/report"
)

// tableRows draws a report.Table.
type tableRows struct {
	app   *App
	table *report.Table
	cols  []column
}

func newTableRows(a *App, t *report.Table) *tableRows {
	r := &tableRows{app: a, table: t}
	for col := range t.Columns {
		r.cols = append(r.cols, column{t.Columns[col], func(row int) string { return a.cellText(&t.Columns[col], t.Cell(row, col), a.exact) }})
	}
	return r
}

func (r *tableRows) columns() []column { return r.app.widened(r.cols) }
func (r *tableRows) len() int          { return r.table.Len() }

// cellText is what the screen shows of a cell: clean, and never "". Sizes are to the
// byte if exact is set.
func (w *words) cellText(column *report.Column, cell report.Cell, exact bool) string {
	if exact && column.Kind == report.Bytes && !cell.Unknown {
		count := report.Column{Kind: report.Count, AtLeast: column.AtLeast}
		return w.clean(count.Human(cell) + " B")
	}
	return blank(w.clean(column.Human(cell)))
}

// share implements shares.
func (r *tableRows) share(row int) uint64 {
	for col := range r.table.Columns {
		if r.table.Columns[col].Kind == report.Percent {
			return r.table.Cell(row, col).Num
		}
	}
	return 0
}

// fetch implements slowRows. A table may be read from everywhere.
func (r *tableRows) fetch(g *grid, places, cols []int) func() func() {
	exact := r.app.exact
	return func() func() {
		made := make([][]string, len(places))
		for i, row := range places {
			for _, col := range cols {
				made[i] = append(made[i], r.app.cellText(&r.table.Columns[col], r.table.Cell(row, col), exact))
			}
		}
		return func() {
			if g.rows != rows(r) || exact != r.app.exact {
				return
			}
			for i, row := range places {
				cells, _ := g.cells(row, nil, true)
				for k, col := range cols {
					cells[col] = made[i][k]
				}
			}
		}
	}
}

// list is a view of a report.Table: sorted and filtered off the event loop,
// with the selection following the row, not its place.
type list struct {
	app   *App
	crumb string
	in    tab
	kind  string                // what location calls it, "" for none
	of    string                // what location says it is about
	about func(row int) subject // by row of the whole table; nil: its node
	sets  func(row int) rowSet  // likewise; nil: its node
	opens func(row int)         // the enter key, by row of the whole table
	own   []Action
	head  func(w, h int) []string
	empty string // what an empty list says
	pane  bool   // whether the why-alive pane is shown
	// stale reports whether the rows are no longer those to be shown, and changes load
	// then; nil: they never are.
	stale func() bool
	load  loader
	// choose returns what loads the rows that are to be shown now; nil: load does.
	choose func() loader

	body    grid
	whole   *report.Table // as loaded; nil until then
	needle  string
	ordered bool   // a column was chosen to sort by
	wanted  wanted // to be restored by the next refresh
}

// loader loads a list. It is called off the event loop.
type loader func(ctx context.Context) (loaded, error)

// loaded is what a list has loaded: the table, and what is to be done on the event
// loop when it is shown.
type loaded struct {
	table *report.Table
	then  func() // nil: nothing
}

// wanted is what a location says of a list that is not yet loaded.
type wanted struct {
	column     string // to sort by
	descending bool
	at         string             // target of the row to select
	row        int                // or its place, from 1; 0: the first
	pick       func(row int) bool // or this, once the table was loaded
}

// newList returns a list whose load is to be set.
func newList(a *App, crumb string, in tab, kind string) *list {
	l := &list{app: a, crumb: crumb, in: in, kind: kind, pane: true}
	l.body.sorted, l.body.keepEnd = -1, true
	return l
}

func (l *list) name() string       { return l.crumb }
func (l *list) tab() tab           { return l.in }
func (l *list) grid() *grid        { return &l.body }
func (l *list) actions() []Action  { return l.own }
func (l *list) hasWhy() bool       { return l.pane }
func (l *list) filterText() string { return l.needle }
func (l *list) filterable() string { return "" }
func (l *list) sortable() string   { return reasonIf(l.whole == nil, "not yet loaded") }
func (l *list) facts(w, h int) (lines []string) {
	if l.head != nil && l.app.snap != nil {
		return l.head(w, h)
	}
	return nil
}

// shown is the table as it is sorted and filtered, nil before it is loaded.
func (l *list) shown() *report.Table {
	if r, ok := l.body.rows.(*tableRows); ok {
		return r.table
	}
	return nil
}

// row is the selected row's number in the whole table, -1 if there is none.
func (l *list) row() int {
	t := l.shown()
	if t == nil || t.Len() == 0 {
		return -1
	}
	return t.Row(l.body.selected)
}

func (l *list) where() (string, string) { return l.kind, l.of }

func (l *list) set(place int) rowSet {
	t := l.shown()
	switch {
	case t == nil || place >= t.Len():
		return rowSet{node: heap.None}
	case l.sets != nil:
		return l.sets(t.Row(place))
	case l.about != nil:
		return l.app.setOf(l.about(t.Row(place)).node)
	default:
		return l.app.setOf(t.Node(place))
	}
}

func (l *list) subject() subject {
	row := l.row()
	switch {
	case row < 0:
		return subject{node: heap.None}
	case l.about != nil:
		return l.about(row)
	default:
		return subject{node: l.shown().Node(l.body.selected)}
	}
}

func (l *list) open() {
	row := l.row()
	switch {
	case row < 0:
		l.app.flash("there is no row to open")
	case l.opens != nil:
		l.opens(row)
	case l.subject().node != heap.None:
		l.app.inspect(l.subject().node)
	}
}

func (l *list) enter() {
	switch {
	case l.stale != nil && l.stale():
		l.reload()
	case l.whole == nil:
		l.refresh()
	}
}

// turned implements rawHops.
func (l *list) turned(heap.Node) {
	if l.stale != nil {
		l.enter()
	}
}

// reload loads the rows anew, in their first order.
func (l *list) reload() {
	l.whole, l.body.rows, l.ordered, l.body.sorted = nil, nil, false, -1
	l.refresh()
}

// refresh loads, sorts and filters in a job and shows the result. The old rows
// stay until then.
func (l *list) refresh() {
	if l.whole == nil && l.choose != nil {
		l.load = l.choose()
	}
	load, whole, needle, wish := l.load, l.whole, l.needle, l.wanted
	col, descending, ordered, selected := l.body.sorted, l.body.descending, l.ordered, l.row()
	l.wanted = wanted{}
	what := "sorting"
	switch {
	case whole == nil:
		what = "loading " + l.app.clean(l.crumb)
	case needle != "":
		what = "filtering"
	}
	s := l.app.snap
	l.app.start(slotView, what, func(ctx context.Context) (func(), error) {
		var from loaded
		if from.table = whole; whole == nil {
			var err error
			if from, err = load(ctx); err != nil {
				return nil, err
			}
		}
		t, base := from.table, from.table
		if needle != "" {
			var err error
			if t, err = s.Where(ctx, t, needle); err != nil {
				return nil, filterError(err)
			}
		}
		if i := base.Column(wish.column); i >= 0 {
			col, descending, ordered = i, wish.descending, true
		}
		if ordered {
			var err error
			if t, err = t.Sorted(ctx, col, descending); err != nil {
				return nil, err
			}
		}
		place := max(wish.row-1, 0)
		if wish.at != "" {
			if n, err := s.Find(ctx, wish.at); err == nil {
				place = find(ctx, t, func(i int) bool { return t.Node(i) == n })
			}
		} else if selected > 0 && wish.row == 0 {
			place = find(ctx, t, func(i int) bool { return t.Row(i) == selected })
		}
		return func() { l.replace(from, t, place, order{ordered, col, descending}, wish) }, ctx.Err()
	})
}

// find returns the first place that is, 0 if none is or ctx ends.
func find(ctx context.Context, t *report.Table, is func(i int) bool) int {
	const pace = 1 << 16
	for i := range t.Len() {
		if i%pace == 0 && ctx.Err() != nil {
			return 0
		}
		if is(i) {
			return i
		}
	}
	return 0
}

// order is how a list is sorted.
type order struct {
	chosen     bool
	column     int
	descending bool
}

// replace shows what was loaded, with the row at a place selected.
func (l *list) replace(from loaded, t *report.Table, place int, by order, wish wanted) {
	if from.then != nil {
		from.then()
	}
	l.ordered, l.body.sorted, l.body.descending = by.chosen, by.column, by.descending
	if l.whole == nil && l.body.sorted < 0 {
		// Tables come sorted by what they are about.
		l.body.sorted = firstSorted(from.table)
		l.body.descending = l.body.sorted >= 0
	}
	l.whole = from.table
	l.body.setRows(newTableRows(l.app, t))
	if wish.pick != nil {
		place = find(l.app.ctx, t, func(i int) bool { return wish.pick(t.Row(i)) })
	}
	l.body.selectRow(place)
	l.app.moved()
}

// restore shows the rows that a location tells.
func (l *list) restore(filter string, w wanted) {
	l.needle, l.wanted = filter, w
	l.refresh()
}

// firstSorted is the column by which report orders its tables.
func firstSorted(t *report.Table) int {
	for _, name := range []string{"retained_bytes", "retained_bytes_min"} {
		if i := t.Column(name); i >= 0 {
			return i
		}
	}
	return -1
}

func (l *list) sort(reverse bool) {
	cols := l.body.rows.columns()
	if reverse && l.body.sorted >= 0 {
		l.body.descending = !l.body.descending
	} else {
		shown, _ := fitColumns(cols, l.app.root.listWidth()-2)
		l.body.sorted = following(shown, l.body.sorted)
		// Numbers: most first. Names: as in a book.
		l.body.descending = cols[l.body.sorted].Kind != report.Text
	}
	l.ordered = true
	l.refresh()
}

// following returns the element after one in a ring.
func following(ring []int, one int) int {
	for i, v := range ring {
		if v == one {
			return ring[(i+1)%len(ring)]
		}
	}
	return ring[0]
}

func (l *list) filter(text string) {
	if text == l.needle {
		return
	}
	l.needle = text
	l.refresh()
}

func (l *list) unfilter() bool {
	if l.needle == "" {
		return false
	}
	l.needle = ""
	l.refresh()
	return true
}

func (l *list) status() string {
	t := l.shown()
	if t == nil {
		return ""
	}
	return statusLine(l.body, t.Len(), l.whole.Len(), l.app.clean(l.needle), l.body.rows.columns())
}

// statusLine says where one is among the rows, how they are sorted, and what
// is filtered out.
func statusLine(g grid, shown, whole int, needle string, cols []column) string {
	text := "row " + countText(uint64(min(g.selected+1, shown))) + " of " + countText(uint64(shown))
	if needle != "" {
		text += fmt.Sprintf(" (of %s)   filter: %s", countText(uint64(whole)), needle)
	}
	if g.sorted >= 0 && g.sorted < len(cols) {
		order := "ascending"
		if g.descending {
			order = "descending"
		}
		text += "   sorted by " + strings.ToLower(cols[g.sorted].Title) + ", " + order
	}
	return text
}

// filterError says that it is the filter that is wrong.
func filterError(err error) error { return fmt.Errorf("filter: %w", err) }
