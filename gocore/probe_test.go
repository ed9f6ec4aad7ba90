package gocore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"goheap/heap"
	"goheap/internal/testcore"
)

// probeCase is a line of testdata/programs/probe.
type probeCase struct {
	Case        string
	Addr        string
	Type        string
	TypeSize    uint64 `json:"type_size"`
	Count       uint64
	Live        bool
	Kind, Root  string
	Others      []string
	Interior    uint64
	Retained    *uint64
	RetainedMin uint64 `json:"retained_min"`
	Elements    []string
	Only        testcore.Kind
}

// The program lists the ways in which an object can be held, one object each:
// every one is found, live or not, with its type, its root and what it retains.
func TestProbe(t *testing.T) {
	for _, b := range builds() {
		t.Run(b.name, func(t *testing.T) {
			p := open(t, "probe", b.opt, b.kind)
			table := []string{fmt.Sprintf("%-20s %-14s %-40s %s", "case", "address", "held by", "wrong")}
			failed := 0
			for _, c := range decode[probeCase](t, p.said, "") {
				if c.Case == "memstats" || c.Only != "" && c.Only != b.kind {
					continue
				}
				held, wrong := p.probe(t, c)
				table = append(table, fmt.Sprintf("%-20s %-14s %-40s %s", c.Case, c.Addr, held, strings.Join(wrong, "; ")))
				failed += len(wrong)
			}
			if failed > 0 {
				t.Errorf("%d answers are wrong:\n%s", failed, strings.Join(table, "\n"))
			}
		})
	}
}

// probe compares one case with what is found, and says who is found to hold it
// and what is wrong.
func (p process) probe(t *testing.T, c probeCase) (held string, wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	addr := address(t, c.Addr)
	n, ok := p.NodeAt(addr)
	if !ok && !c.Live {
		return "", nil // the sweeper gave its whole span back
	}
	if !ok {
		return "", []string{"no slot there"}
	}
	if in, ok := p.NodeAt(addr + c.Interior); !ok || in != n {
		say("+%d is another slot", c.Interior)
	}
	if p.doms.Live(n) != c.Live {
		say("live %t", !c.Live)
	}
	if !c.Live {
		return "", wrong
	}
	if !p.Allocated(n) {
		say("not allocated")
	}
	path := p.doms.PathTo(n)
	held = p.Expr(path)
	p.probeType(c, n, addr, say)
	if c.Retained != nil && p.doms.Retained(n) != *c.Retained {
		say("retains %d, want %d", p.doms.Retained(n), *c.Retained)
	}
	if p.doms.Retained(n) < c.RetainedMin {
		say("retains %d, want %d at least", p.doms.Retained(n), c.RetainedMin)
	}
	p.probeRoot(t, c, n, say)
	for i, e := range c.Elements {
		m, ok := p.NodeAt(address(t, e))
		switch {
		case !ok || !p.doms.Live(m):
			say("element %d at %s is not live", i, e)
		case m != n && p.doms.Retained(m) != 64:
			say("element %d at %s retains %d", i, e, p.doms.Retained(m))
		case m != n && c.Kind == "global" && p.doms.Idom(m) != n:
			say("element %d at %s is dominated by %s", i, e, p.Name(p.doms.Idom(m)))
		case c.Kind == "joint" && p.doms.Idom(m) != heap.SuperRoot:
			say("element %d at %s is dominated by %s", i, e, p.Name(p.doms.Idom(m)))
		}
		if m != n && ok && p.Type(m) != "main.T" && p.TypeOf(m).Known {
			say("element %d at %s is a %s", i, e, p.Type(m))
		}
	}
	return held, wrong
}

// probeType compares a type where one is claimed.
func (p process) probeType(c probeCase, n heap.Node, addr uint64, say func(string, ...any)) {
	if size := p.graph.Size(n); addr+c.TypeSize*c.Count > p.Addr(n)+size || addr < p.Addr(n) || addr > p.Addr(n)+8 && size > 16 {
		say("the slot is %#x of %d bytes", p.Addr(n), size)
	}
	info := p.TypeOf(n)
	if !info.Known || p.graph.Size(n) == 16 {
		return // nothing is claimed, or it is about one value of a tiny block
	}
	if want := c.Type; info.Name != want && info.Name != "[]"+want && !(want == "uint8" && info.Name == "string data") && !arrayOf(info.Name, want) {
		say("type %s, want %s", info.Name, want)
	}
}

// arrayOf reports whether name is an array of elem: one allocation may be seen
// through a pointer to an array or through a slice of it.
func arrayOf(name, elem string) bool {
	rest, ok := strings.CutSuffix(name, "]"+elem)
	return ok && strings.HasPrefix(strings.TrimPrefix(rest, "[]"), "[")
}

// probeRoot compares who holds the object: the first of its dominators, or the
// roots that reach it where there is none.
func (p process) probeRoot(t *testing.T, c probeCase, n heap.Node, say func(string, ...any)) {
	first := p.doms.Chain(n)[0]
	reach := p.reachingRoots(n)
	if c.Kind == "joint" {
		if first != n {
			say("dominated by %s %s", p.KindOf(first), p.Name(first))
		}
		all := append(slices.Clone(c.Others), c.Root)
		for _, want := range all {
			if !slices.ContainsFunc(reach, func(r heap.Node) bool { return p.isRoot(r, n, want) }) {
				say("not held by %s", want)
			}
		}
		for _, r := range reach {
			if !slices.ContainsFunc(all, func(want string) bool { return p.isRoot(r, n, want) }) {
				say("held by %s too", p.Name(r))
			}
		}
		return
	}
	if strings.HasPrefix(c.Root, "runtime.") {
		// The runtime's own variables lead to each other's objects.
		if !slices.ContainsFunc(reach, func(r heap.Node) bool { return p.isRoot(r, n, c.Root) }) {
			say("not held by %s", c.Root)
		}
		return
	}
	if len(reach) != 1 || reach[0] != first {
		say("%d roots reach it", len(reach))
	}
	if got := p.KindOf(first); got != c.Kind {
		say("held by the %s %s, want %s %s", got, p.Name(first), c.Kind, c.Root)
		return
	}
	if !p.isRoot(first, n, c.Root) {
		say("held by %s (%s), want %s", p.Name(first), p.Expr(p.doms.PathTo(n)), c.Root)
	}
}

// reachingRoots returns the roots from which n is reached.
func (p process) reachingRoots(n heap.Node) []heap.Node {
	var roots []heap.Node
	for _, r := range p.Roots() {
		m := heap.NewMarker(p.graph)
		m.Mark(r.Node)
		if m.Has(n) {
			roots = append(roots, r.Node)
		}
		m.Close()
	}
	return roots
}

// isRoot reports whether root is the one that the program names: a global by
// name, a queue by what waits in it, a goroutine by a function on its stack and
// the variable there that a path to n starts with, as far as it has a name.
func (p process) isRoot(root, n heap.Node, want string) bool {
	switch p.KindOf(root) {
	case "global":
		return p.Name(root) == want
	case "special":
		kind, ok := strings.CutSuffix(want, " queue")
		return ok && strings.Contains(p.Name(root), kind)
	}
	fn, variable, _ := strings.Cut(want, " ")
	for _, r := range p.Roots() {
		if r.Node != root || r.Goroutine < 0 {
			continue
		}
		on := false
		for _, f := range p.Frames(r.Goroutine) {
			on = on || f.Func == fn
		}
		if !on {
			return false
		}
		if variable == "" {
			return true
		}
		for _, path := range p.pathsFrom(root, n) {
			detail := p.Path(path).Hops[0].Detail
			switch {
			case strings.HasPrefix(detail, fn+" ") && strings.Contains(detail, " · "+variable):
				return true
			case strings.HasPrefix(detail, fn+" ") && strings.Contains(detail, " · stack +"):
				return true // a word of the frame that no variable covers: a closure's, or one read without a map
			case detail == "register":
				return true
			}
		}
	}
	return false
}

// pathsFrom returns the paths to n that start at root.
func (p process) pathsFrom(root, n heap.Node) [][]heap.Node {
	paths, _, _ := p.doms.Paths(context.Background(), n, 10, nil)
	return slices.DeleteFunc(paths, func(path []heap.Node) bool { return path[0] != root })
}

// A goroutine's path names the function and the variable where debugging
// information has them.
func TestProbeVariables(t *testing.T) {
	p := open(t, "probe", testcore.Options{}, testcore.Kernel)
	want := map[string]string{
		"stackLocal":  "local",
		"stackObject": "onStack.held",
		"fifty":       "main.fifty",
		"tenThousand": "main.tenThousand",
		"ring":        "main.ringHead",
		"big":         "main.big",
		"through":     "main.through",
	}
	for _, c := range decode[probeCase](t, p.said, "") {
		suffix, ok := want[c.Case]
		if !ok {
			continue
		}
		n, _ := p.NodeAt(address(t, c.Addr))
		if e := p.Expr(p.doms.PathTo(n)); !strings.HasSuffix(e, suffix) {
			t.Errorf("%s: %q, want it to end in %q", c.Case, e, suffix)
		}
		delete(want, c.Case)
	}
	for name := range want {
		t.Errorf("the program printed no case %s", name)
	}
}
