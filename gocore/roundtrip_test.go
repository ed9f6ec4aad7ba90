package gocore_test

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/heap/heaptest"
	"goheap/internal/testcore"
)

// everyName is how many objects a program may have for all their names to be tried; of
// one with more, a draw is.
const everyName = 100_000

// drawn is how large a draw is.
func drawn() int {
	if testcore.EveryBuild() {
		return 100_000
	}
	return 5_000
}

// roundTrip looks up all names that the program prints: of roots, and the expression of
// the path to each object. What is found is the object, or what leads to it and has the
// same name, since it adds nothing to the expression: a variable, or a pointer, string or
// slice that is an object by itself.
func (p process) roundTrip(t *testing.T, all, draw int) {
	t.Helper()
	tried, wrong, said := 0, 0, p.asSaid()
	complain := func(format string, args ...any) {
		if wrong++; wrong <= 15 {
			t.Errorf(format, args...)
		}
	}
	for _, r := range p.Roots() {
		tried++
		if n, err := p.Lookup(r.Name); n != r.Node && !p.leadsTo(r, n) {
			complain("the root %s is found to be %s (%v)", r.Name, p.Name(n), err)
		}
	}
	var objects []heap.Node
	for _, n := range heaptest.Nodes(p.graph) {
		if p.doms.Live(n) && n != heap.SuperRoot && p.KindOf(n) == gocore.NoRoot {
			objects = append(objects, n)
		}
	}
	if len(objects) > all {
		r := rand.New(rand.NewPCG(1, 2))
		for i := range min(draw, len(objects)) {
			k := i + r.IntN(len(objects)-i)
			objects[i], objects[k] = objects[k], objects[i]
		}
		objects = objects[:min(draw, len(objects))]
	}
	for i, n := range objects {
		nodes := p.doms.PathTo(n)
		if len(nodes) > 200 {
			continue
		}
		name := p.Expr(nodes)
		place, err := p.Resolve(name)
		tried++
		if err != nil || place.Node != n && !said.SameName(nodes, place, name) {
			complain("the path to %s is %s, which is found to be %s (%v)", p.Name(n), name, p.Name(place.Node), err)
		}
		if i%20 > 0 {
			continue
		}
		for _, name := range []string{p.Name(n), p.Expr([]heap.Node{n})} {
			tried++
			if found, err := p.Lookup(name); err != nil || found != n {
				complain("%s is found to be %s (%v)", name, p.Name(found), err)
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d names are wrong", wrong, tried)
	}
	t.Logf("%d names", tried)
}

// leadsTo reports whether the root r is data that the variable with its name, found to be
// n, leads to.
func (p process) leadsTo(r gocore.Root, n heap.Node) bool {
	return n != heap.None && p.KindOf(n) == gocore.GlobalRoot && p.Name(n) == r.Name
}

// Each name that is printed leads back to what it was printed for.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"kinds", "values", "typed", "oldmaps", "stacks", "blockstore", "probe", "quiet", "interfaces", "sampled"} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			open(t, program, testcore.Options{}, testcore.Kernel).roundTrip(t, everyName, drawn())
		})
	}
	for _, program := range []string{"probe", "stacks"} {
		t.Run(program+"-heapdump", func(t *testing.T) {
			t.Parallel()
			dump := testcore.Core(t, program, testcore.Options{}, testcore.HeapDump)
			openFile(t, dump.Heap, dump.Exe, dump.Output).roundTrip(t, everyName, drawn())
		})
	}
}

// TestRoundTripOf tries the cores that GOHEAP_CORES names, separated by colons.
func TestRoundTripOf(t *testing.T) {
	files := os.Getenv("GOHEAP_CORES")
	if files == "" {
		t.Skip("GOHEAP_CORES names no cores")
	}
	for _, file := range strings.Split(files, ":") {
		t.Run(file[strings.LastIndexByte(file, '/')+1:], func(t *testing.T) { openFile(t, file, "", nil).roundTrip(t, 4000, 2000) })
	}
}
