package gocore_test

import (
	"fmt"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// arenaBuilds are the ways in which the pointers of chunks of user arenas are described.
func arenaBuilds() []build {
	var all []build
	env := []string{"GOEXPERIMENT=arenas"}
	for _, v := range []string{"go1.20.14", "go1.21.13", "go1.22.12", "go1.23.12", "go1.24.6", "go1.25.0", "go1.26.8", "go1.27.0"} {
		all = append(all,
			build{v, testcore.Options{Go: v, Env: env}, testcore.Kernel},
			build{v + "-noopt", testcore.Options{Go: v, Env: env, Flags: []string{"-gcflags=all=-N -l"}}, testcore.Captured})
	}
	all = append(all, build{"noallocheaders", testcore.Options{Go: "go1.22.12", Env: []string{"GOEXPERIMENT=arenas,noallocheaders"}}, testcore.Kernel})
	return few(all, "go1.20.14", "go1.22.12-noopt", "go1.26.8")
}

// What lies in the chunks of user arenas, and what that leads to, is what the program
// says of it: where values stand, their types, the paths through them, and how many bytes
// of a chunk have types.
func TestArenas(t *testing.T) {
	t.Parallel()
	for _, b := range arenaBuilds() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "arenas", b.opt, b.kind)
			for _, o := range decode[kindObject](t, p.said, "kind") {
				if o.Name == "behind a variable" {
					n, _ := p.NodeAt(address(t, o.Addr))
					if expr := p.Expr(p.doms.PathTo(n)); !strings.HasPrefix(expr, "goroutine ") || !strings.HasSuffix(expr, " · p.next") {
						t.Errorf("%s: %s", o.Name, expr)
					}
				}
				hops := ""
				for _, h := range p.Path(p.doms.PathTo(node(t, p, o.Addr))).Hops {
					hops += " " + h.Expr
				}
				if want, ok := arenaHops[o.Name]; ok && hops != want {
					t.Errorf("%s: the hops are%s, want%s", o.Name, hops, want)
				}
				if why := p.kind(o); len(why) > 0 {
					t.Errorf("%s:\n\t%s", o.Name, strings.Join(why, "\n\t"))
				}
			}
			for _, o := range decode[struct{ Addr, Edge string }](t, p.said, "gone") {
				n, _ := p.NodeAt(address(t, o.Addr))
				nodes := p.doms.PathTo(n)
				edge, _, ok := p.Edge(nodes[len(nodes)-2], n)
				if path := p.Expr(nodes); p.TypeOf(n).Known || !ok || edge != o.Edge || !strings.HasSuffix(path, " → "+o.Edge) {
					t.Errorf("what nothing typed leads to is %s: %s, %s", p.Name(n), edge, path)
				}
			}
			p.edgesOfChunks(t)
			values := decode[struct{ Name, Addr, Type, Whole string }](t, p.said, "value")
			for _, v := range values {
				p.stands(t, v.Name, v.Addr, v.Type)
				p.stands(t, v.Addr, v.Addr, v.Whole)
				p.stands(t, v.Addr+" "+v.Whole, v.Addr, v.Whole)
			}
			chunks := decode[struct {
				Name, Addr  string
				Used, Typed uint64
			}](t, p.said, "chunk")
			if len(values) < 16 || len(chunks) < 3 {
				t.Fatalf("the program describes %d values and %d chunks", len(values), len(chunks))
			}
			for _, c := range chunks {
				n, err := p.Lookup(c.Addr)
				v, ok := p.Value(n)
				want := fmt.Sprintf("%d bytes used, %d of them typed", c.Used, c.Typed)
				if err != nil || !ok || p.Type(n) != "chunk of a user arena" || v.Text != want {
					t.Errorf("%s: %s is %q (%v), want %q", c.Name, p.Name(n), v.Text, err, want)
				}
				if lines, _ := p.Fields(n, 1); len(lines) != 1 || lines[0].Value != want {
					t.Errorf("%s: show begins with %+v", c.Name, lines)
				}
				sum := uint64(0)
				for _, part := range p.Children(v, 0, v.Children) {
					sum += part.Size
					p.stands(t, fmt.Sprintf("%#x", part.Addr), fmt.Sprintf("%#x", part.Addr), "")
				}
				if sum != c.Typed {
					t.Errorf("%s: its parts have %d bytes, want %d", c.Name, sum, c.Typed)
				}
			}
			p.typedSum(t)
			checks, err := p.Check(t.Context())
			for _, c := range checks {
				if err != nil || c.Status != gocore.CheckOK {
					t.Errorf("%s is %s: %s (%v)", c.Name, c.Status, c.Reason, err)
				}
			}
		})
	}
}

// arenaHops are the hops of paths through chunks: what is between two values in a chunk
// belongs to the hop that leads into the next chunk or out of them.
var arenaHops = map[string]string{
	"behind a value in an arena":       " main.held .first .next",
	"at the end of a list in an arena": " main.held .chain.next ×4 .next",
	"from one arena to another":        " main.linked .top .value .four[3]",
	"in the last of several chunks":    " main.many .lists [4321] [123]",
}

func node(t *testing.T, p process, addr string) heap.Node {
	t.Helper()
	n, ok := p.NodeAt(address(t, addr))
	if !ok {
		t.Fatalf("nothing is at %s", addr)
	}
	return n
}

// stands demands that a target is a value at an address, of a type if that is not "".
func (p *process) stands(t *testing.T, target, addr, typ string) {
	t.Helper()
	place, err := p.Resolve(target)
	first := err == nil && target == addr && fmt.Sprintf("%#x", p.Addr(place.Node)) == addr // the chunk itself
	if err != nil || !first && (!place.Part || fmt.Sprintf("%#x", place.Value.Addr) != addr || typ != "" && place.Value.Type != typ) {
		t.Errorf("%s is found to be a %s at %#x in %s (%v), want a %s at %s", target, place.Value.Type, place.Value.Addr, p.Name(place.Node), err, typ, addr)
	}
}

// typedSum demands that the bytes by evidence are those of the live objects, and that as
// many are typed as there are in typed objects that are no chunks, and in parts of chunks.
func (p *process) typedSum(t *testing.T) {
	sum, typed, all := p.Typing(), uint64(0), uint64(0)
	for i, id := range p.TypeIDs() {
		n := heap.Node(i)
		if id == 0 {
			continue
		}
		size := p.graph.Size(n)
		all += size
		if v, ok := p.Value(n); ok && p.Type(n) == "chunk of a user arena" {
			for _, part := range p.Children(v, 0, v.Children) {
				typed += part.Size
			}
		} else if p.TypeOf(n).Known {
			typed += size
		}
	}
	evidence := uint64(0)
	for _, bytes := range sum.EvidenceBytes {
		evidence += bytes
	}
	if typed != sum.TypedBytes || evidence != all || all == 0 {
		t.Errorf("%d bytes are typed and %d have evidence, want %d and %d", sum.TypedBytes, evidence, typed, all)
	}
}

// edgesOfChunks demands that what chunks lead to has a name from the chunk on by the value
// that leads there, and that the name leads back.
func (p *process) edgesOfChunks(t *testing.T) {
	named := 0
	for i := range p.TypeIDs() {
		n := heap.Node(i)
		if p.Type(n) != "chunk of a user arena" || !p.doms.Live(n) {
			continue
		}
		for _, to := range p.graph.Targets(n) {
			path := p.Expr([]heap.Node{n, to})
			place, err := p.Resolve(path)
			if err != nil || place.Node != to {
				t.Errorf("%s is found to be %s (%v)", path, p.Name(place.Node), err)
			}
			edge, off, ok := p.Edge(n, to)
			if off == 0 {
				continue // this address is the chunk's
			}
			if at, err := p.Resolve(fmt.Sprintf("%#x", p.Addr(n)+off)); !ok || err != nil || strings.HasPrefix(edge, "(") != at.Part {
				t.Errorf("%s leads by %s to %s (%v)", p.Name(n), edge, p.Name(to), err)
			} else if at.Part {
				named++
			}
		}
	}
	if named < 15 {
		t.Errorf("only %d edges of chunks have names", named)
	}
}
