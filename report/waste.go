package report

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"

	"goheap/gocore/waste"
	"goheap/heap"
)

// Waste says of which bytes of the live heap a program has no use.
type Waste struct {
	Rules []WasteSum // in the order of the rules, those that have found something
	Rows  []WasteRow // most bytes first
	// Types and Holders are the sums by type and by holder, most bytes first.
	Types, Holders []WasteSum
}

// WasteSum is what rules have found together.
type WasteSum struct {
	Rule           waste.Rule // of the sums by rule
	Name           string     // of a rule, a type or a holder
	Objects, Bytes uint64
	Dead           uint64 // of Bytes
}

// WasteRow is what a rule has found in the objects of one type and holder.
type WasteRow struct {
	Rule           waste.Rule
	Type           string
	HeldBy         string
	Objects, Bytes uint64
	// Least says that there may be more: see waste.Finding.
	Least bool
	Node  heap.Node // the object that has most of it
	Most  uint64    // its bytes
}

// NewWaste finds it.
func NewWaste(ctx context.Context, s *Snapshot) (*Waste, error) {
	type key struct {
		rule waste.Rule
		typ  heap.TypeID
		top  heap.Node
	}
	classes, types := s.rootsByClass(), s.Heap.TypeIDs()
	tops := s.Dominators.Tops()
	defer tops.Close()
	place := map[key]int{}
	var found []WasteRow
	err := s.Heap.Waste(s.within(ctx), func(f waste.Finding) {
		k := key{f.Rule, types[f.Node], tops.Of(f.Node)}
		if s.Graph.IsRoot(k.top) {
			k.top = classes.all[classes.of[k.top-1]].roots[0]
		}
		at, seen := place[k]
		if !seen {
			at = len(found)
			place[k] = at
			found = append(found, WasteRow{Rule: f.Rule, Type: s.Heap.TypeInfo(k.typ).Name})
		}
		r := &found[at]
		r.Objects++
		r.Bytes += f.Bytes
		r.Least = r.Least || f.Least
		if f.Bytes > r.Most {
			r.Most, r.Node = f.Bytes, f.Node
		}
	})
	if err != nil {
		return nil, err
	}
	nodes := make([]heap.Node, len(found))
	for i := range found {
		nodes[i] = found[i].Node
	}
	holder, err := heldByName(ctx, s, nodes)
	if err != nil {
		return nil, err
	}
	return laidOut(found, holder), nil
}

// laidOut joins rows whose holders have one name, and sums them up.
func laidOut(found []WasteRow, holder func(n heap.Node) string) *Waste {
	x := &Waste{}
	type key struct {
		rule      waste.Rule
		typ, held string
	}
	place := map[key]int{}
	var rules [waste.Rules]WasteSum
	types, holders := map[string]*WasteSum{}, map[string]*WasteSum{}
	for _, f := range found {
		f.HeldBy = holder(f.Node)
		for _, sum := range []*WasteSum{&rules[f.Rule], sumOf(types, f.Type), sumOf(holders, f.HeldBy)} {
			sum.Objects += f.Objects
			sum.Bytes += f.Bytes
			if f.Rule.Dead() {
				sum.Dead += f.Bytes
			}
		}
		k := key{f.Rule, f.Type, f.HeldBy}
		at, seen := place[k]
		if !seen {
			place[k] = len(x.Rows)
			x.Rows = append(x.Rows, f)
			continue
		}
		r := &x.Rows[at]
		r.Objects += f.Objects
		r.Bytes += f.Bytes
		r.Least = r.Least || f.Least
		if f.Most > r.Most || f.Most == r.Most && f.Node < r.Node {
			r.Most, r.Node = f.Most, f.Node
		}
	}
	for r := range rules {
		if sum := rules[r]; sum.Bytes > 0 {
			sum.Rule, sum.Name = waste.Rule(r), waste.Rule(r).String()
			x.Rules = append(x.Rules, sum)
		}
	}
	x.Types, x.Holders = sorted(types), sorted(holders)
	slices.SortFunc(x.Rows, func(a, b WasteRow) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Type, b.Type), cmp.Compare(a.HeldBy, b.HeldBy))
	})
	return x
}

func sumOf(all map[string]*WasteSum, name string) *WasteSum {
	sum := all[name]
	if sum == nil {
		sum = &WasteSum{Name: name}
		all[name] = sum
	}
	return sum
}

func sorted(all map[string]*WasteSum) []WasteSum {
	var list []WasteSum
	for _, sum := range all {
		list = append(list, *sum)
	}
	slices.SortFunc(list, func(a, b WasteSum) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// Sum is the dead bytes and those that are unused.
func (x *Waste) Sum() (dead, unused uint64) {
	for _, r := range x.Rules {
		dead += r.Dead
		unused += r.Bytes - r.Dead
	}
	return dead, unused
}

// wasteWord says what a rule has found, and what to change.
func wasteWord(r waste.Rule) (what, change string) {
	switch r {
	case waste.Substring:
		return "what strings keep that are parts of larger ones", "copy what is kept: strings.Clone"
	case waste.Subslice:
		return "what slices keep that are parts of larger arrays", "copy what is kept: slices.Clone or bytes.Clone"
	case waste.BeforeStart:
		return "elements before the start of all slices of an array", "copy what is left, or clear what was consumed and begin anew: s = s[1:] never lets go of the first element"
	case waste.Survivor:
		return "elements of arrays that nothing points to, beside others that something does", "keep a copy of the element, not its address"
	case waste.Field:
		return "what pointers to some of its fields keep of a structure", "keep a copy of the field, not its address"
	case waste.Empty:
		return "room of slices without elements", "set it to nil, or make it when the first element comes"
	case waste.Capacity:
		return "capacity beyond the length of slices", "make it with the capacity that it needs, or slices.Clip once it is complete"
	}
	return "", ""
}

// path is the name of the object that has most of a row, "" where there is none.
func (r *WasteRow) path(s *Snapshot) string {
	return s.Expression(s.Dominators.PathTo(r.Node))
}

// Table lists the rows.
func (x *Waste) Table(s *Snapshot) *Table {
	rows := x.Rows
	return NewTable(len(rows), func(row int) heap.Node { return rows[row].Node },
		Column{Name: "bytes", Title: "Bytes", Kind: Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Bytes} }},
		Column{Name: "share", Title: "Share", Kind: Percent, Priority: 2, MinWidth: 6, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Share(rows[row].Bytes)} }},
		Column{Name: "objects", Title: "Objects", Kind: Count, Priority: 1, MinWidth: 8, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Objects} }},
		Column{Name: "rule", Title: "Rule", MinWidth: 9,
			Cell: func(row int) Cell { return textCell(rows[row].Rule.String()) }},
		Column{Name: "type", Title: "Type", Priority: 1, MinWidth: 12,
			Cell: func(row int) Cell { return textCell(rows[row].Type) }},
		Column{Name: "held_by", Title: "Held by", MinWidth: 16,
			Cell: func(row int) Cell { return textCell(rows[row].HeldBy) }},
		Column{Name: "largest", Title: "Largest", Priority: 3, MinWidth: 16, Fold: true,
			Cell: func(row int) Cell { return textCell(rows[row].path(s)) }},
		Column{Name: "largest_bytes", Title: "It has", Kind: Bytes, Priority: 4, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Most} }},
	)
}

// WasteDocument is the answer in JSON.
type WasteDocument struct {
	Schema   string             `json:"schema"`
	Live     uint64             `json:"live_bytes"`
	Dead     uint64             `json:"dead_bytes"`
	Unused   uint64             `json:"unused_bytes"`
	Rules    []WasteSumDocument `json:"rules"`
	Types    []WasteSumDocument `json:"types"`
	Holders  []WasteSumDocument `json:"holders"`
	Findings []WasteRowDocument `json:"findings"`
	More     int                `json:"more"`
}

// WasteSumDocument is what was found by a rule, in objects of a type or below a holder.
type WasteSumDocument struct {
	Name    Escaped `json:"name"`
	Objects uint64  `json:"objects"`
	Bytes   uint64  `json:"bytes"`
	Dead    uint64  `json:"dead_bytes"`
}

// WasteRowDocument is a WasteRow.
type WasteRowDocument struct {
	Rule    string   `json:"rule"`
	Type    Optional `json:"type"`
	HeldBy  Optional `json:"held_by"`
	Objects uint64   `json:"objects"`
	Bytes   uint64   `json:"bytes"`
	AtLeast bool     `json:"at_least"`
	Largest Optional `json:"largest"`
	Address Address  `json:"address"`
	Most    uint64   `json:"largest_bytes"`
	Change  string   `json:"change"`
}

// NewWasteDocument lays it out; the filter sees the rows of the table.
func NewWasteDocument(ctx context.Context, s *Snapshot, l List) (*WasteDocument, error) {
	x, err := NewWaste(ctx, s)
	if err != nil {
		return nil, err
	}
	d := &WasteDocument{Schema: "goheap/waste/1", Live: s.Dominators.LiveBytes(), Findings: []WasteRowDocument{}}
	d.Dead, d.Unused = x.Sum()
	d.Rules, d.Types, d.Holders = wasteSums(x.Rules, l.Top), wasteSums(x.Types, l.Top), wasteSums(x.Holders, l.Top)
	rows, err := wantedRows(ctx, s, x.Table(s), nil, l)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		r := &x.Rows[row]
		_, change := wasteWord(r.Rule)
		d.Findings = append(d.Findings, WasteRowDocument{
			r.Rule.String(), Optional(r.Type), Optional(r.HeldBy), r.Objects, r.Bytes, r.Least, Optional(r.path(s)), Address(s.Heap.Addr(r.Node)), r.Most, change,
		})
	}
	d.More = len(x.Rows) - len(rows)
	return d, nil
}

func wasteSums(sums []WasteSum, limit int) []WasteSumDocument {
	list := []WasteSumDocument{}
	for _, sum := range head(sums, limit) {
		list = append(list, WasteSumDocument{Escaped(sum.Name), sum.Objects, sum.Bytes, sum.Dead})
	}
	return list
}

// WriteWaste writes it for people.
func WriteWaste(ctx context.Context, w io.Writer, s *Snapshot, l List) error {
	x, err := NewWaste(ctx, s)
	if err != nil {
		return err
	}
	t, err := s.Where(ctx, x.Table(s), l.Where)
	if err != nil {
		return err
	}
	p := &printer{bufio.NewWriter(w), s.Width}
	p.waste(s, x, t.Head(l.Top))
	return p.w.Flush()
}

// waste writes the sums by rule, then rows with what to change.
func (p *printer) waste(s *Snapshot, x *Waste, t *Table) {
	dead, unused := x.Sum()
	p.line("Of %s live, %s (%s) are dead and %s (%s) unused.", HumanBytes(s.Dominators.LiveBytes()),
		HumanBytes(dead), HumanPercent(s.Share(dead)), HumanBytes(unused), HumanPercent(s.Share(unused)))
	if len(x.Rules) == 0 {
		return
	}
	p.line("")
	rows := [][]string{{"Bytes", "Share", "Objects", "Rule", ""}}
	for _, r := range x.Rules {
		what, _ := wasteWord(r.Rule)
		rows = append(rows, []string{HumanBytes(r.Bytes), HumanPercent(s.Share(r.Bytes)), comma(r.Objects), r.Name, what})
	}
	p.rows(rows, []bool{true, true, true}, "")
	for i := range t.Len() {
		r := &x.Rows[t.Row(i)]
		p.line("")
		least := ""
		if r.Least {
			least = "at least "
		}
		p.line("%s%s (%s) %s in %s", least, HumanBytes(r.Bytes), HumanPercent(s.Share(r.Bytes)), r.Rule, amountOf(r.Objects, r.Type))
		p.line("  held by %s", Printable(r.HeldBy))
		if path := r.path(s); path != "" {
			p.line("  %s has %s", Printable(path), HumanBytes(r.Most))
		}
		_, change := wasteWord(r.Rule)
		p.line("  %s", change)
	}
	if more := t.Total() - t.Len(); more > 0 {
		p.line("")
		p.line("… %s more", comma(uint64(more)))
	}
}

// amountOf counts objects of a type.
func amountOf(n uint64, typ string) string {
	return fmt.Sprintf("%s × %s", comma(n), Printable(typ))
}
