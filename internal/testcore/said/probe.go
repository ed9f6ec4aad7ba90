package said

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"goheap/heap"
	"goheap/internal/testcore"
)

// Case is a line of testdata/programs/probe.
type Case struct {
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

// Compare compares one case with what is found, and says who is found to hold it
// and what is wrong.
func (p *Process) Compare(c Case) (held string, wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	addr := Address(c.Addr)
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
	if p.Doms.Live(n) != c.Live {
		say("live %t", !c.Live)
	}
	if !c.Live {
		return "", wrong
	}
	if !p.Allocated(n) {
		say("not allocated")
	}
	path := p.Doms.PathTo(n)
	held = p.Expr(path)
	p.caseType(c, n, addr, say)
	if c.Retained != nil && p.Doms.Retained(n) != *c.Retained {
		say("retains %d, want %d", p.Doms.Retained(n), *c.Retained)
	}
	if p.Doms.Retained(n) < c.RetainedMin {
		say("retains %d, want %d at least", p.Doms.Retained(n), c.RetainedMin)
	}
	p.caseRoot(c, n, say)
	for i, e := range c.Elements {
		m, ok := p.NodeAt(Address(e))
		switch {
		case !ok || !p.Doms.Live(m):
			say("element %d at %s is not live", i, e)
		case m != n && p.Doms.Retained(m) != 64:
			say("element %d at %s retains %d", i, e, p.Doms.Retained(m))
		case m != n && c.Kind == "global" && p.Doms.Idom(m) != n:
			say("element %d at %s is dominated by %s", i, e, p.Name(p.Doms.Idom(m)))
		case c.Kind == "joint" && p.Doms.Idom(m) != heap.SuperRoot:
			say("element %d at %s is dominated by %s", i, e, p.Name(p.Doms.Idom(m)))
		}
		if m != n && ok && p.Type(m) != "main.T" && p.TypeOf(m).Known {
			say("element %d at %s is a %s", i, e, p.Type(m))
		}
	}
	return held, wrong
}

// caseType compares a type where one is claimed.
func (p *Process) caseType(c Case, n heap.Node, addr uint64, say func(string, ...any)) {
	if size := p.Graph.Size(n); addr+c.TypeSize*c.Count > p.Addr(n)+size || addr < p.Addr(n) || addr > p.Addr(n)+8 && size > 16 {
		say("the slot is %#x of %d bytes", p.Addr(n), size)
	}
	info := p.TypeOf(n)
	if !info.Known || p.Graph.Size(n) == 16 {
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

// caseRoot compares who holds the object: the first of its dominators, or the
// roots that reach it where there is none.
func (p *Process) caseRoot(c Case, n heap.Node, say func(string, ...any)) {
	first := p.Doms.Chain(n)[0]
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
	if got := p.KindOf(first).String(); got != c.Kind {
		say("held by the %s %s, want %s %s", got, p.Name(first), c.Kind, c.Root)
		return
	}
	if !p.isRoot(first, n, c.Root) {
		say("held by %s (%s), want %s", p.Name(first), p.Expr(p.Doms.PathTo(n)), c.Root)
	}
}

// reachingRoots returns the roots from which n is reached.
func (p *Process) reachingRoots(n heap.Node) []heap.Node {
	var roots []heap.Node
	for _, r := range p.Roots() {
		m := heap.NewMarker(p.Graph)
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
func (p *Process) isRoot(root, n heap.Node, want string) bool {
	switch p.KindOf(root).String() {
	case "global", "timers":
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
			case strings.HasPrefix(detail, "register "):
				return true
			case strings.HasPrefix(detail, "runtime.asyncPreempt ") && strings.HasSuffix(detail, "(conservative)"):
				return true // a register, too: a preempted goroutine has saved them there
			}
		}
	}
	return false
}

// pathsFrom returns the paths to n that start at root.
func (p *Process) pathsFrom(root, n heap.Node) [][]heap.Node {
	paths, _, _ := p.Doms.Paths(context.Background(), n, 10, nil)
	return slices.DeleteFunc(paths, func(path []heap.Node) bool { return path[0] != root })
}
