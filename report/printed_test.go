package report

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// printed looks up what documents and tables print as names.
type printed struct {
	t            *testing.T
	s            *Snapshot
	tried, wrong int
}

// lookUp tries a name that is printed beside an address.
func (p *printed) lookUp(where, name string, addr uint64) {
	p.tried++
	place, err := p.s.Resolve(p.t.Context(), name)
	if err == nil && p.leads(place, name, addr) {
		return
	}
	found := place.Value.Addr
	if !place.Part && place.Node != heap.None {
		found = p.s.Heap.Addr(place.Node)
	}
	p.fail("%s: %s, at %#x, is found at %#x (%v)", where, name, addr, found, err)
}

func (p *printed) fail(format string, args ...any) {
	if p.wrong++; p.wrong <= 25 {
		p.t.Errorf(format, args...)
	}
}

// leads reports whether a place is what stands at an address, or is on the path to it and
// has the same name: the rest adds nothing to an expression.
func (p *printed) leads(place gocore.Place, name string, addr uint64) bool {
	h := p.s.Heap
	if place.Part && place.Value.Addr == addr || !place.Part && (h.Addr(place.Node) == addr || h.ValueAddr(place.Node) == addr) {
		return true
	}
	to, ok := h.NodeAt(addr)
	if !ok || place.Part && place.Node == to { // a pointer leads into the object
		return ok
	}
	path := p.s.Dominators.PathTo(to)
	for i, n := range path {
		switch {
		case n != place.Node:
		case place.Part:
			return i+1 < len(path) && p.s.Expression(path[:i+2]) == name
		default:
			return p.s.Expression(path[:i+1]) == name
		}
	}
	return false
}

// document tries all names in a document that stand beside an address, as JSON has them.
func (p *printed) document(where string, d any) {
	text, err := json.Marshal(d)
	if err != nil {
		p.t.Fatal(err)
	}
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		p.t.Fatal(err)
	}
	p.walk(where, tree)
}

func (p *printed) walk(where string, x any) {
	switch x := x.(type) {
	case []any:
		for _, y := range x {
			p.walk(where, y)
		}
	case map[string]any:
		for key, y := range x {
			if key != "hops" && key != "fields" && key != "calls" { // whose names are parts of others
				p.walk(where+" "+key, y)
			}
		}
		at := x
		if node, ok := x["node"].(map[string]any); ok && x["depth"] != nil { // of a tree
			at = node
		}
		addr, ok := at["address"].(string)
		if !ok {
			return
		}
		n, err := strconv.ParseUint(addr, 0, 64)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, key := range []string{"name", "expression"} {
			if name, ok := x[key].(string); ok {
				p.lookUp(where+" "+key, name, n)
			}
		}
	}
}

// show tries the fields of an object by the names of those that they are parts of. base is
// the expression of the object.
func (p *printed) show(base string, d *ObjectDocument) {
	open := []string{base} // by depth
	types, names := []string{string(d.Type)}, []string{""}
	for _, f := range d.Fields {
		name, depth := string(f.Name), f.Depth
		if depth >= len(open) || name == "" && depth > 0 {
			p.fail("%s has the field %q at depth %d", base, name, depth)
			return
		}
		expr, entry := open[depth], names[depth]
		switch {
		case name == "" || name == "data" && len(d.Fields) == 1:
		case name == "*":
			expr = "(*" + expr + ")"
		case name[0] == '[':
			if _, err := p.s.Heap.Resolve("<-" + expr + name); err == nil { // of a channel
				expr = "(<-" + expr + name + ")"
			} else {
				expr += name
			}
		case (name == "key" || name == "value") && depth > 0 && strings.HasPrefix(types[depth-1], "map[") && strings.HasPrefix(entry, "["):
			switch {
			case name == "value":
			case strings.HasPrefix(string(f.Value), "("):
				expr = "" // [key x] is what the interface holds
			default:
				expr = strings.TrimSuffix(expr, entry) + "[key " + entry[1:]
			}
		case expr == "" || name == "_" || f.Type == "goroutine":
			expr = "" // no name of what can be selected
		default:
			expr += "." + name
		}
		open, types, names = append(open[:depth+1], expr), append(types[:depth+1], string(f.Type)), append(names[:depth+1], name)
		if f.Size > 0 && expr != "" {
			p.stands("&"+expr, uint64(f.Address))
		}
	}
}

// stands tries the name of a place.
func (p *printed) stands(name string, addr uint64) {
	p.tried++
	place, err := p.s.Resolve(p.t.Context(), name)
	found := place.Value.Addr
	if err == nil && !place.Part {
		if found = p.s.Heap.Addr(place.Node); p.s.Heap.ValueAddr(place.Node) == addr {
			found = addr
		}
	}
	if err != nil || found != addr {
		p.fail("%s, at %#x, is found at %#x (%v)", name, addr, found, err)
	}
}

// Whatever a verb prints as a name leads to what it was printed for.
func TestPrintedNames(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"kinds", "named", "goroutines", "opened", "values", "later"} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			dump := testcore.Core(t, program, testcore.Options{}, testcore.Kernel)
			s, err := Load(t.Context(), dump.Core, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			s.Disclosure = Shown
			p := &printed{t: t, s: s}
			p.all()
			t.Logf("%d names, %d wrong", p.tried, p.wrong)
			if p.tried < 1000 {
				t.Errorf("only %d names were tried", p.tried)
			}
		})
	}
}

func (p *printed) all() {
	t, s, ctx := p.t, p.s, p.t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	limits := SameLimit(-1)
	d, err := NewReportDocument(ctx, s, limits)
	must(err)
	p.document("report", d)
	roots, err := NewRootsDocument(ctx, s, List{Top: -1})
	must(err)
	p.document("roots", roots)
	rows, err := WholeTree(ctx, s, 20, 2000)
	must(err)
	p.document("tree", NewTreeDocument(s, rows))
	p.document("check", NewCheckDocument(s))
	put, err := NewLaterDocument(ctx, s, "", List{Top: -1})
	must(err)
	p.document("later", put)
	for _, r := range put.Rows {
		for _, name := range r.By {
			if _, err := s.Resolve(ctx, name); err != nil {
				p.fail("what cancels %s, %s, is not found: %v", r.Name, name, err)
			}
		}
	}

	// Of the tables that are printed for people, those that have names and no address.
	holders, err := s.Holders(ctx)
	must(err)
	for i := range holders {
		if h := &holders[i]; h.Members == nil {
			p.lookUp("held by", Printable(s.HeldBy(h)), s.Heap.Addr(h.At))
		}
	}
	for _, r := range s.Heap.Roots() {
		p.tried++
		if place, err := s.Resolve(ctx, Printable(r.Name)); err != nil || place.Node != r.Node && s.Heap.Name(place.Node) != r.Name {
			p.fail("the root %s is found to be %s (%v)", r.Name, s.Heap.Name(place.Node), err)
		}
	}
	goroutines, err := s.Goroutines(ctx)
	must(err)
	for i := range goroutines {
		g := &goroutines[i]
		for _, name := range []string{Printable(s.GoroutineTitle(g)), fmt.Sprintf("g:%d", g.ID)} {
			p.tried++
			if place, err := s.Resolve(ctx, name); err != nil || place.Node != g.Node {
				p.fail("%s is found to be %s (%v)", name, s.Heap.Name(place.Node), err)
			}
		}
		shown, err := NewShowDocument(ctx, s, []string{fmt.Sprintf("g:%d", g.ID)}, Parts{}, limits)
		must(err)
		p.stack(g.ID, shown.Objects[0].Goroutine)
	}

	var nodes []heap.Node
	for _, r := range s.Heap.Roots() {
		if r.Kind == gocore.GlobalRoot {
			nodes = append(nodes, r.Node)
		}
	}
	for i := range s.Graph.Extents {
		e := &s.Graph.Extents[i]
		for n := e.First; n < e.First+heap.Node(e.Count); n++ {
			if s.Dominators.Live(n) {
				nodes = append(nodes, n)
			}
		}
	}
	random := rand.New(rand.NewPCG(3, 4))
	random.Shuffle(len(nodes), func(i, k int) { nodes[i], nodes[k] = nodes[k], nodes[i] })
	const most = 100_000 // objects of many elements have as many names
	for i, n := range nodes {
		if p.tried > most {
			break
		}
		if i%10 == 0 && !s.Graph.IsRoot(n) {
			why, err := NewWhyDocument(ctx, s, Printable(s.Heap.Name(n)), 1, false)
			must(err)
			p.document("why", why)
			for _, path := range why.Paths {
				p.lookUp("why", Printable(string(path.Expression)), s.Heap.Addr(n))
			}
		}
		object, err := newObjectDocument(ctx, s, n, Parts{}, SameLimit(200))
		must(err)
		p.document("show", object)
		if s.Heap.TypeOf(n).Known || s.Graph.IsRoot(n) {
			p.show(s.Expression([]heap.Node{n}), object)
		}
	}
}

// stack tries the variables of a goroutine.
func (p *printed) stack(id uint64, d *StackDocument) {
	seen := map[Optional]int{} // the frames that a function is in
	frame := map[Optional]bool{}
	for _, c := range d.Calls {
		if !frame[c.Function] {
			frame[c.Function] = true
			seen[c.Function]++
		}
		for _, v := range c.Variables {
			if v.Address != 0 {
				p.stands(fmt.Sprintf("g:%d %s #%d · &%s", id, c.Function, seen[c.Function], v.Name), uint64(v.Address))
			}
		}
		if !c.Inlined {
			clear(frame)
		}
	}
}
