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
			where = append(where, fmt.Sprintf("%+d to %+d", r.Offset, r.Offset+int64(r.Bytes)))
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
