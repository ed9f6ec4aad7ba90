package report

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"path"
	"slices"
	"strings"

	"goheap/gocore/profile"
	"goheap/heap"
)

// SiteRow is what a line has allocated of what is alive, by the objects that the memory
// profiler sampled.
type SiteRow struct {
	Func, File string // of the innermost call outside of the runtime; "" for unknown
	Line       int
	HeldBy     string // in lists by holder
	Sampled    uint64 // live objects
	// Objects and Bytes are what the sampled objects stand for: one of size bytes is
	// sampled with the chance 1-exp(-size/rate). Margin is the standard deviation of
	// Bytes; 0 where every object is sampled.
	Objects, Bytes, Margin uint64
	Type                   string // of most of the bytes, "" for unknown
	Types                  int
	Node                   heap.Node   // the sampled object that retains most
	Nodes                  []heap.Node // the sampled objects, in no particular order
}

// at is the line for people, "" where it is not known.
func (r *SiteRow) at() string {
	if r.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", path.Base(r.File), r.Line)
}

// SiteName is the function and the line of a row, for people.
func SiteName(r *SiteRow) string {
	if r.Func == "" {
		return "an unknown line"
	}
	return strings.TrimSuffix(ShortPaths(r.Func)+" "+r.at(), " ")
}

// Sites are the rows by line, or by line and holder.
type Sites struct {
	Rows      []SiteRow // most bytes first
	Rate      uint64
	RateKnown bool // else nothing is scaled
	ByHolder  bool
}

// sum adds up all rows.
func (x *Sites) sum() (all SiteRow) {
	variance := 0.0
	for i := range x.Rows {
		r := &x.Rows[i]
		all.Sampled += r.Sampled
		all.Objects += r.Objects
		all.Bytes += r.Bytes
		variance += float64(r.Margin) * float64(r.Margin)
	}
	all.Margin = uint64(math.Sqrt(variance))
	return all
}

// NewSites finds which lines allocated what is alive.
func NewSites(ctx context.Context, s *Snapshot, byHolder bool) (*Sites, error) {
	sites, rate, known, err := s.Heap.LiveSites(s.within(ctx))
	if err != nil {
		return nil, err
	}
	x := &Sites{Rate: rate, RateKnown: known, ByHolder: byHolder}
	var holder func(n heap.Node) string
	if byHolder {
		var nodes []heap.Node
		for i := range sites {
			nodes = append(nodes, sites[i].Objects...)
		}
		if holder, err = heldByName(ctx, s, nodes); err != nil {
			return nil, err
		}
	}
	type key struct {
		fn, file, held string
		line           int
	}
	type row struct {
		SiteRow
		objects, bytes, variance float64
		types                    map[string]float64
	}
	place := map[key]*row{}
	var rows []*row
	for i := range sites {
		if i%pace == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		site := &sites[i]
		call := profile.Frame{}
		if own := withoutAllocator(site.Stack); len(own) > 0 {
			call = own[0]
		}
		chance := 1.0
		if known && rate > 1 {
			chance = 1 - math.Exp(-float64(site.Size)/float64(rate))
		}
		size := float64(site.Size)
		for _, n := range site.Objects {
			k := key{fn: call.Func, file: call.File, line: call.Line}
			if byHolder {
				k.held = holder(n)
			}
			r := place[k]
			if r == nil {
				r = &row{SiteRow: SiteRow{Func: k.fn, File: k.file, Line: k.line, HeldBy: k.held, Node: n}, types: map[string]float64{}}
				place[k] = r
				rows = append(rows, r)
			}
			r.Sampled++
			r.Nodes = append(r.Nodes, n)
			r.objects += 1 / chance
			r.bytes += size / chance
			r.variance += size * size * (1 - chance) / (chance * chance)
			r.types[s.Heap.Type(n)] += size / chance
			if s.Dominators.Retained(n) > s.Dominators.Retained(r.Node) {
				r.Node = n
			}
		}
	}
	for _, r := range rows {
		r.Objects, r.Bytes, r.Margin = uint64(math.Round(r.objects)), uint64(math.Round(r.bytes)), uint64(math.Round(math.Sqrt(r.variance)))
		r.Types = len(r.types)
		most := -1.0
		for typ, bytes := range r.types {
			if bytes > most || bytes == most && typ < r.Type {
				r.Type, most = typ, bytes
			}
		}
		x.Rows = append(x.Rows, r.SiteRow)
	}
	slices.SortFunc(x.Rows, func(a, b SiteRow) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Func, b.Func), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.HeldBy, b.HeldBy))
	})
	return x, nil
}

// Sentence says how many objects were sampled, and what they stand for, or why there are
// none.
func (x *Sites) Sentence(s *Snapshot) string {
	switch sum := x.sum(); {
	case sum.Sampled == 0:
		return "none of the live objects was sampled: " + notSampled(&profile.Heap{Rate: x.Rate, RateKnown: x.RateKnown})
	case !x.RateKnown:
		return fmt.Sprintf("%s sampled, of %s; a heap dump does not say what they stand for", plural(sum.Sampled, "live object"), HumanBytes(sum.Bytes))
	case x.Rate <= 1:
		return fmt.Sprintf("all objects were sampled since the program asked for it: %s, %s", plural(sum.Sampled, "live object"), HumanBytes(sum.Bytes))
	default:
		return fmt.Sprintf("%s sampled, one in %s allocated: they stand for %s ± %s of %s live", plural(sum.Sampled, "live object"),
			HumanBytes(x.Rate), HumanBytes(sum.Bytes), HumanBytes(sum.Margin), HumanBytes(s.Dominators.LiveBytes()))
	}
}

// heldByName returns what names the holder of each of some nodes: the row of Holders that it
// is counted in.
func heldByName(ctx context.Context, s *Snapshot, nodes []heap.Node) (func(n heap.Node) string, error) {
	holders, err := s.Holders(ctx)
	if err != nil {
		return nil, err
	}
	outermost := s.Dominators.Outermost(nodes)
	top := make(map[heap.Node]heap.Node, len(nodes))
	names := map[heap.Node]string{} // by outermost node, "" while it is not known
	for i, n := range nodes {
		top[n] = outermost[i]
		names[outermost[i]] = ""
	}
	for i := range holders {
		h := &holders[i]
		name := ""
		for _, list := range [][]heap.Node{{h.Node}, h.Members, h.nodes} {
			for _, n := range list {
				if old, wanted := names[n]; wanted && old == "" {
					if name == "" {
						name = s.HeldBy(h)
					}
					names[n] = name
				}
			}
		}
	}
	return func(n heap.Node) string { return cmp.Or(names[top[n]], "several holders") }, nil
}

// Table lists the rows.
func (x *Sites) Table() *Table {
	rows := x.Rows
	columns := []Column{
		{Name: "bytes", Title: "Live", Kind: Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Bytes} }},
		{Name: "margin_bytes", Title: "±", Kind: Bytes, Priority: 2, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Margin} }},
		{Name: "objects", Title: "Objects", Kind: Count, Priority: 1, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Objects} }},
		{Name: "sampled", Title: "Sampled", Kind: Count, Priority: 3, MinWidth: 7, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Sampled} }},
		{Name: "function", Title: "Allocated in", MinWidth: 20,
			Cell: func(row int) Cell { return textCell(rows[row].Func) }},
		{Name: "at", Title: "At", Priority: 1, MinWidth: 12,
			Cell: func(row int) Cell { return textCell(rows[row].at()) }},
		{Name: "type", Title: "Type", Priority: 2, MinWidth: 12,
			Cell: func(row int) Cell { return textCell(rows[row].Type) }},
	}
	if x.ByHolder {
		columns = append(columns, Column{Name: "held_by", Title: "Held by", MinWidth: 20,
			Cell: func(row int) Cell { return textCell(rows[row].HeldBy) }})
	}
	return NewTable(len(rows), func(row int) heap.Node { return rows[row].Node }, columns...)
}

// SitesDocument is the answer in JSON.
type SitesDocument struct {
	Schema  string         `json:"schema"`
	Rate    *uint64        `json:"rate"`       // runtime.MemProfileRate; null where it is unknown, and nothing is scaled
	Live    uint64         `json:"live_bytes"` // of the heap, to compare with the sum
	Sum     SiteDocument   `json:"sum"`        // of all rows, those too that are left out
	Sites   []SiteDocument `json:"sites"`
	More    int            `json:"more"`
	Sampled uint64         `json:"sampled"`
}

// SiteDocument is what a line has allocated. Objects and bytes are estimates, margin_bytes
// the standard deviation of bytes.
type SiteDocument struct {
	Function Optional `json:"function"`
	File     Optional `json:"file"`
	Line     *int     `json:"line"`
	HeldBy   Optional `json:"held_by"` // null where the rows are by line alone
	Sampled  uint64   `json:"sampled"`
	Objects  uint64   `json:"objects"`
	Bytes    uint64   `json:"bytes"`
	Margin   uint64   `json:"margin_bytes"`
	Type     Optional `json:"type"`
	Types    int      `json:"types"`
}

func newSiteDocument(r *SiteRow) SiteDocument {
	d := SiteDocument{Optional(r.Func), Optional(r.File), nil, Optional(r.HeldBy), r.Sampled, r.Objects, r.Bytes, r.Margin, Optional(r.Type), r.Types}
	if r.File != "" {
		d.Line = &r.Line
	}
	return d
}

// NewSitesDocument lists lines; the filter sees the rows of the table.
func NewSitesDocument(ctx context.Context, s *Snapshot, byHolder bool, l List) (*SitesDocument, error) {
	x, err := NewSites(ctx, s, byHolder)
	if err != nil {
		return nil, err
	}
	sum := x.sum()
	d := &SitesDocument{Schema: "goheap/sites/1", Live: s.Dominators.LiveBytes(), Sum: newSiteDocument(&sum), Sites: []SiteDocument{}, Sampled: sum.Sampled}
	if x.RateKnown {
		d.Rate = &x.Rate
	}
	rows, err := wantedRows(ctx, s, x.Table(), nil, l)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		d.Sites = append(d.Sites, newSiteDocument(&x.Rows[row]))
	}
	d.More = len(x.Rows) - len(rows)
	return d, nil
}

// WriteSites writes which lines allocated what is alive, for people.
func WriteSites(ctx context.Context, w io.Writer, s *Snapshot, byHolder bool, l List) error {
	x, err := NewSites(ctx, s, byHolder)
	if err != nil {
		return err
	}
	t, err := s.Where(ctx, x.Table(), l.Where)
	if err != nil {
		return err
	}
	p := newPrinter(w, s)
	p.line("%s", x.Sentence(s))
	if t.Len() > 0 {
		p.line("")
		p.table(t.Head(l.Top), "")
	}
	return p.w.Flush()
}
