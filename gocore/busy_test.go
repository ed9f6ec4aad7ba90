package gocore_test

import (
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
	"goheap/internal/testcore/said"
)

// moment is where the program that never rests is stopped.
type moment struct {
	name string
	at   string // see testcore.Options
	skip int
	// What cannot be compared then, by the check's name. All else must agree.
	incomparable []string
	status       string // of some goroutine, "" for any
}

// After the last collection the program runs on. Where the world is not stopped,
// some other thread may be inside the allocator or sweep a large span.
var counters = append([]string{checkNames[5]}, checkNames[1:4]...)

// moments are the phases of a collection.
func moments() []moment {
	return []moment{
		{name: "mark", at: "runtime.gcDrain", skip: 3, incomparable: counters},
		{name: "sweep", at: "runtime.(*sweepLocked).sweep", skip: 20, incomparable: counters},
	}
}

// While a program allocates and the collector works, Check compares what can be
// compared and says why the rest cannot, and what the program holds is live.
func TestBusy(t *testing.T) {
	t.Parallel()
	for _, m := range moments() {
		t.Run(m.name, func(t *testing.T) { m.test(t, testcore.Options{}) })
	}
}

type busyCase struct {
	Case, Type, Addr, Func string
	Count                  uint64
}

func (m moment) test(t *testing.T, opt testcore.Options) said.Names {
	t.Parallel()
	opt.At, opt.Skip = m.at, m.skip
	p := open(t, "busy", opt, testcore.Gcore)
	checks, err := p.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(checks) != len(checkNames) {
		t.Errorf("%d checks, want %d", len(checks), len(checkNames))
	}
	for _, c := range checks {
		switch {
		case c.Status == gocore.CheckDiffers:
			t.Errorf("%+v", c)
		case c.Status == gocore.CheckNotComparable:
			if c.Reason == "" || !slices.Contains(m.incomparable, c.Name) {
				t.Errorf("%+v", c)
			}
		case slices.Contains(exact, c.Name) && c.Difference != 0:
			t.Errorf("%+v", c)
		}
		t.Logf("%s: %d and %d: %s %s", c.Name, c.Ours, c.Runtime, c.Status, c.Reason)
	}
	for _, pr := range p.Problems() {
		t.Errorf("a whole core has a problem: %+v", pr)
	}
	for _, c := range decode[busyCase](t, p.said, "kept") {
		root, err := p.Lookup("main.kept")
		if err != nil || len(p.graph.Targets(root)) != 1 {
			t.Fatalf("main.kept leads to %d objects, %v", len(p.graph.Targets(root)), err)
		}
		n := p.graph.Targets(root)[0]
		got, want := p.doms.Retained(n)+p.heldBeside(n), c.Count*p.graph.Size(n)
		if got != want || p.Type(n) != c.Type {
			t.Errorf("main.kept leads to a %s that retains %d bytes, want a %s and %d", p.Type(n), got, c.Type, want)
		}
	}
	names := p.roundTrip(t, everyName())
	gs := p.Goroutines()
	for _, c := range decode[busyCase](t, p.said, "held") {
		n, ok := p.NodeAt(address(t, c.Addr))
		if !ok || !p.doms.Live(n) {
			t.Errorf("what %s holds is not live", c.Func)
			continue
		}
		if info := p.TypeOf(n); info.Known && info.Name != c.Type {
			t.Errorf("what %s holds is a %s", c.Func, info.Name)
		}
		if !slices.ContainsFunc(gs, func(g gocore.Goroutine) bool {
			i := slices.Index(gs, g)
			return slices.Contains(p.graph.Targets(g.Node), n) &&
				slices.ContainsFunc(p.Frames(i), func(f gocore.Frame) bool { return f.Func == c.Func })
		}) {
			t.Errorf("no goroutine in %s holds %s", c.Func, c.Addr)
		}
	}
	if m.status != "" && !slices.ContainsFunc(gs, func(g gocore.Goroutine) bool { return g.Status == m.status }) {
		t.Errorf("no goroutine is in state %s", m.status)
	}
	for i, g := range gs {
		if strings.HasPrefix(g.Func, "main.") || g.Status == m.status {
			frames := p.Frames(i)
			if len(frames) == 0 {
				t.Errorf("goroutine %d, %s in %s, has no frames", g.ID, g.Status, g.Func)
				continue
			}
			t.Logf("goroutine %d: %s in %s, at %s", g.ID, g.Status, g.Func, frames[0].Func)
		}
	}
	return names
}

// heldBeside returns the bytes below n in a tree that a register of an interrupted
// goroutine, or a word of its stack that the collector takes for a pointer, keeps
// alive as well.
func (p process) heldBeside(n heap.Node) (size uint64) {
	beside := map[heap.Node]bool{}
	for _, g := range p.Goroutines() {
		for _, to := range p.graph.Targets(g.Node) {
			if expr, _, ok := p.Edge(g.Node, to); ok && (strings.Contains(expr, "(conservative)") || strings.Contains(expr, "· register ")) {
				beside[to] = true
			}
		}
	}
	for queue := []heap.Node{n}; len(queue) > 0; queue = queue[1:] {
		for _, to := range p.graph.Targets(queue[0]) {
			if p.doms.Idom(to) == heap.SuperRoot && beside[to] {
				size += p.doms.Retained(to)
			} else {
				queue = append(queue, to)
			}
		}
	}
	return size
}
