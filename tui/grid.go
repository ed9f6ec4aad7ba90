package tui

import (
	"strings"
	"time"

	"github.com/gdamore/tcell/v2"

	"goheap/report"
)

// column is a column of rows, with what makes its cells.
type column struct {
	report.Column
	text func(row int) string // clean, and never ""
}

// rows is what a grid draws. Cells are made on demand and must not change
// until grid.invalidate.
type rows interface {
	columns() []column
	len() int
}

// slowRows are rows whose cells may take long: naming an object of a large heap
// means to look at megabytes of pointers.
type slowRows interface {
	rows
	// fetch returns what makes the cells of some rows, to be called once off
	// the event loop, and that returns what makes them known to g, to be
	// called on the loop.
	fetch(g *grid, rows, cols []int) func() func()
}

// shares are rows of which each is a share of a whole, in millionths, for the bar
// beside the column of shares. It must cost next to nothing.
type shares interface{ share(row int) uint64 }

// grid draws a window of rows under a header and keeps a selection. It is a
// tree's and a table's body alike: depth is part of a row's text, so that
// nothing is ever walked but the rows on the screen.
//
// It stands in the place of tview.Table because that one takes style tags out
// of cell texts, measures the visible rows only (columns jump while
// scrolling), and asks for each cell three times a draw.
type grid struct {
	rows     rows
	selected int
	offset   int
	page     int  // rows that fitted at the last draw
	keepEnd  bool // the main column says most at its end
	// keepStart tells which rows are exceptions to that; nil: none.
	keepStart func(row int) bool

	sorted     int // column, -1 for none
	descending bool

	cached   map[int][]string // by row: the cells by column, "" for none yet
	fetched  int              // cells asked for since the grid exists
	fetching bool             // a worker makes cells
}

func (g *grid) setRows(r rows) {
	g.rows = r
	g.invalidate()
}

// invalidate forgets the cells and keeps the selection where that is possible.
func (g *grid) invalidate() {
	g.cached = nil
	g.selectRow(g.selected)
}

// forget makes the cells of a kind of columns be made anew.
func (g *grid) forget(kind report.Kind) {
	if g.rows == nil {
		return
	}
	for i, c := range g.rows.columns() {
		for _, cells := range g.cached {
			if c.Kind == kind {
				cells[i] = ""
			}
		}
	}
}

func (g *grid) len() int {
	if g.rows == nil {
		return 0
	}
	return g.rows.len()
}

// selectRow selects the row nearest to i. There is no selection in an empty
// grid; selected is 0 then.
func (g *grid) selectRow(i int) { g.selected = max(0, min(i, g.len()-1)) }

func (g *grid) move(by int) { g.selectRow(g.selected + by) }

// cells returns the cells of a row; those of the shown columns are made unless
// late is set. It reports whether they are complete.
func (g *grid) cells(row int, shown []int, late bool) ([]string, bool) {
	c, cols := g.cached[row], g.rows.columns()
	if c == nil {
		if len(g.cached) > 4*max(g.page, 64) {
			g.cached = nil
		}
		if g.cached == nil {
			g.cached = map[int][]string{}
		}
		c = make([]string, len(cols))
		g.cached[row] = c
	}
	for _, col := range shown {
		if c[col] != "" {
			continue
		}
		if late {
			return c, false
		}
		c[col] = cols[col].text(row)
		g.fetched++
	}
	return c, true
}

// mainColumn is the column that gets the room: the widest text among those
// that are always shown.
func mainColumn(cols []column) int {
	best := -1
	for i, c := range cols {
		if c.Kind == report.Text && c.Priority == 0 && (best < 0 || c.MinWidth > cols[best].MinWidth) {
			best = i
		}
	}
	return best
}

// barCells is the width of the bar of a share, which is drawn where that much is
// left over.
const barCells = 10

// mainWant is the width of the main column above which the others come first.
const mainWant = 44

// fitColumns chooses the columns that fit in w cells with a space between
// them, and their widths: the columns of the highest priority number go first,
// until the main column has its share of the room. What is left over goes
// to the bar of a share and to the texts, most of it to the main column.
func fitColumns(cols []column, w int) (shown, widths []int) {
	main := mainColumn(cols)
	want := func(i int) int {
		need := max(cols[i].MinWidth, width(cols[i].Title)+2*boolInt(cols[i].Right))
		switch {
		case i == main:
			return max(need, min(w*2/5, mainWant))
		case cols[i].Kind == report.Text && need >= 10:
			return need + 6
		}
		return need + boolInt(cols[i].AtLeast)
	}
	for limit := 9; limit >= 0; limit-- {
		shown, widths = shown[:0], widths[:0]
		total := -1
		for i, c := range cols {
			if c.Priority <= limit {
				shown, widths = append(shown, i), append(widths, want(i))
				total += want(i) + 1
			}
		}
		if total <= w || limit == 0 {
			spread(cols, shown, widths, main, w-total)
			return shown, widths
		}
	}
	return shown, widths
}

// spread gives extra cells, or takes missing ones, from the text columns.
func spread(cols []column, shown, widths []int, main, extra int) {
	if extra < 0 {
		for k, i := range shown {
			if i == main {
				widths[k] = max(1, widths[k]+extra)
			}
		}
		return
	}
	for k, i := range shown {
		if cols[i].Kind == report.Percent && extra > barCells {
			widths[k] += 1 + barCells
			extra -= 1 + barCells
			break
		}
	}
	texts := 0
	for _, i := range shown {
		if cols[i].Kind == report.Text && i != main {
			texts++
		}
	}
	each := 0
	if texts > 0 {
		each = min(extra/2/texts, 24)
	}
	for k, i := range shown {
		if cols[i].Kind == report.Text && i != main {
			widths[k] += each
			extra -= each
		}
	}
	for k, i := range shown {
		if i == main {
			widths[k] += extra
		}
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// header is the height of the line with the titles.
const header = 1

// draw draws the window of rows that holds the selection into r. Where making
// the cells of slow rows has taken longer than budget, the others stay empty
// and are returned with the columns that they lack.
// A row that is marked has a plus before it.
func (g *grid) draw(screen tcell.Screen, r rect, sym *look, budget time.Duration, marked func(row int) bool) (missing, columns []int) {
	g.page = max(0, r.h-header)
	if r.h <= 0 || g.rows == nil {
		return nil, nil
	}
	_, slow := g.rows.(slowRows)
	started := time.Now()
	const margin = 1
	cols := g.rows.columns()
	shown, widths := fitColumns(cols, r.w-2*margin)
	main := mainColumn(cols)
	bars, _ := g.rows.(shares)
	room := func(k int) (cells, bar int) {
		if c := &cols[shown[k]]; c.Kind == report.Percent && bars != nil && widths[k] > max(c.MinWidth, width(c.Title)+2)+barCells {
			return widths[k] - barCells - 1, barCells
		}
		return widths[k], 0
	}

	x := r.x + margin
	for k, i := range shown {
		title := cols[i].Title
		w, _ := room(k)
		if i == g.sorted {
			mark := sym.up
			if g.descending {
				mark = sym.down
			}
			title += " " + mark
		}
		put(screen, x, r.y, w, pad(cut(title, w, sym.cut), w, cols[i].Right), sym.header)
		x += widths[k] + 1
	}

	if g.selected < g.offset {
		g.offset = g.selected
	}
	if g.selected >= g.offset+g.page {
		g.offset = g.selected - g.page + 1
	}
	g.offset = max(0, min(g.offset, g.len()-g.page))
	for line := 0; line < g.page && g.offset+line < g.len(); line++ {
		row, y := g.offset+line, r.y+header+line
		style := tcell.StyleDefault
		if row == g.selected {
			style = sym.selected
			fill(screen, r.x, y, r.w, ' ', style)
		}
		cells, complete := g.cells(row, shown, slow && time.Since(started) >= budget)
		if !complete {
			missing = append(missing, row)
		}
		if marked != nil && marked(row) {
			mark := sym.mark
			if row == g.selected {
				mark = style
			}
			put(screen, r.x, y, 1, "+", mark)
		}
		x := r.x + margin
		for k, i := range shown {
			text := cells[i]
			w, bar := room(k)
			if cols[i].Kind == report.Count {
				text = shortCount(text, w)
			}
			if i == main && g.keepEnd && (g.keepStart == nil || !g.keepStart(row)) {
				text = cutMiddle(text, w, sym.cut)
			} else {
				text = cut(text, w, sym.cut)
			}
			put(screen, x, y, w, pad(text, w, cols[i].Right), style)
			if bar > 0 {
				colour := sym.share
				if row == g.selected {
					colour = style
				}
				put(screen, x+w+1, y, bar, sym.shareBar(bars.share(row), bar), colour)
			}
			x += widths[k] + 1
		}
	}
	return missing, shown
}

// shortCount writes a number that is longer than w cells in thousands, millions and
// so on: one that lost its end would be another.
func shortCount(s string, w int) string {
	for _, unit := range []string{"k", "M", "G", "T"} {
		if len(s) <= w || !isASCII(s) {
			break
		}
		i := strings.LastIndexByte(s, ',')
		if i < 0 {
			break
		}
		s = s[:i] + unit
	}
	return s
}

// rowAt returns the row at a line of the rectangle in which the grid was drawn
// last, -1 if there is none.
func (g *grid) rowAt(line int) int {
	row := g.offset + line - header
	if line < header || line > g.page || row >= g.len() {
		return -1
	}
	return row
}

// mainText is the main column of the selected row.
func (g *grid) mainText() string {
	if g.len() == 0 {
		return ""
	}
	cols := g.rows.columns()
	if col := mainColumn(cols); col >= 0 {
		return strings.TrimSpace(cols[col].text(g.selected))
	}
	return ""
}

// rowText is the selected row, its cells two spaces apart.
func (g *grid) rowText() string {
	if g.len() == 0 {
		return ""
	}
	var cells []string
	for _, c := range g.rows.columns() {
		if cell := strings.TrimSpace(c.text(g.selected)); cell != "" {
			cells = append(cells, cell)
		}
	}
	return strings.Join(cells, "  ")
}
