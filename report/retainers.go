package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rivo/uniseg"

	"goheap/heap"
)

// Kinds of retainers; those of roots are gocore's.
const (
	kindObject    = "object"
	kindJoint     = "joint"
	kindGoroutine = "goroutine"
)

// Retainer is a child of the super-root in the dominator tree: a root, an
// object that several roots hold, or a group of objects of one type that the
// same roots hold together, so that none of them dominates.
type Retainer struct {
	Kind    string
	Name    string // of the root or object; of a group "50000 × main.Block"
	Type    string // of the variable or of the objects; "" for none
	TypeID  heap.TypeID
	Address uint64    // 0 for a group and for a root without one
	Node    heap.Node // of a group, the member that retains most

	Count    uint64 // 1, or the members of a group
	Objects  uint64 // that die with it
	Shallow  uint64 // bytes of its own; 0 for a root
	Retained uint64 // bytes that die with it

	// Of an object and a group: its members, ascending, and the roots that
	// hold it, the program's own before those of the runtime. MoreHolders says
	// that these are not all.
	Members     []heap.Node
	Holders     []heap.Node
	MoreHolders bool

	folded bool // stands for several goroutines
}

// Retainers returns what holds the live heap: everything that retains anything
// and that nothing dominates, the largest first, then by kind, name, address.
// The slice belongs to the Snapshot.
func (s *Snapshot) Retainers(ctx context.Context) ([]Retainer, error) {
	return s.retainers.get(func() ([]Retainer, error) {
		d, p := s.Dominators, s.Process
		if err := d.PreparePaths(ctx, s.tracker(ctx)); err != nil {
			return nil, err
		}
		joint, err := d.Joint(ctx, p.TypeIDs(), s.tracker(ctx))
		if err != nil {
			return nil, err
		}
		all := []Retainer{}
		for _, r := range p.Roots() {
			if retained := d.Retained(r.Node); retained > 0 {
				all = append(all, Retainer{
					Kind: r.Kind, Name: r.Name, Type: r.Type, Address: r.Addr, Node: r.Node,
					Count: 1, Objects: d.Objects(r.Node), Retained: retained,
				})
			}
		}
		for _, g := range joint.Groups {
			r := Retainer{
				Kind: kindObject, Name: p.Name(g.Most), Type: p.Type(g.Most), TypeID: g.Type, Node: g.Most,
				Address: p.Addr(g.Most), Count: uint64(g.Count),
				Objects: g.Objects, Shallow: g.Shallow, Retained: g.Retained,
				Members: g.Nodes, Holders: s.ownFirst(g.Holders), MoreHolders: g.MoreHolders,
			}
			if g.Count > 1 {
				r.Kind, r.Address = kindJoint, 0
				r.Name = fmt.Sprintf("%d × %s", g.Count, r.Type)
			}
			all = append(all, r)
		}
		sortRetainers(all)
		return all, nil
	})
}

// ownFirst returns holders with the program's variables first, then its
// goroutines, then what the runtime and package sync keep for themselves: their
// lists of goroutines, processors and pools (sync/pool.go) lead to nearly everything
// and explain nothing.
func (s *Snapshot) ownFirst(holders []heap.Node) []heap.Node {
	rank := func(n heap.Node) int {
		switch name := s.Process.Name(n); {
		case strings.HasPrefix(name, "runtime."), name == "sync.allPools", name == "sync.oldPools":
			return 3
		case s.Process.KindOf(n) == kindGoroutine:
			return 1
		case s.Process.KindOf(n) != "global":
			return 2
		}
		return 0
	}
	return slices.SortedStableFunc(slices.Values(holders), func(a, b heap.Node) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
}

func sortRetainers(all []Retainer) {
	slices.SortStableFunc(all, func(a, b Retainer) int {
		return cmp.Or(cmp.Compare(b.Retained, a.Retained), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Name, b.Name), cmp.Compare(a.Address, b.Address))
	})
}

// fold makes one retainer of the goroutines that run the same function and were
// created by the same one: people read a thousand rows of them as one.
func (s *Snapshot) fold(all []Retainer) []Retainer {
	goroutines := s.goroutineByNode()
	kept := []Retainer{}
	place := map[[2]string]int{}
	for _, r := range all {
		g, ok := goroutines[r.Node]
		if !ok {
			kept = append(kept, r)
			continue
		}
		key := [2]string{g.Func, g.CreatedBy}
		at, old := place[key]
		if !old {
			place[key] = len(kept)
			kept = append(kept, r)
			continue
		}
		sum := &kept[at]
		sum.folded = true
		sum.Count++
		sum.Objects += r.Objects
		sum.Retained += r.Retained
		sum.Name = goroutinesIn(sum.Count, g)
	}
	sortRetainers(kept)
	return kept
}

// goroutinesIn names n goroutines like g: "200 goroutines in main.worker,
// created by main.main".
func goroutinesIn(n uint64, g GoroutineRow) string {
	text := plural(n, "goroutine")
	if g.Func != "" {
		text += " in " + g.Func
	}
	if g.CreatedBy != "" {
		text += ", created by " + g.CreatedBy
	}
	return text
}

// Accumulation is the place below a retainer where its bytes come together.
type Accumulation struct {
	Node       heap.Node
	Expression string // how to get there from a root
	Type       string
	Address    uint64
	Retained   uint64
}

// Accumulation returns the accumulation point of n, which must be live. The keys
// of maps in the expression are hidden unless values is set.
func (s *Snapshot) Accumulation(n heap.Node, values bool) Accumulation {
	return s.accumulation(s.Dominators.Accumulation(n), values)
}

// accumulation describes a place that is known to be one.
func (s *Snapshot) accumulation(at heap.Node, values bool) Accumulation {
	return Accumulation{
		Node:       at,
		Expression: s.Expression(s.Dominators.PathTo(at), values),
		Type:       s.Process.Type(at),
		Address:    s.Process.Addr(at),
		Retained:   s.Dominators.Retained(at),
	}
}

// Expression names a path as a Go expression. The keys of maps, which are values of
// the program, are hidden unless values is set: `main.cache.byID[…].Tags[3]`.
func (s *Snapshot) Expression(nodes []heap.Node, values bool) string {
	path := s.Process.Path(nodes)
	if values {
		return path.Expression
	}
	return path.WithoutKeys
}

// Holder says who holds r in the words that a person would use: the expression
// of the accumulation point, or a count and the joint holders.
func (s *Snapshot) Holder(r Retainer, values bool) string {
	if r.folded {
		return ShortPaths(r.Name)
	}
	if r.Members == nil {
		return s.Accumulation(r.Node, values).Expression
	}
	what := r.Name
	if r.Kind == kindJoint {
		what = fmt.Sprintf("%s × %s", comma(r.Count), r.Type)
	}
	what = ShortPaths(what) + ", held jointly by "
	return what + s.holderNames(r, holderWidth-uniseg.StringWidth(what))
}

// HolderType is the type of what Holder names: that of the variable where the
// expression is but its name, and the parts of its map hold the bytes.
func (s *Snapshot) HolderType(r Retainer) string {
	if r.Members != nil {
		return r.Type
	}
	// A variable, and the header, directory, table and groups of its map: no longer
	// path is worth being named here.
	const mapDepth = 5
	at := s.Dominators.Accumulation(r.Node)
	if path := s.Dominators.PathTo(at); len(path) <= mapDepth && s.Expression(path, true) == r.Name {
		return r.Type
	}
	return s.Process.Type(at)
}

const (
	// holderWidth is the width that the text of a joint group does not exceed
	// where it can be helped: whatever everything in a server is held by explains
	// little, however many are named.
	holderWidth = 120
	// namedHolders is how many holders are named before they are counted.
	namedHolders = 3
)

// holderNames names the holders if they are few, else it counts them and names
// the first, one at least and as many as fit in width.
func (s *Snapshot) holderNames(r Retainer, width int) string {
	known := len(r.Holders)
	if known == 0 {
		return "several roots"
	}
	var names []string
	for _, h := range r.Holders[:min(known, namedHolders)] {
		names = append(names, ShortPaths(s.Process.Name(h)))
	}
	if last := len(names) - 1; known <= namedHolders && !r.MoreHolders {
		if last == 0 {
			return names[0]
		}
		return strings.Join(names[:last], ", ") + " and " + names[last]
	}
	text := plural(uint64(known), "root") + ": "
	if r.MoreHolders {
		text = "more than " + text
	}
	const rest = ", …"
	text += names[0]
	for _, name := range names[1:] {
		if uniseg.StringWidth(text)+len(", ")+uniseg.StringWidth(name)+uniseg.StringWidth(rest) > width {
			break
		}
		text += ", " + name
	}
	return text + rest
}

// RetainerTable is Retainers as a table.
func (s *Snapshot) RetainerTable(ctx context.Context, values bool) (*Table, error) {
	all, err := s.Retainers(ctx)
	if err != nil {
		return nil, err
	}
	return s.retainerTable(all, values), nil
}

func (s *Snapshot) retainerTable(all []Retainer, values bool) *Table {
	return NewTable(len(all), func(row int) heap.Node { return all[row].Node },
		Column{Name: "retained_bytes", Title: "Retained", Kind: Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: all[row].Retained} }},
		Column{Name: "share", Title: "Share", Kind: Percent, MinWidth: 7, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Share(all[row].Retained)} }},
		Column{Name: "objects", Title: "Objects", Kind: Count, Priority: 2, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: all[row].Objects} }},
		Column{Name: "kind", Title: "Kind", Priority: 3, MinWidth: 9,
			Cell: func(row int) Cell { return Cell{Text: all[row].Kind} }},
		Column{Name: "holder", Title: "Held by", MinWidth: 20,
			Cell: func(row int) Cell { return Cell{Text: s.Holder(all[row], values)} }},
		Column{Name: "type", Title: "Type", Priority: 1, MinWidth: 12,
			Cell: func(row int) Cell {
				r := all[row]
				if r.folded {
					return Cell{Unknown: true}
				}
				return textCell(s.HolderType(r))
			}},
	)
}

// textCell is a cell of a text that is unknown when empty.
func textCell(s string) Cell { return Cell{Text: s, Unknown: s == ""} }

// addrCell is a cell of an address that is unknown when 0.
func addrCell(a uint64) Cell { return Cell{Num: a, Unknown: a == 0} }
