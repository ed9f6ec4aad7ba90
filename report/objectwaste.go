package report

import (
	"context"
	"fmt"
	"strings"

	"goheap/gocore/waste"
	"goheap/heap"
)

// ObjectWasteDocument is what a rule finds in one object.
type ObjectWasteDocument struct {
	Rule    string          `json:"rule"`
	Kind    string          `json:"kind"` // dead, unused or gain
	Bytes   uint64          `json:"bytes"`
	AtLeast bool            `json:"at_least"`
	Ranges  []RangeDocument `json:"ranges"` // ascending; none where the bytes are in parts of a map or channel
	More    int             `json:"more_ranges"`
	Change  string          `json:"change"`
}

// RangeDocument is where bytes of an object are.
type RangeDocument struct {
	Offset  int64   `json:"offset"` // from where the value starts; below 0 in the header of a slot
	Address Address `json:"address"`
	Bytes   uint64  `json:"bytes"`
}

// objectWaste says which bytes of a live object are of no use, by rule, with up to limit
// ranges of each (all if it is negative). holders are all that point to it.
func objectWaste(ctx context.Context, s *Snapshot, n heap.Node, holders []heap.Node, limit int) ([]ObjectWasteDocument, error) {
	var of [waste.Rules]ObjectWasteDocument
	value := s.Heap.ValueAddr(n)
	err := s.Heap.Waste(s.within(ctx), waste.Visitor{
		Only: &waste.Object{Node: n, Holders: holders},
		Finding: func(f waste.Finding) {
			of[f.Rule].Bytes += f.Bytes
			of[f.Rule].AtLeast = of[f.Rule].AtLeast || f.Least
		},
		Range: func(r waste.Range) {
			d := &of[r.Rule]
			if limit >= 0 && len(d.Ranges) >= limit {
				d.More++
				return
			}
			d.Ranges = append(d.Ranges, RangeDocument{int64(r.Addr - value), Address(r.Addr), r.N})
		},
	})
	list := []ObjectWasteDocument{}
	for r, d := range of {
		if d.Bytes == 0 {
			continue
		}
		rule := waste.Rule(r)
		d.Rule, d.Kind = rule.String(), rule.Kind().String()
		_, d.Change = wasteWord(rule)
		if d.Ranges == nil {
			d.Ranges = []RangeDocument{}
		}
		list = append(list, d)
	}
	return list, err
}

// ObjectWasteRow is a range of an object's bytes that are of no use. Where a rule tells of
// parts of a map or channel, or has found more ranges than a table lists, one row without a
// range stands for these bytes.
type ObjectWasteRow struct {
	Of     *ObjectWasteDocument
	Range  RangeDocument
	Bytes  uint64
	Ranged bool
}

// listedRanges is how many ranges of a rule a table lists.
const listedRanges = 10_000

// NewObjectWaste says of a live object which of its bytes are of no use, by rule and offset.
// A root has none. The error is the context's.
func NewObjectWaste(ctx context.Context, s *Snapshot, n heap.Node) ([]ObjectWasteRow, error) {
	if s.Graph.IsRoot(n) || !s.Dominators.Live(n) {
		return nil, ctx.Err()
	}
	holders, err := s.Referrers(ctx, n)
	if err != nil {
		return nil, err
	}
	all, err := objectWaste(ctx, s, n, holders, listedRanges)
	if err != nil {
		return nil, err
	}
	var rows []ObjectWasteRow
	for i := range all {
		of, rest := &all[i], all[i].Bytes
		for _, r := range of.Ranges {
			rows = append(rows, ObjectWasteRow{of, r, r.Bytes, true})
			rest -= min(rest, r.Bytes)
		}
		if rest > 0 {
			rows = append(rows, ObjectWasteRow{Of: of, Bytes: rest})
		}
	}
	return rows, nil
}

// ObjectWasteTable lists the rows that NewObjectWaste made for n.
func ObjectWasteTable(n heap.Node, rows []ObjectWasteRow) *Table {
	text := func(f func(r *ObjectWasteRow) string) func(row int) Cell {
		return func(row int) Cell { return textCell(f(&rows[row])) }
	}
	return NewTable(len(rows), func(int) heap.Node { return n },
		Column{Name: "bytes", Title: "Bytes", Kind: Bytes, MinWidth: 9, Right: true, Cell: func(row int) Cell { return Cell{Num: rows[row].Bytes} }},
		Column{Name: "kind", Title: "Kind", Priority: 1, MinWidth: 6, Cell: text(func(r *ObjectWasteRow) string { return r.Of.Kind })},
		Column{Name: "rule", Title: "Rule", MinWidth: 10, Cell: text(func(r *ObjectWasteRow) string { return r.Of.Rule })},
		Column{Name: "where", Title: "Where", MinWidth: 18, Cell: text((*ObjectWasteRow).where)},
		Column{Name: "change", Title: "What to change", Priority: 2, MinWidth: 20, Cell: text(func(r *ObjectWasteRow) string { return r.Of.Change })},
	)
}

// where says which bytes a row is about.
func (r *ObjectWasteRow) where() string {
	switch {
	case r.Ranged:
		return r.Range.text()
	case r.Of.More > 0:
		return plural(uint64(r.Of.More), "range") + " more"
	}
	return "in its parts"
}

// text is the range as offsets from where the value starts, the end excluded.
func (r *RangeDocument) text() string {
	return fmt.Sprintf("%+d to %+d", r.Offset, r.Offset+int64(r.Bytes))
}

// shownRanges is how many ranges of a rule are shown in a text.
const shownRanges = 4

// wasteOf writes which bytes of an object are of no use.
func (p *printer) wasteOf(o *ObjectDocument) {
	if len(o.Waste) == 0 {
		return
	}
	p.line("")
	rows := [][]string{{"Of no use", "Kind", "Rule", "Where"}}
	for _, w := range o.Waste {
		var where []string
		for _, r := range head(w.Ranges, shownRanges) {
			where = append(where, r.text())
		}
		if more := len(w.Ranges) - len(where) + w.More; more > 0 {
			where = append(where, plural(uint64(more), "range")+" more")
		}
		least := ""
		if w.AtLeast {
			least = "at least "
		}
		rows = append(rows, []string{least + HumanBytes(w.Bytes), w.Kind, w.Rule, strings.Join(where, ", ")})
	}
	p.columns(rows, []fit{{right: true}, {}, {}, {fold: true}}, "  ")
}
