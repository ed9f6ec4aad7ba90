package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rivo/uniseg"

	"goheap/gocore"
	"goheap/heap"
)

// RetainerKind is what kind of thing a Retainer is, as reports show it.
type RetainerKind string

// The kind of a root is the name that gocore gives it.
const (
	RetainerObject RetainerKind = "object"
	RetainerJoint  RetainerKind = "joint" // a group that several roots hold
)

// Retainer is a child of the super-root in the dominator tree: a root, an
// object that several roots hold, or a group of objects of one type that the
// same roots hold together, so that none of them dominates.
type Retainer struct {
	Kind    RetainerKind
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
}

// Retainers returns what holds the live heap: everything that retains anything
// and that nothing dominates, the largest first, then by kind, name, address.
// The slice belongs to the Snapshot.
func (s *Snapshot) Retainers(ctx context.Context) ([]Retainer, error) {
	return s.retainers.get(func() ([]Retainer, error) {
		d, p := s.Dominators, s.Heap
		if err := d.PreparePaths(s.within(ctx)); err != nil {
			return nil, err
		}
		joint, err := d.Joint(s.within(ctx), p.TypeIDs())
		if err != nil {
			return nil, err
		}
		all := []Retainer{}
		for _, r := range p.Roots() {
			if retained := d.Retained(r.Node); retained > 0 {
				all = append(all, Retainer{
					Kind: RetainerKind(r.Kind.String()), Name: r.Name, Type: r.Type, Address: r.Addr, Node: r.Node,
					Count: 1, Objects: d.Objects(r.Node), Retained: retained,
				})
			}
		}
		for _, g := range joint.Groups {
			r := jointRetainer(s, g)
			all = append(all, r)
		}
		slices.SortStableFunc(all, compareRetainers)
		return all, nil
	})
}

// jointRetainer is the retainer that a group is.
func jointRetainer(s *Snapshot, g heap.JointGroup) Retainer {
	p := s.Heap
	r := Retainer{
		Kind: RetainerObject, Name: p.Name(g.Most), Type: p.Type(g.Most), TypeID: g.Type, Node: g.Most,
		Address: p.Addr(g.Most), Count: uint64(g.Count),
		Objects: g.Objects, Shallow: g.Shallow, Retained: g.Retained,
		Members: g.Nodes, Holders: ownFirst(s, g.Holders), MoreHolders: g.MoreHolders,
	}
	if g.Count > 1 {
		r.Kind, r.Address = RetainerJoint, 0
		r.Name = fmt.Sprintf("%d × %s", g.Count, r.Type)
	}
	return r
}

// ownFirst returns holders with the program's variables first, then its
// goroutines, then what the runtime and package sync keep for themselves: their
// lists of goroutines, processors and pools (sync/pool.go) lead to nearly everything
// and explain nothing.
func ownFirst(s *Snapshot, holders []heap.Node) []heap.Node {
	rank := func(n heap.Node) int {
		switch name := s.Heap.Name(n); {
		case strings.HasPrefix(name, "runtime."), name == "sync.allPools", name == "sync.oldPools":
			return 3
		case s.Heap.KindOf(n) == gocore.GoroutineRoot:
			return 1
		case s.Heap.KindOf(n) != gocore.GlobalRoot:
			return 2
		}
		return 0
	}
	return slices.SortedStableFunc(slices.Values(holders), func(a, b heap.Node) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
}

// compareRetainers is the order of Retainers.
func compareRetainers(a, b Retainer) int {
	return cmp.Or(cmp.Compare(b.Retained, a.Retained), cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Name, b.Name), cmp.Compare(a.Address, b.Address))
}

// unfolded makes a row of each retainer.
func unfolded(all []Retainer) []Holder {
	rows := make([]Holder, len(all))
	for i, r := range all {
		rows[i].Retainer = r
	}
	return rows
}

// gather finds where the bytes of each row come together. What the retainers
// dominate does not overlap: all the walks together look at each node once at most.
func gather(ctx context.Context, s *Snapshot, rows []Holder) ([]Holder, error) {
	const pace = 256
	for i := range rows {
		if i%pace == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		h := &rows[i]
		if h.At = h.Node; h.Members == nil && h.Timers == 0 {
			h.At, h.List = s.gathering(h.Node)
		}
		// The numbers of a row are those of the path that it prints.
		const nearly = 99 // percent
		for d := s.Dominators; h.At != h.Node && d.Retained(h.At) < d.Retained(h.Node)/100*nearly; {
			h.At, h.List = d.Idom(h.At), 0
		}
	}
	return rows, nil
}

// Accumulation is the place below a retainer where its bytes come together.
type Accumulation struct {
	Node       heap.Node
	Expression string // how to get there from a root
	Type       string
	Address    uint64
	Retained   uint64
	List       int // how many elements there are in the list that Node is the first of; 0 for no list
}

// Accumulation returns the accumulation point of n, which must be live. Where that is
// far behind in a list, in which each element retains all behind it, it is the first
// element.
func (s *Snapshot) Accumulation(n heap.Node) Accumulation {
	at, list := s.gathering(n)
	a := accumulationAt(s, at)
	a.List = list
	return a
}

// gathering returns the node and the length of the list of Accumulation.
func (s *Snapshot) gathering(n heap.Node) (at heap.Node, list int) {
	at = s.Dominators.Accumulation(n)
	// Where the last elements are reached, the walk goes on to what these hold.
	const beyond = 4
	for i, m := 0, at; i <= beyond && m != n; i, m = i+1, s.Dominators.Idom(m) {
		if head, length := s.Dominators.List(m, n, s.Heap.TypeIDs()); length > 0 {
			return head, length
		}
	}
	return at, 0
}

// TypeText is the type of what is at the place: "list of 300,000 main.node" for a list.
func (a *Accumulation) TypeText() string { return listText(a.List, a.Type) }

func listText(n int, typ string) string {
	if n == 0 {
		return typ
	}
	return fmt.Sprintf("list of %s %s", comma(uint64(n)), typ)
}

// accumulationAt describes a place that is known to be one.
func accumulationAt(s *Snapshot, at heap.Node) Accumulation {
	return Accumulation{
		Node:       at,
		Expression: s.Expression(s.Dominators.PathTo(at)),
		Type:       s.Heap.Type(at),
		Address:    s.Heap.Addr(at),
		Retained:   s.Dominators.Retained(at),
	}
}

// HeldBy says who holds the bytes of h in the words that a person would use: the
// expression of the accumulation point, or a count and the joint holders.
func (s *Snapshot) HeldBy(h *Holder) string { return s.heldBy(h, ShortPaths) }

// heldBy is HeldBy with names shortened by a function.
func (s *Snapshot) heldBy(h *Holder, short func(string) string) string {
	switch {
	case h.Kind == RetainerRest:
		return h.Name
	case h.Class || h.Timers > 0:
		return short(h.counted())
	}
	if h.Kind == RetainerCluster {
		return s.clusterText(h, short)
	}
	if h.Members == nil {
		return s.Expression(s.Dominators.PathTo(h.At))
	}
	what := jointly(h, short)
	return what + holderNames(h, func(root heap.Node) string { return short(holderName(s, h, root)) }, holderWidth-uniseg.StringWidth(what))
}

// jointly says what several hold, up to the names of these.
func jointly(h *Holder, short func(string) string) string {
	what := h.Name
	if h.Kind == RetainerJoint {
		what = fmt.Sprintf("%s × %s", comma(h.Count), h.Type)
	}
	what = short(what)
	if h.OtherTypes > 0 {
		what += " and " + plural(uint64(h.OtherTypes), "other type")
	}
	return what + heldJointly
}

// holderName names one of the roots that hold a row, or the class that it stands for.
func holderName(s *Snapshot, h *Holder, root heap.Node) string {
	if h.Classes {
		name, _, _ := strings.Cut(heldByClass(s, root), ", created by ")
		return name
	}
	return s.Heap.Name(root)
}

// HolderType is the type of what HeldBy names: that of the variable where the
// expression is but its name, and the parts of its map hold the bytes; "" for
// a class of roots.
func (s *Snapshot) HolderType(h *Holder) string {
	switch {
	case h.Class || h.Kind == RetainerRest:
		return ""
	case h.Members != nil:
		return h.Type
	case h.List > 0:
		return listText(h.List, s.Heap.Type(h.At))
	}
	// A variable, and the header, directory, table and groups of its map: no longer
	// path is worth being named here.
	const mapDepth = 5
	if path := s.Dominators.PathTo(h.At); len(path) <= mapDepth && s.Heap.Path(path).Expression == h.Name {
		return h.Type
	}
	return goType(s, h.At)
}

const (
	// holderWidth is the width that the text of a joint group does not exceed
	// where it can be helped: whatever everything in a server is held by explains
	// little, however many are named.
	holderWidth = 120
	// namedHolders is how many holders are named before they are counted.
	namedHolders = 3
	// namedClasses is the same for classes of roots: a variable, goroutines that read and
	// write, and their timers are one story.
	namedClasses = 5
)

// holderNames names the holders if they are few, else it counts them and names
// the first, one at least and as many as fit in width.
func holderNames(r *Holder, name func(root heap.Node) string, width int) string {
	known := len(r.Holders)
	if known == 0 {
		return "several holders"
	}
	named := namedHolders
	if r.Classes {
		named = namedClasses
	}
	var names []string
	for _, h := range r.Holders[:min(known, named)] {
		names = append(names, name(h))
	}
	if last := len(names) - 1; known <= named && !r.MoreHolders {
		if last == 0 {
			return names[0]
		}
		return strings.Join(names[:last], ", ") + " and " + names[last]
	}
	text := plural(uint64(known), "holder") + ": "
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
func RetainerTable(ctx context.Context, s *Snapshot) (*Table, error) {
	all, err := s.Retainers(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := gather(ctx, s, unfolded(all))
	if err != nil {
		return nil, err
	}
	return holderTable(s, rows), nil
}

// HolderTable is Splitting as a table; it has the same rows.
func HolderTable(ctx context.Context, s *Snapshot) (*Table, error) {
	rows, err := Splitting(ctx, s)
	if err != nil {
		return nil, err
	}
	return holderTable(s, rows, Column{Name: "split_bytes", Title: "Split", Kind: Bytes, Priority: 4, MinWidth: 9, Right: true,
		Cell: func(row int) Cell { return splitCell(&rows[row]) }}), nil
}

// holderTable is rows as a table; more columns stand behind the bytes.
func holderTable(s *Snapshot, rows []Holder, more ...Column) *Table {
	// Room for "1,600 × main.Block, held jointly by main.srv and main.index": who
	// holds it is what the table is for, the other columns go first.
	const wide = 56
	columns := append([]Column{
		{Name: "retained_bytes", Title: "Retained", Kind: Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Retained} }},
		{Name: "share", Title: "Share", Kind: Percent, MinWidth: 7, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Share(rows[row].Retained)} }},
	}, more...)
	columns = append(columns,
		Column{Name: "objects", Title: "Objects", Kind: Count, Priority: 2, MinWidth: 10, Right: true,
			Cell: func(row int) Cell { return Cell{Num: rows[row].Objects} }},
		Column{Name: "kind", Title: "Kind", Priority: 3, MinWidth: 9,
			Cell: func(row int) Cell { return Cell{Text: string(rows[row].Kind)} }},
		Column{Name: "holder", Title: "Held by", MinWidth: wide,
			Cell: func(row int) Cell { return Cell{Text: s.HeldBy(&rows[row])} }},
		Column{Name: "type", Title: "Type", Priority: 1, MinWidth: 12,
			Cell: func(row int) Cell { return textCell(s.HolderType(&rows[row])) }},
	)
	return NewTable(len(rows), func(row int) heap.Node { return rows[row].Node }, columns...)
}

// textCell is a cell of a text that is unknown when empty.
func textCell(s string) Cell { return Cell{Text: s, Unknown: s == ""} }

// addrCell is a cell of an address that is unknown when 0.
func addrCell(a uint64) Cell { return Cell{Num: a, Unknown: a == 0} }
