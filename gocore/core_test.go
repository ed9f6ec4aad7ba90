package gocore_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
	"goheap/internal/testcore/said"
)

// process is an open core with its heap.
type process struct {
	*gocore.Process
	*gocore.Heap
	graph *heap.Graph
	doms  *heap.Dominators
	said  []string      // what the program said of itself
	by    testcore.Kind // who has taken the core, "" if that is not known
}

// open opens a core of a test program for the length of the test.
func open(t *testing.T, program string, opt testcore.Options, kind testcore.Kind, args ...string) process {
	t.Helper()
	dump := testcore.Core(t, program, opt, kind, args...)
	p := openFile(t, dump.Core, "", dump.Output)
	p.by = dump.Kind
	return p
}

// openFile opens a core or a heap dump of a program that has said something of
// itself, for the length of the test. An exe of "" is looked for.
func openFile(t *testing.T, path, exe string, said []string) process {
	t.Helper()
	p, err := gocore.Open(t.Context(), path, gocore.Options{Exe: exe})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	a := analysed(t, p)
	a.said = said
	return a
}

// analysed is a process with its heap.
func analysed(t testing.TB, p *gocore.Process) process {
	t.Helper()
	h, err := p.Analyse(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return process{Process: p, Heap: h, graph: h.Graph(), doms: h.Dominators()}
}

// Roots are those of the heap: the special ones are among them.
func (p process) Roots() []gocore.Root { return p.Heap.Roots() }

// asSaid is p for comparisons with what the program said of itself.
func (p process) asSaid() *said.Process {
	return &said.Process{Process: p.Process, Heap: p.Heap, Graph: p.graph, Doms: p.doms, Lines: p.said}
}

// decode decodes the lines of a program's output that have the given case, all
// where it is "".
func decode[T any](t *testing.T, lines []string, name string) []T {
	t.Helper()
	out, err := said.Decode[T](lines, name)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// address is one that a program printed.
func address(t *testing.T, s string) uint64 {
	t.Helper()
	a, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// build is one of the ways in which every program is tried.
type build struct {
	name string
	opt  testcore.Options
	kind testcore.Kind
}

// few leaves of a list of builds those that have each way once, in which a program can
// be built and dumped, though not in all combinations.
func few(all []build, names ...string) []build {
	if testcore.EveryBuild() {
		return all
	}
	some := slices.DeleteFunc(slices.Clone(all), func(b build) bool { return !slices.Contains(names, b.name) })
	if len(some) != len(names) {
		panic(fmt.Sprintf("there are not all of the builds %q", names))
	}
	return some
}

// builds are Go 1.26 and 1.27, plain and position independent, dumped by gdb
// and by the kernel.
func builds() []build {
	var all []build
	for _, v := range []string{"go1.26.8", "go1.27.0"} {
		for _, pie := range []bool{false, true} {
			for _, kind := range []testcore.Kind{testcore.Gcore, testcore.Kernel} {
				mode := "exe"
				if pie {
					mode = "pie"
				}
				all = append(all, build{fmt.Sprintf("%s-%s-%s", v, mode, kind), testcore.Options{Go: v, PIE: pie}, kind})
			}
		}
	}
	return few(all, "go1.26.8-exe-kernel", "go1.26.8-pie-gcore", "go1.27.0-exe-gcore", "go1.27.0-pie-kernel")
}
