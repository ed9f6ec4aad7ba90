package tui

import (
	"context"
	"strings"

	"github.com/gdamore/tcell/v2"

	"goheap/heap"
	"goheap/report"
)

// overview is the first screen: the verdict with which a report begins, its suspects and
// holders as rows, and below it all other holders.
type overview struct {
	fixed
	app    *App
	all    []overviewRow // nil until loaded
	rows   []overviewRow // of these, the ones that the filter keeps
	needle string
	shown  []int // by line of the last draw: the row, -1 for none
	offset int   // the first line that is shown
}

// overviewRow is lines that are about one thing, and those before them that are about
// none.
type overviewRow struct {
	before, lines []string // clean
	suspect       *report.Suspect
	holder        *report.Holder
	part          heap.Node // of the suspect, heap.None for none
}

func newOverview(a *App) view {
	v := &overview{app: a}
	v.body.sorted = -1
	v.body.rows = overviewRows{v}
	return v
}

func (v *overview) name() string            { return "Overview" }
func (v *overview) tab() tab                { return tabOverview }
func (v *overview) where() (string, string) { return "overview", "" }
func (v *overview) whyFrom() int            { return overviewHeight }

// overviewHeight is the height of a screen that has room for a pane beside the verdict.
const overviewHeight = 38

func (v *overview) enter() {
	if v.all != nil {
		return
	}
	a := v.app
	a.start(slotView, "looking for suspects", func(ctx context.Context) (func(), error) {
		rows, err := a.overviewRows(ctx)
		if err != nil {
			return nil, err
		}
		return func() {
			selected := v.body.selected // a location may want one
			v.all, v.rows = rows, rows
			v.body.invalidate()
			v.body.selectRow(selected)
			if v.needle != "" {
				v.filter(v.needle)
			}
			a.moved()
		}, nil
	})
}

// overviewRows makes the rows. It is called off the event loop.
func (w *words) overviewRows(ctx context.Context) ([]overviewRow, error) {
	verdict, err := report.NewVerdict(ctx, w.snap)
	if err != nil {
		return nil, err
	}
	holders, err := w.snap.Holders(ctx)
	if err != nil {
		return nil, err
	}
	cleaned := func(lines []string) []string {
		out := make([]string, len(lines))
		for i, line := range lines {
			out[i] = w.clean(line)
		}
		return out
	}
	rows := []overviewRow{}
	at, listed := 0, 0
	for _, r := range verdict.Rows {
		row := overviewRow{before: cleaned(verdict.Lines[at:r.First]), lines: cleaned(verdict.Lines[r.First:r.End]), suspect: r.Suspect, holder: r.Holder, part: heap.None}
		if len(rows) == 0 {
			row.before = append(row.before, w.troubles()...)
		}
		if r.Part != "" {
			row.part = report.PartNode(ctx, w.snap, r.Part)
		}
		if r.Holder != nil {
			listed++
		}
		rows, at = append(rows, row), r.End
	}
	rest := cleaned(verdict.Lines[at:])
	for i := listed; i < len(holders); i++ {
		h := &holders[i]
		rows = append(rows, overviewRow{before: rest, lines: []string{w.clean(report.HolderLine(w.snap, h))}, holder: h, part: heap.None})
		rest = nil
	}
	if rest != nil || len(rows) == 0 {
		rows = append(rows, overviewRow{before: rest, part: heap.None})
	}
	return rows, ctx.Err()
}

// troubles says what could not be read.
func (w *words) troubles() []string {
	problems := w.snap.Process.Problems()
	if len(problems) == 0 {
		return nil
	}
	first := problems[0]
	return []string{plural(uint64(len(problems)), "problem") + " (9): " + w.clean(string(first.Severity)+": "+first.Message), ""}
}

func (v *overview) row() *overviewRow {
	if v.body.selected >= len(v.rows) {
		return nil
	}
	return &v.rows[v.body.selected]
}

// subject is the object whose numbers the selected row shows.
func (v *overview) subject() subject {
	switch r := v.row(); {
	case r == nil || r.suspect == nil && r.holder == nil:
		return subject{node: heap.None}
	case r.part != heap.None:
		return subject{node: r.part}
	case r.suspect != nil:
		return aboutSuspect(r.suspect)
	default:
		return v.app.aboutHolder(r.holder)
	}
}

func (v *overview) set(place int) rowSet {
	if place >= len(v.rows) {
		return rowSet{node: heap.None}
	}
	switch r := &v.rows[place]; {
	case r.part != heap.None:
		return v.app.setOf(r.part)
	case r.suspect != nil:
		return v.app.suspectSet(r.suspect)
	case r.holder != nil:
		return v.app.holderSet(r.holder)
	}
	return rowSet{node: heap.None}
}

func (v *overview) open() {
	r := v.row()
	if r == nil || r.suspect == nil && r.holder == nil {
		v.app.flash("there is nothing to open here")
		return
	}
	openSet(v.app, v.set(v.body.selected))
}

func (v *overview) actions() []Action {
	return []Action{fingerprintAction(v.app, func() *report.Suspect {
		if r := v.row(); r != nil {
			return r.suspect
		}
		return nil
	})}
}

func (v *overview) status() string {
	text := "row " + countText(uint64(min(v.body.selected+1, len(v.rows)))) + " of " + countText(uint64(len(v.rows)))
	if v.needle != "" {
		text += "   filter: " + v.app.clean(v.needle)
	}
	return text + "   loaded in " + elapsed(v.app.loadFor)
}

func (v *overview) filterable() string { return reasonIf(v.all == nil, "not yet loaded") }
func (v *overview) filterText() string { return v.needle }

func (v *overview) unfilter() bool {
	if v.needle == "" {
		return false
	}
	v.filter("")
	return true
}

// filter leaves the rows with a text.
func (v *overview) filter(text string) {
	v.needle = text
	if v.all == nil {
		return
	}
	a, all := v.app, v.all
	a.start(slotView, "filtering", func(ctx context.Context) (func(), error) {
		some, err := a.snap.Where(ctx, a.overviewTable(all), text)
		if err != nil {
			return nil, filterError(err)
		}
		kept := []overviewRow{}
		for i := range some.Len() {
			kept = append(kept, all[some.Row(i)])
		}
		return func() {
			v.rows = kept
			v.body.selectRow(v.body.selected)
			a.moved()
		}, nil
	})
}

// overviewTable is the rows for filters and files.
func (w *words) overviewTable(rows []overviewRow) *report.Table {
	number := func(of func(h *report.Holder) (uint64, bool), suspect func(f *report.Suspect) uint64) func(row int) report.Cell {
		return func(row int) report.Cell {
			switch r := &rows[row]; {
			case r.holder != nil:
				n, known := of(r.holder)
				return report.Cell{Num: n, Unknown: !known}
			case r.part != heap.None:
				return report.Cell{Num: w.snap.Dominators.Retained(r.part)}
			case r.suspect != nil:
				return report.Cell{Num: suspect(r.suspect)}
			}
			return report.Cell{Unknown: true}
		}
	}
	return report.NewTable(len(rows), nil,
		report.Column{Name: "retained_bytes", Title: "Retained", Kind: report.Bytes, Right: true,
			Cell: number(func(h *report.Holder) (uint64, bool) { return h.Retained, true }, func(f *report.Suspect) uint64 { return f.Retained })},
		report.Column{Name: "reached_bytes", Title: "Reaches", Kind: report.Bytes, Right: true,
			Cell: func(row int) report.Cell {
				h := rows[row].holder
				if h == nil || !h.ReachedKnown {
					return report.Cell{Unknown: true}
				}
				return report.Cell{Num: h.Reached}
			}},
		report.Column{Name: "split_bytes", Title: "Split", Kind: report.Bytes, Right: true,
			Cell: func(row int) report.Cell {
				h := rows[row].holder
				if h == nil || !h.Splits {
					return report.Cell{Unknown: true}
				}
				return report.Cell{Num: h.Split}
			}},
		report.Column{Name: "what", Title: "What",
			Cell: func(row int) report.Cell {
				r := &rows[row]
				if r.holder != nil {
					return textCell(w.snap.HeldBy(r.holder))
				}
				return textCell(joinLines(r.lines))
			}},
	)
}

// asTable implements tabled.
func (v *overview) asTable() func() *report.Table {
	rows := v.rows
	return func() *report.Table { return v.app.overviewTable(rows) }
}

// joinLines is lines as one.
func joinLines(lines []string) string {
	var parts []string
	for _, line := range lines {
		parts = append(parts, strings.TrimSpace(line))
	}
	return strings.Join(parts, " ")
}

// overviewRows are the texts of the rows, for what copies them.
type overviewRows struct{ v *overview }

func (r overviewRows) len() int { return len(r.v.rows) }
func (r overviewRows) columns() []column {
	return []column{{report.Column{Title: "What", MinWidth: 40}, func(row int) string { return blank(joinLines(r.v.rows[row].lines)) }}}
}

// paint implements planar: lines as the report has them, with the selected row's in
// reverse.
func (v *overview) paint(screen tcell.Screen, r rect) {
	type line struct {
		text string
		row  int
	}
	var lines []line
	first, last := 0, 0 // lines of the selected row
	filtered := v.needle != ""
	for i := range v.rows {
		o := &v.rows[i]
		if !filtered {
			for _, text := range o.before {
				lines = append(lines, line{text, -1})
			}
		}
		if i == v.body.selected {
			first = len(lines)
		}
		for _, text := range o.lines {
			lines = append(lines, line{text, i})
		}
		if i == v.body.selected {
			last = len(lines)
		}
	}
	if v.body.selected == 0 {
		first = 0 // and what stands above it
	}
	if last > v.offset+r.h {
		v.offset = last - r.h
	}
	v.offset = max(0, min(v.offset, first, len(lines)-r.h))
	v.body.page = max(1, r.h)
	v.shown = v.shown[:0]
	marked := v.app.marks.in(v)
	for y := 0; y < r.h && v.offset+y < len(lines); y++ {
		l := lines[v.offset+y]
		v.shown = append(v.shown, l.row)
		style := tcell.StyleDefault
		if l.row >= 0 && l.row == v.body.selected {
			style = v.app.sym.selected
			fill(screen, r.x, r.y+y, r.w, ' ', style)
		}
		put(screen, r.x, r.y+y, r.w, cut(l.text, r.w, v.app.sym.cut), style)
		if l.row >= 0 && marked != nil && marked(l.row) {
			put(screen, r.x, r.y+y, 1, "+", style)
		}
	}
}

// at implements planar.
func (v *overview) at(_, y int) int {
	if line := y - v.app.root.last.list.y; line >= 0 && line < len(v.shown) {
		return v.shown[line]
	}
	return -1
}

func (v *overview) step(_, dy int) { v.body.move(dy) }
func (v *overview) zoomOut() bool  { return false }

func (v *overview) hasWhy() bool { return true }
