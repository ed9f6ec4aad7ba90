// Package fakeprocess has programs that tests make by hand: what a core would say
// is invented, the graph and its algorithms are real. A Process has the methods of
// *gocore.Process and of *gocore.Heap that package report asks for.
package fakeprocess

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"goheap/gocore"
	"goheap/gocore/account"
	"goheap/gocore/later"
	"goheap/gocore/member"
	"goheap/gocore/profile"
	"goheap/gocore/use"
	"goheap/gocore/wait"
	"goheap/gocore/waste"
	"goheap/heap"
)

// Process is a program. A test fills the exported fields, then calls Build, which
// numbers the nodes: the roots in their order, then the objects by size and address.
type Process struct {
	RootNodes, Objects []Node
	File               gocore.Source
	Trouble            []gocore.Problem
	Verdicts           []gocore.Check
	Running            []gocore.Goroutine
	Sites              []gocore.LiveSite // every object is sampled
	Leaks              []int             // places in Running
	Awaits             [][]wait.Awaited  // by place in Running
	Waiting            wait.Graph
	Stacks             [][]gocore.Frame           // by place in Running
	Labelled           map[int][]gocore.Label     // likewise
	Calls              map[int][]gocore.StackCall // likewise, in place of what Stacks has
	Typed              gocore.Typing
	Marked             uint64                           // bytes, by the last collection
	Describe           func(typ string) gocore.TypeInfo // nil: Describe
	Memory             account.Account
	Wasted             []WastedNode
	PutOff             later.State              // its nodes are those of Build
	Rounded            map[string]uint64        // waste.Type.Rounding by type
	Members            map[string]member.Member // parts of the objects of every type, by their names

	Node   map[string]heap.Node // by the ID; set by Build
	ByNode []*Node              // nil where no node has the number; set by Build

	graph      *heap.Graph
	once       sync.Once
	dominators *heap.Dominators // once they were asked for
	typeIDs    []heap.TypeID
	types      []gocore.TypeInfo
}

// Node is a root or an object.
type Node struct {
	ID, Kind, Name, Type string // Name is that of a root
	Addr, Size           uint64
	To                   []Edge
	RootSize             uint64   // of a variable
	Text                 string   // in it
	Fits                 []string // the types of which several fit
	UsedBy               []string // functions, of a global without a name
	From                 string   // the place that these name, if it is another
}

// Edge is a pointer: what it adds to an expression, and the ID of what it leads to.
// What leads to a part of a map, see IsPart, adds nothing, and has its name in
// memory instead.
type Edge [2]string

func (e Edge) expr() string { return e[0] }
func (e Edge) to() string   { return e[1] }

// IsPart reports whether objects of a type are parts of maps.
func IsPart(typ string) bool {
	return slices.ContainsFunc([]string{"[]*table<", "table<", "[]map.group["}, func(p string) bool { return strings.HasPrefix(typ, p) })
}

// Describe says that a type is of the package before its first dot, and known
// unless its name says the contrary.
func Describe(typ string) gocore.TypeInfo {
	name, fits := strings.CutPrefix(typ, gocore.Approximately)
	pkg, _, dotted := strings.Cut(name, ".")
	if !dotted {
		pkg = ""
	}
	return gocore.TypeInfo{Name: typ, Package: pkg, Known: !fits && !strings.HasPrefix(typ, "(unknown"), Fits: fits}
}

// Build numbers the nodes and makes the graph. It panics where a pointer leads
// nowhere.
func (p *Process) Build() *Process {
	slices.SortStableFunc(p.Objects, func(a, b Node) int {
		return cmp.Or(cmp.Compare(a.Size, b.Size), cmp.Compare(a.Addr, b.Addr))
	})
	p.Node, p.ByNode = map[string]heap.Node{}, []*Node{nil}
	number := func(n *Node) {
		p.Node[n.ID] = heap.Node(len(p.ByNode))
		p.ByNode = append(p.ByNode, n)
	}
	for i := range p.RootNodes {
		number(&p.RootNodes[i])
	}
	var extents []heap.Extent
	for i := range p.Objects {
		o := &p.Objects[i]
		if i == 0 || o.Size != p.Objects[i-1].Size {
			for len(p.ByNode)%heap.ExtentAlign != 0 {
				p.ByNode = append(p.ByNode, nil)
			}
			extents = append(extents, heap.Extent{First: heap.Node(len(p.ByNode)), Size: o.Size})
		}
		extents[len(extents)-1].Count++
		number(o)
	}
	offset, target := []uint64{0}, []heap.Node{}
	for i := range p.RootNodes {
		target = append(target, heap.Node(i+1))
	}
	for _, o := range p.ByNode {
		if o != nil {
			for _, e := range o.To {
				to, ok := p.Node[e.to()]
				if !ok {
					panic("no node " + e.to())
				}
				target = append(target, to)
			}
		}
		offset = append(offset, uint64(len(target)))
	}
	p.nameTypes()
	p.graph = heap.NewGraph(len(p.RootNodes), offset, target, extents)
	return p
}

// nameTypes numbers the types of the objects.
func (p *Process) nameTypes() {
	describe := p.Describe
	if describe == nil {
		describe = Describe
	}
	p.types = []gocore.TypeInfo{{}}
	p.typeIDs = make([]heap.TypeID, len(p.ByNode))
	byName := map[string]heap.TypeID{}
	for n, o := range p.ByNode {
		if n <= len(p.RootNodes) || o == nil {
			continue
		}
		id, ok := byName[o.Type]
		if !ok {
			id = heap.TypeID(len(p.types))
			byName[o.Type] = id
			p.types = append(p.types, describe(o.Type))
		}
		p.typeIDs[n] = id
	}
}

func (p *Process) Source() gocore.Source                         { return p.File }
func (p *Process) Problems() []gocore.Problem                    { return p.Trouble }
func (p *Process) Graph() *heap.Graph                            { return p.graph }
func (p *Process) Check(context.Context) ([]gocore.Check, error) { return p.Verdicts, nil }
func (p *Process) Waits(context.Context) ([][]wait.Awaited, []int, error) {
	return p.Awaits, p.Leaks, nil
}
func (p *Process) WaitGraph(context.Context) (*wait.Graph, error) { return &p.Waiting, nil }
func (p *Process) Later(context.Context) (*later.State, error)    { return &p.PutOff, nil }
func (p *Process) Account(_ context.Context, kept *account.Residency, _ bool) (account.Account, error) {
	a := p.Memory
	a.Resident = kept
	return a, nil
}

// WastedNode is a finding in the object with an ID, and the objects that pointers in these
// bytes lead to.
type WastedNode struct {
	ID string
	To []string
	waste.Finding
	Ranges []waste.Range // Addr is the distance from the start of the object
}

// Waste tells of Wasted.
func (p *Process) Waste(_ context.Context, v waste.Visitor) error {
	for _, x := range p.Wasted {
		x.Node = p.Node[x.ID]
		if len(v.Within) > 0 && !slices.Contains(v.Within, x.Node) {
			continue
		}
		if v.Only == nil {
			v.Finding(x.Finding)
		} else if v.Only.Node == x.Node && x.Rule != waste.Duplicate {
			v.Finding(x.Finding)
			for _, r := range x.Ranges {
				v.Range(waste.Range{Rule: x.Rule, Addr: p.Addr(x.Node) + r.Addr, N: r.N})
			}
		}
		if v.Only != nil {
			continue
		}
		for _, to := range x.To {
			v.Pointer(x.Node, p.Node[to])
		}
	}
	if len(v.Within) > 0 {
		return nil
	}
	for id := 1; id < len(p.types) && v.Only == nil; id++ {
		t := waste.Type{ID: heap.TypeID(id), First: heap.None}
		for n, of := range p.typeIDs {
			if of == t.ID {
				t.First = min(t.First, heap.Node(n))
				t.Objects++
				t.Words += uint64(len(p.ByNode[n].To))
			}
		}
		if t.Rounding = p.Rounded[p.types[id].Name]; t.First != heap.None {
			v.Type(t)
		}
	}
	return nil
}

// HeapProfile has no samples.
func (p *Process) HeapProfile(context.Context) (*profile.Heap, error) { return &profile.Heap{}, nil }

// ProfileStacks has none.
func (p *Process) ProfileStacks(profile.Kind) ([]profile.Stack, error) { return nil, nil }

// Contention has no samples.
func (p *Process) Contention(context.Context, profile.Kind) (*profile.Contention, error) {
	return &profile.Contention{}, nil
}

func (p *Process) GCMarkedBytes() uint64                   { return p.Marked }
func (p *Process) Typing() gocore.Typing                   { return p.Typed }
func (p *Process) TypeIDs() []heap.TypeID                  { return p.typeIDs }
func (p *Process) TypeInfo(id heap.TypeID) gocore.TypeInfo { return p.types[id] }
func (p *Process) TypeOf(n heap.Node) gocore.TypeInfo      { return p.types[p.typeIDs[n]] }
func (p *Process) Addr(n heap.Node) uint64                 { return p.ByNode[n].Addr }
func (p *Process) Fits(n heap.Node) []string               { return p.ByNode[n].Fits }
func (p *Process) Count(heap.Node) uint64                  { return 1 }
func (p *Process) CountKnown(heap.Node) bool               { return true }
func (p *Process) KindOf(n heap.Node) gocore.RootKind      { return kind(p.ByNode[n].Kind) }
func (p *Process) Type(n heap.Node) string                 { return p.ByNode[n].Type }
func (p *Process) Goroutines() []gocore.Goroutine          { return p.Running }
func (p *Process) Frames(g int) []gocore.Frame             { return of(p.Stacks, g) }
func (p *Process) Labels(g int) []gocore.Label             { return p.Labelled[g] }

// of returns the i-th element, or none where a program does not say so much.
func of[E any](list [][]E, i int) []E {
	if i >= len(list) {
		return nil
	}
	return list[i]
}

// Stack makes of the variables in Stacks those whose value is known.
func (p *Process) Stack(g, most int) (calls []gocore.StackCall, elided, behind int) {
	calls = slices.Clone(p.Calls[g])
	for _, f := range p.Frames(g) {
		if p.Calls[g] != nil {
			break
		}
		c := gocore.StackCall{Frame: f}
		for _, v := range f.Vars {
			c.Locals = append(c.Locals, gocore.Local{Name: v.Name, Type: v.Type, Addr: v.Addr, State: gocore.LocalKnown, Text: p.Text(v), Target: v.Target})
		}
		c.Vars = nil
		calls = append(calls, c)
	}
	if most >= 0 && len(calls) > most {
		elided, behind = len(calls)-most, (most+1)/2
		calls = append(calls[:behind:behind], calls[behind+elided:]...)
	}
	return calls, elided, behind
}

// Text is the value of a variable.
func (p *Process) Text(v gocore.Var) string {
	switch {
	case v.Type == "bool":
		return "true"
	case v.Target == heap.None:
		return "nil"
	}
	return fmt.Sprintf("%#x", p.Addr(v.Target))
}

// Dominators is computed at the first call.
func (p *Process) Dominators() *heap.Dominators {
	p.once.Do(func() {
		d, err := p.graph.Dominators(context.Background())
		if err != nil {
			panic(err)
		}
		p.dominators = d
	})
	return p.dominators
}

func (p *Process) Close() error {
	if p.dominators != nil {
		p.dominators.Close()
	}
	return nil
}

func (p *Process) AllocatedSlots() (objects, bytes uint64) {
	for _, o := range p.Objects {
		objects, bytes = objects+1, bytes+o.Size
	}
	return objects, bytes
}

func (p *Process) NodeAt(addr uint64) (heap.Node, bool) {
	for _, o := range p.Objects {
		if addr >= o.Addr && addr-o.Addr < o.Size {
			return p.Node[o.ID], true
		}
	}
	return heap.None, false
}

// kind returns the first kind of a name.
func kind(name string) gocore.RootKind {
	for k := gocore.NoRoot; k <= gocore.UnknownRoot; k++ {
		if k.String() == name {
			return k
		}
	}
	panic("no kind of root is called " + name)
}

func (p *Process) Evidence(n heap.Node) gocore.Evidence {
	if p.graph.IsRoot(n) {
		return 0
	}
	return gocore.EvidenceHeader
}

func (p *Process) Name(n heap.Node) string {
	o := p.ByNode[n]
	if o.Name != "" {
		return o.Name
	}
	return fmt.Sprintf("0x%x %s", o.Addr, o.Type)
}

func (p *Process) Roots() []gocore.Root {
	var roots []gocore.Root
	for i, r := range p.RootNodes {
		root := gocore.Root{Node: heap.Node(i + 1), Kind: kind(r.Kind), Name: r.Name, Type: r.Type, Addr: r.Addr, Size: r.RootSize, Goroutine: -1}
		if r.Kind == "global" {
			root.Package, _, _ = strings.Cut(r.Name, ".")
		}
		roots = append(roots, root)
	}
	return roots
}

func (p *Process) Path(nodes []heap.Node) gocore.Path {
	path := gocore.Path{Root: nodes[0]}
	keys := regexp.MustCompile(`\["[^]]*"\]`)
	var expression, withoutKeys strings.Builder
	for i, n := range nodes {
		h := gocore.Hop{Node: n, Type: p.Type(n), Addr: p.Addr(n), ValueAddr: p.Addr(n), Expr: p.Name(n)}
		shown := h.Expr
		if i > 0 {
			h.Expr, _, _ = p.Edge(nodes[i-1], n)
			h.Key = strings.HasPrefix(h.Expr, `["`)
			if h.Internal = IsPart(h.Type); h.Internal || h.Expr == "*" {
				h.Expr = ""
			}
			shown = keys.ReplaceAllString(h.Expr, "[…]")
		}
		expression.WriteString(h.Expr)
		withoutKeys.WriteString(shown)
		path.Hops = append(path.Hops, h)
	}
	path.Expression, path.WithoutKeys = expression.String(), withoutKeys.String()
	return path
}

func (p *Process) Edge(from, to heap.Node) (expr string, offset uint64, ok bool) {
	for i, e := range p.ByNode[from].To {
		if p.Node[e.to()] == to {
			return e.expr(), uint64(8 * i), true
		}
	}
	return "", 0, false
}

// Holdings knows none.
func (p *Process) Holdings(heap.Node, heap.Node, int) ([]gocore.Holding, int) { return nil, 0 }

// HeldCount knows none.
func (p *Process) HeldCount(heap.Node, []heap.Node) (uint64, bool) { return 0, false }

// RecordedType is none.
func (p *Process) RecordedType(heap.Node) string { return "" }

// LiveSites are those of Sites.
func (p *Process) LiveSites(context.Context) ([]gocore.LiveSite, uint64, bool, error) {
	return p.Sites, 1, true, nil
}

// UsedBy says what the root's node was given.
func (p *Process) UsedBy(n heap.Node) use.Use {
	x := p.ByNode[n]
	if len(x.UsedBy) == 0 {
		return use.Use{First: x.From}
	}
	return use.Use{Words: "used by " + x.UsedBy[0], First: cmp.Or(x.From, x.Name), Functions: x.UsedBy}
}

// AllocSite knows none.
func (p *Process) AllocSite(heap.Node) (site gocore.AllocSite, ok bool) { return site, false }

// Value says no more than which object it is of, and whether that is a map, whose entries
// it does not count.
func (p *Process) Value(n heap.Node) (gocore.Value, bool) {
	isMap := strings.HasPrefix(p.Type(n), "map[")
	return gocore.Value{Target: n, Map: isMap, More: isMap}, true
}

// First has no arrays to cut.
func (p *Process) First(v gocore.Value, _ uint64) gocore.Value { return v }

func (p *Process) Children(gocore.Value, int, int) []gocore.Value { return nil }

// Choose has no maps.
func (p *Process) Choose(_ context.Context, v gocore.Value, _ gocore.Choice) (gocore.Value, gocore.Chosen, error) {
	return v, gocore.Chosen{}, nil
}

// FieldsOf gives the pointers of what has a type.
func (p *Process) FieldsOf(v gocore.Value, from, limit int) ([]gocore.Field, int) {
	n := v.Target
	var fields []gocore.Field
	if !p.graph.IsRoot(n) && !p.TypeOf(n).Known {
		return nil, 0
	}
	for i, e := range p.ByNode[n].To {
		fields = append(fields, gocore.Field{Offset: uint64(8 * i), Size: 8, Name: strings.TrimPrefix(e.expr(), "."), Type: "*T", Target: p.Node[e.to()], TargetAddr: p.Addr(p.Node[e.to()])})
	}
	fields = fields[min(from, len(fields)):]
	shown := fields[:min(limit, len(fields))]
	return shown, len(fields) - len(shown)
}

// Hex returns words: the pointers, then numbers; or the text of the object.
func (p *Process) Hex(n heap.Node, off, size uint64) []byte {
	o := p.ByNode[n]
	b := []byte(o.Text)
	if o.Text != "" {
		b = append(b, make([]byte, o.Size-uint64(len(o.Text)))...)
	} else {
		for i := range o.Size / 8 {
			w := i
			if int(i) < len(o.To) {
				w = p.ByNode[p.Node[o.To[i].to()]].Addr + i
			}
			b = binary.LittleEndian.AppendUint64(b, w)
		}
	}
	return b[min(off, uint64(len(b))):min(off+size, uint64(len(b)))]
}

// FindBytes looks into all objects but the one called garbage.
func (p *Process) FindBytes(_ context.Context, text []byte, most int) (hits gocore.Hits, err error) {
	for n := range p.ByNode {
		if p.ByNode[n] == nil || n <= len(p.RootNodes) || p.ByNode[n].ID == "garbage" {
			continue
		}
		b := p.Hex(heap.Node(n), 0, p.ByNode[n].Size)
		for off := 0; off+len(text) <= len(b); off++ {
			if bytes.Equal(b[off:off+len(text)], text) {
				hits.List = append(hits.List, gocore.Hit{Node: heap.Node(n), Offset: uint64(off)})
			}
		}
	}
	hits.Total = uint64(len(hits.List))
	hits.List = hits.List[:min(most, len(hits.List))]
	return hits, nil
}

func (p *Process) FindWord(ctx context.Context, value uint64, most int) (gocore.Hits, error) {
	return p.FindBytes(ctx, binary.LittleEndian.AppendUint64(nil, value), most)
}

func (p *Process) FollowedAt(n heap.Node, off uint64) bool {
	return off/8 < uint64(len(p.ByNode[n].To))
}

// ValueAddr is Addr: no object has a header.
func (p *Process) ValueAddr(n heap.Node) uint64 { return p.Addr(n) }

// Resolve knows goroutines (g:17), names, addresses and IDs.
func (p *Process) Resolve(target string) (gocore.Place, error) {
	for _, g := range p.Running {
		if target == fmt.Sprintf("g:%d", g.ID) {
			return gocore.Place{Node: g.Node}, nil
		}
	}
	for n, o := range p.ByNode {
		if o != nil && (o.ID == target || p.Name(heap.Node(n)) == target || fmt.Sprintf("0x%x", o.Addr) == target) {
			return gocore.Place{Node: heap.Node(n)}, nil
		}
	}
	return gocore.Place{Node: heap.None}, errors.New("nothing is called " + target)
}

// Member is one of Members, whatever is asked of it.
func (p *Process) Member(_ heap.TypeID, path []string, _ member.Ask) (member.Member, error) {
	if m, ok := p.Members[strings.Join(path, ".")]; ok {
		return m, nil
	}
	return member.Member{}, fmt.Errorf("no field %s", strings.Join(path, "."))
}
