package report

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"goheap/gocore/waste"
	"goheap/heap"
)

// Waste says of which bytes of the live heap a program has no use.
type Waste struct {
	Rules []WasteSum // in the order of the rules, those that have found something
	Rows  []WasteRow // most bytes first
	// Types and Holders are the sums by type and by holder, most bytes first.
	Types, Holders []WasteSum
	// Behind is what dies if the program clears all that is dead or unused: only pointers in
	// there lead to it. It is not known where these are too many.
	Behind      heap.Total
	BehindKnown bool
}

// WasteSum is what rules have found together.
type WasteSum struct {
	Rule    waste.Rule // of the sums by rule
	Name    string     // of a rule, a type or a holder
	Objects uint64
	Bytes   uint64              // dead and unused
	Kinds   [waste.Kinds]uint64 // of each kind
	Words   uint64              // of a type: pointers that the collector follows in all its live objects
}

// WasteRow is what a rule has found in the objects of one type and holder.
type WasteRow struct {
	Rule           waste.Rule
	Type           string
	HeldBy         string // "" where it is of all objects of the type
	Objects, Bytes uint64
	Distinct       uint64 // of duplicates, how many there are that differ
	Behind         uint64 // bytes of what only pointers in these bytes lead to
	// Least says that there may be more: see waste.Finding.
	Least bool
	Node  heap.Node // the object that has most of it
	Most  uint64    // its bytes
}

// NewWaste finds it, once for a Snapshot.
func NewWaste(ctx context.Context, s *Snapshot) (*Waste, error) {
	return s.waste.get(func() (*Waste, error) { return findWaste(ctx, s) })
}

func findWaste(ctx context.Context, s *Snapshot) (*Waste, error) {
	held := newHoldersOf(s)
	defer held.close()
	type key struct {
		rule waste.Rule
		typ  heap.TypeID
		held uint32
	}
	types := s.Heap.TypeIDs()
	place := map[key]int{}
	var found []WasteRow
	var edges []heap.Edge
	rowOf := map[heap.Node]int{} // by the nodes that edges lead from, the first of their rows
	var whole []WasteRow         // of all objects of a type
	words := map[string]uint64{} // by type
	last, first := heap.None, 0  // the node that was told of last, and its first row
	visit := waste.Visitor{Finding: func(f waste.Finding) {
		k := key{f.Rule, types[f.Node], held.of(f.Node)}
		at, seen := place[k]
		if !seen {
			at = len(found)
			place[k] = at
			found = append(found, WasteRow{Rule: f.Rule, Type: s.Heap.TypeInfo(k.typ).Name, HeldBy: held.name(k.held)})
		}
		if f.Node != last {
			last, first = f.Node, at
		}
		r := &found[at]
		r.Objects++
		r.Bytes += f.Bytes
		r.Least = r.Least || f.Least
		if f.First {
			r.Distinct++
		}
		if f.Bytes > r.Most || r.Node == 0 || f.Bytes == r.Most && f.Node < r.Node {
			r.Most, r.Node = f.Bytes, f.Node
		}
	}, Pointer: func(from, to heap.Node) {
		if len(edges) < mostEdges {
			edges = append(edges, heap.Edge{From: from, To: to})
			rowOf[from] = first
		}
	}, Type: func(t waste.Type) {
		name := s.Heap.TypeInfo(t.ID).Name
		words[name] += t.Words
		row := WasteRow{Rule: waste.Padding, Type: name, Objects: t.Objects, Bytes: t.Padding, Node: t.First}
		if row.Bytes > 0 {
			whole = append(whole, row)
		}
		if row.Rule, row.Bytes = waste.Rounding, t.Rounding; row.Bytes > 0 {
			whole = append(whole, row)
		}
	}}
	if err := s.Heap.Waste(s.within(ctx), visit); err != nil {
		return nil, err
	}
	x := &Waste{BehindKnown: len(edges) < mostEdges}
	if len(edges) > 0 && x.BehindKnown {
		cut, err := s.Dominators.Cut(s.within(ctx), edges)
		if err != nil {
			return nil, err
		}
		defer cut.Close()
		x.Behind = cut.Freed
		below, err := cut.FreedBelow(ctx)
		if err != nil {
			return nil, err
		}
		for n, total := range below {
			if row, ok := rowOf[n]; ok {
				found[row].Behind += total.Bytes
			}
		}
	}
	x.layOut(append(found, whole...), words)
	return x, nil
}

// holdersOf finds the holder of one node after the other: the class of roots without which
// it would be free. What several hold together has one name. Snapshot.Holders tells these
// apart, and takes half as much memory as the analysis for it.
type holdersOf struct {
	s       *Snapshot
	tops    *heap.Tops
	classes *classes
	names   []string // of classes, once they were asked for
}

func newHoldersOf(s *Snapshot) *holdersOf {
	c := s.rootsByClass()
	return &holdersOf{s: s, tops: s.Dominators.Tops(), classes: c, names: make([]string, len(c.all)+1)}
}

func (h *holdersOf) close() { h.tops.Close() }

// of returns the class of a node, or the number of classes where there are several.
func (h *holdersOf) of(n heap.Node) uint32 {
	if top := h.tops.Of(n); h.s.Graph.IsRoot(top) {
		return h.classes.of[top-1]
	}
	return uint32(len(h.classes.all))
}

// name returns what a class is called.
func (h *holdersOf) name(class uint32) string {
	name := &h.names[class]
	switch {
	case *name != "":
	case int(class) == len(h.classes.all):
		*name = "several holders together"
	default:
		*name = heldByClass(h.s, h.classes.all[class].roots[0])
	}
	return *name
}

// mostEdges bounds how many pointers in bytes of no use are followed.
const mostEdges = 1 << 22

// layOut joins rows whose types and holders have one name, and sums them up.
func (x *Waste) layOut(found []WasteRow, words map[string]uint64) {
	type key struct {
		rule      waste.Rule
		typ, held string
	}
	place := map[key]int{}
	var rules [waste.Rules]WasteSum
	types, holders := map[string]*WasteSum{}, map[string]*WasteSum{}
	for _, f := range found {
		sums := []*WasteSum{&rules[f.Rule], sumOf(types, f.Type)}
		if f.HeldBy != "" {
			sums = append(sums, sumOf(holders, f.HeldBy))
		}
		for _, sum := range sums {
			sum.Objects += f.Objects
			sum.Kinds[f.Rule.Kind()] += f.Bytes
			if f.Rule.Kind() != waste.Gain {
				sum.Bytes += f.Bytes
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
		r.Distinct += f.Distinct
		r.Behind += f.Behind
		r.Least = r.Least || f.Least
		if f.Most > r.Most || f.Most == r.Most && f.Node < r.Node {
			r.Most, r.Node = f.Most, f.Node
		}
	}
	for r := range rules {
		if sum := rules[r]; sum.Objects > 0 {
			sum.Rule, sum.Name = waste.Rule(r), waste.Rule(r).String()
			x.Rules = append(x.Rules, sum)
		}
	}
	for name, n := range words {
		if n > 0 {
			sumOf(types, name).Words = n
		}
	}
	x.Types, x.Holders = sorted(types), sorted(holders)
	slices.SortFunc(x.Rows, func(a, b WasteRow) int {
		return cmp.Or(cmp.Compare(b.Bytes+b.Behind, a.Bytes+a.Behind), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Type, b.Type), cmp.Compare(a.HeldBy, b.HeldBy))
	})
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
		// The first of equal texts is a finding without bytes: it can stay.
		if sum.Kinds != [waste.Kinds]uint64{} || sum.Words > 0 {
			list = append(list, *sum)
		}
	}
	slices.SortFunc(list, func(a, b WasteSum) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(b.Kinds[waste.Gain], a.Kinds[waste.Gain]), cmp.Compare(b.Words, a.Words), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// Sum is the bytes of each kind.
func (x *Waste) Sum() (kinds [waste.Kinds]uint64) {
	for _, r := range x.Rules {
		for k, n := range r.Kinds {
			kinds[k] += n
		}
	}
	return kinds
}

// Sentence says the sums in words.
func (x *Waste) Sentence(s *Snapshot) string {
	kinds := x.Sum()
	part := func(n uint64) string { return fmt.Sprintf("%s (%s)", HumanBytes(n), HumanPercent(s.Share(n))) }
	text := fmt.Sprintf("Of %s live, %s are dead and %s unused; %s are to gain by changes.", HumanBytes(s.Dominators.LiveBytes()),
		part(kinds[waste.Dead]), part(kinds[waste.Unused]), part(kinds[waste.Gain]))
	if x.Behind.Bytes > 0 {
		text += fmt.Sprintf(" %s more are kept by pointers in dead or unused bytes alone.", part(x.Behind.Bytes))
	}
	if !s.Process.Source().Complete {
		text += " The file lacks memory: what is called dead may be reached from there."
	}
	return text
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
	case waste.Part:
		return "what pointers to some elements or fields keep of the others", "keep a copy of the element or field, not its address"
	case waste.Pool:
		return "what nothing but sync.Pools keep", "nothing, if it is taken again soon: two collections free what nobody takes; else put back nothing that has grown, and clear what it leads to before"
	case waste.Empty:
		return "room of slices and maps without elements", "set it to nil, or make it when the first element comes; clear what was removed from it, which else lives on"
	case waste.Capacity:
		return "capacity beyond the length of slices", "make it with the capacity that it needs, or copy it with slices.Clone once it is complete"
	case waste.MapRoom:
		return "what maps have room for beyond their entries: more than twice what a fresh map takes", "make it anew once most of its entries are deleted: deleting gives nothing back"
	case waste.ChannelRoom:
		return "places in channels where nothing waits", "make the channel as large as the longest burst is that it has to take"
	case waste.Buffer:
		return "buffers of bufio beside what is buffered", "make them smaller, or share them between what is idle: bufio.NewReaderSize, a sync.Pool"
	case waste.Duplicate:
		return "texts that are equal to others", "keep one of each if nobody writes to it: package unique, or a map of those that were met"
	case waste.Boxed:
		return "values of up to two words in objects of their own, since only interfaces hold them", "give fields, elements and parameters the type of the value in place of an interface, by generics where there are several"
	case waste.Padding:
		return "what a better order of the fields of structs would save", "put the fields in the order of their alignment, the largest first"
	case waste.Rounding:
		return "what slots have beyond the value in them, and the allocator's headers", "make the type smaller by so much as it is beyond the next smaller size, or put several values into one array"
	}
	return "", ""
}

// path is the name of the object that has most of a row, "" where there is none.
func (r *WasteRow) path(s *Snapshot) string {
	if r.HeldBy == "" {
		return ""
	}
	return s.Expression(s.Dominators.PathTo(r.Node))
}

// Table lists the rows.
func (x *Waste) Table(s *Snapshot) *Table {
	rows := x.Rows
	return NewTable(len(rows), func(row int) heap.Node { return rows[row].Node },
		Column{Name: "bytes", Title: "Bytes", Kind: Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Bytes} }},
		Column{Name: "behind", Title: "Behind", Kind: Bytes, Priority: 2, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Behind, Unknown: !x.BehindKnown} }},
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
	Complete bool               `json:"complete"` // else the file lacks memory, from which dead bytes may be reached
	Live     uint64             `json:"live_bytes"`
	Dead     uint64             `json:"dead_bytes"`
	Unused   uint64             `json:"unused_bytes"`
	Gain     uint64             `json:"gain_bytes"`
	Behind   *uint64            `json:"behind_bytes"` // of what dies if all dead and unused bytes are cleared; null where that is not known
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
	Dead    uint64  `json:"dead_bytes"`
	Unused  uint64  `json:"unused_bytes"`
	Gain    uint64  `json:"gain_bytes"`
	Words   uint64  `json:"pointer_words"` // of a type: pointers that the collector follows in all its live objects; else 0
}

// WasteRowDocument is a WasteRow.
type WasteRowDocument struct {
	Rule    string   `json:"rule"`
	Type    Optional `json:"type"`
	HeldBy  Optional `json:"held_by"`
	Kind    string   `json:"kind"` // dead, unused or gain
	Objects uint64   `json:"objects"`
	Differ  *uint64  `json:"distinct"` // of duplicates, how many there are that differ; else null
	Bytes   uint64   `json:"bytes"`
	Behind  *uint64  `json:"behind_bytes"` // of what only pointers in these bytes lead to
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
	d := &WasteDocument{Schema: "goheap/waste/1", Complete: s.Process.Source().Complete, Live: s.Dominators.LiveBytes(), Findings: []WasteRowDocument{}}
	if x.BehindKnown {
		d.Behind = &x.Behind.Bytes
	}
	kinds := x.Sum()
	d.Dead, d.Unused, d.Gain = kinds[waste.Dead], kinds[waste.Unused], kinds[waste.Gain]
	d.Rules, d.Types, d.Holders = wasteSums(x.Rules, l.Top), wasteSums(x.Types, l.Top), wasteSums(x.Holders, l.Top)
	rows, err := wantedRows(ctx, s, x.Table(s), nil, l)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		r := &x.Rows[row]
		_, change := wasteWord(r.Rule)
		of := WasteRowDocument{
			Rule: r.Rule.String(), Kind: r.Rule.Kind().String(), Type: Optional(r.Type), HeldBy: Optional(r.HeldBy), Objects: r.Objects, Bytes: r.Bytes, AtLeast: r.Least,
			Largest: Optional(r.path(s)), Address: Address(s.Heap.Addr(r.Node)), Most: r.Most, Change: change,
		}
		if x.BehindKnown {
			of.Behind = &r.Behind
		}
		if r.Rule == waste.Duplicate {
			of.Differ = &r.Distinct
		}
		d.Findings = append(d.Findings, of)
	}
	d.More = len(x.Rows) - len(rows)
	return d, nil
}

func wasteSums(sums []WasteSum, limit int) []WasteSumDocument {
	list := []WasteSumDocument{}
	for _, sum := range head(sums, limit) {
		list = append(list, WasteSumDocument{Escaped(sum.Name), sum.Objects, sum.Kinds[waste.Dead], sum.Kinds[waste.Unused], sum.Kinds[waste.Gain], sum.Words})
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
	p.line("%s", x.Sentence(s))
	if len(x.Rules) == 0 {
		return
	}
	p.line("")
	rows := [][]string{{"Bytes", "Share", "Objects", "Kind", "Rule", ""}}
	for _, r := range x.Rules {
		what, _ := wasteWord(r.Rule)
		n := r.Kinds[r.Rule.Kind()]
		rows = append(rows, []string{HumanBytes(n), HumanPercent(s.Share(n)), comma(r.Objects), r.Rule.Kind().String(), r.Name, what})
	}
	p.rows(rows, []bool{true, true, true}, "")
	p.scanned(x)
	for i := range t.Len() {
		r := &x.Rows[t.Row(i)]
		p.line("")
		least := ""
		if r.Least {
			least = "at least "
		}
		differ := ""
		if r.Distinct > 0 {
			differ = fmt.Sprintf(", %s of which differ", comma(r.Distinct))
		}
		p.line("%s%s (%s) %s in %s%s", least, HumanBytes(r.Bytes), HumanPercent(s.Share(r.Bytes)), r.Rule, amountOf(r.Objects, r.Type), differ)
		if r.Behind > 0 {
			p.line("  pointers in there alone keep %s (%s) more", HumanBytes(r.Behind), HumanPercent(s.Share(r.Behind)))
		}
		if r.HeldBy != "" {
			p.line("  held by %s", Printable(r.HeldBy))
		}
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

// scanned writes which types have most of what the collector has to look at.
func (p *printer) scanned(x *Waste) {
	const most = 3 // types
	all := uint64(0)
	types := slices.Clone(x.Types)
	for _, t := range types {
		all += t.Words
	}
	if all == 0 {
		return
	}
	slices.SortStableFunc(types, func(a, b WasteSum) int { return cmp.Compare(b.Words, a.Words) })
	var named []string
	for _, t := range types[:min(most, len(types))] {
		if t.Words > 0 {
			named = append(named, fmt.Sprintf("%s in %s", comma(t.Words), Printable(t.Name)))
		}
	}
	p.line("")
	p.line("The collector follows %s in typed objects: %s.", plural(all, "word"), strings.Join(named, ", "))
}

// amountOf counts objects of a type.
func amountOf(n uint64, typ string) string {
	return fmt.Sprintf("%s × %s", comma(n), Printable(typ))
}
