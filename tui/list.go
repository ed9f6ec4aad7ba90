package tui

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"goheap/heap"
	"goheap/report"
)

// tableRows draws a report.Table.
type tableRows struct {
	app   *App
	table *report.Table
}

func (r tableRows) columns() []report.Column { return r.table.Columns }
func (r tableRows) len() int                 { return r.table.Len() }
func (r tableRows) cell(row, col int) string {
	return blank(r.app.clean(r.table.Columns[col].Human(r.table.Cell(row, col))))
}

// fetch implements slowRows. A table may be read from everywhere.
func (r tableRows) fetch(g *grid, places, cols []int) func() func() {
	return func() func() {
		made := make([][]string, len(places))
		for i, row := range places {
			for _, col := range cols {
				made[i] = append(made[i], r.cell(row, col))
			}
		}
		return func() {
			if g.rows != rows(r) {
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
	about func(row int) subject // by row of the whole table; nil: its node
	opens func(row int)         // the enter key, by row of the whole table
	own   []Action
	head  func(w, h int) []string
	pane  bool // whether the why-alive pane is shown
	// stale reports whether the rows are no longer those to be shown, and changes load
	// then; nil: they never are.
	stale func() bool
	load  func(ctx context.Context) (*report.Table, error)

	body    grid
	whole   *report.Table // as loaded; nil until then
	needle  string
	ordered bool // a column was chosen to sort by
}

func newList(a *App, crumb string, in tab, load func(ctx context.Context) (*report.Table, error)) *list {
	l := &list{app: a, crumb: crumb, in: in, load: load, pane: true}
	l.body.sorted, l.body.keepEnd = -1, true
	return l
}

func (l *list) name() string       { return l.crumb }
func (l *list) tab() tab           { return l.in }
func (l *list) grid() *grid        { return &l.body }
func (l *list) actions() []Action  { return l.own }
func (l *list) hasWhy() bool       { return l.pane }
func (l *list) filterText() string { return l.needle }
func (l *list) sortable() string   { return reasonIf(l.whole == nil, "not yet loaded") }
func (l *list) facts(w, h int) (lines []string) {
	if l.head != nil && l.app.snap != nil {
		return l.head(w, h)
	}
	return nil
}

// shown is the table as it is sorted and filtered, nil before it is loaded.
func (l *list) shown() *report.Table {
	if r, ok := l.body.rows.(tableRows); ok {
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

// reload loads the rows anew, in their first order.
func (l *list) reload() {
	l.whole, l.body.rows, l.ordered, l.body.sorted = nil, nil, false, -1
	l.refresh()
}

// refresh loads, sorts and filters in a job and shows the result. The old rows
// stay until then.
func (l *list) refresh() {
	load, whole, needle, col, descending := l.load, l.whole, l.needle, l.body.sorted, l.body.descending
	sorted := l.ordered
	match, err := matcher(needle)
	if err != nil {
		l.app.flash("filter: " + err.Error())
		return
	}
	what := "sorting"
	if whole == nil {
		what = "loading " + l.crumb
	}
	l.app.start(slotView, what, func(ctx context.Context) (func(), error) {
		t := whole
		if t == nil {
			loaded, err := load(ctx)
			if err != nil {
				return nil, err
			}
			t = loaded
		}
		base := t
		var err error
		if match != nil {
			if t, err = t.Filtered(ctx, func(i int) bool { return matches(t, i, match) }); err != nil {
				return nil, err
			}
		}
		if sorted {
			if t, err = t.Sorted(ctx, col, descending); err != nil {
				return nil, err
			}
		}
		return func() { l.replace(base, t) }, nil
	})
}

// matches looks at the texts and addresses of a row.
func matches(t *report.Table, i int, match func(string) bool) bool {
	for c, col := range t.Columns {
		if (col.Kind == report.Text || col.Kind == report.Addr) && match(col.Human(t.Cell(i, c))) {
			return true
		}
	}
	return false
}

// searchLimit bounds how far a selected row is looked for in a new order; the
// first row is selected when it is not found.
const searchLimit = 1 << 20

func (l *list) replace(whole, t *report.Table) {
	selected := l.row()
	if l.whole == nil && l.body.sorted < 0 {
		// Tables come sorted by what they are about.
		l.body.sorted = firstSorted(whole)
		l.body.descending = l.body.sorted >= 0
	}
	l.whole = whole
	l.body.setRows(tableRows{l.app, t})
	l.body.selectRow(0)
	if selected > 0 {
		for i := range min(t.Len(), searchLimit) {
			if t.Row(i) == selected {
				l.body.selectRow(i)
				break
			}
		}
	}
	l.app.moved()
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
	cols := l.whole.Columns
	if reverse && l.body.sorted >= 0 {
		l.body.descending = !l.body.descending
	} else {
		shown, _ := fitColumns(cols, l.app.listWidth()-2)
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

// listWidth is the width in which the grid on top is drawn.
func (a *App) listWidth() int {
	_, _, w, h := a.root.GetRect()
	return arrange(w, h, a.top().hasWhy()).list.w
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
	return statusLine(l.body, t.Len(), l.whole.Len(), l.app.clean(l.needle), t.Columns)
}

// statusLine says where one is among the rows, how they are sorted, and what
// is filtered out.
func statusLine(g grid, shown, whole int, needle string, cols []report.Column) string {
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

// regexpLimit bounds a regular expression that a person types.
const regexpLimit = 1000

// matcher turns the text of a filter into a test, nil for all rows: /re/ is a
// regular expression, everything else a part of the text, whatever the case.
func matcher(text string) (func(string) bool, error) {
	switch {
	case text == "" || text == "/":
		return nil, nil
	case len(text) > regexpLimit:
		return nil, fmt.Errorf("longer than %d characters", regexpLimit)
	case strings.HasPrefix(text, "/"):
		re, err := regexp.Compile(strings.TrimSuffix(text[1:], "/"))
		if err != nil {
			return nil, err
		}
		return re.MatchString, nil
	}
	text = strings.ToLower(text)
	return func(s string) bool { return strings.Contains(strings.ToLower(s), text) }, nil
}
