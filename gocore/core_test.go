package gocore_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// process is an open core with its graph and dominators.
type process struct {
	*gocore.Process
	graph *heap.Graph
	doms  *heap.Dominators
	said  []string // what the program said of itself
}

// open opens a core of a test program for the length of the test.
func open(t *testing.T, program string, opt testcore.Options, kind testcore.Kind, args ...string) process {
	t.Helper()
	dump := testcore.Core(t, program, opt, kind, args...)
	p, err := gocore.Open(t.Context(), dump.Core, gocore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	g, err := p.Graph(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d, err := g.Dominators(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return process{p, g, d, dump.Output}
}

// decode decodes the lines of a program's output that have the given case, all
// where it is "".
func decode[T any](t *testing.T, lines []string, name string) []T {
	t.Helper()
	var out []T
	for _, line := range lines {
		var head struct{ Case string }
		var v T
		if err := json.Unmarshal([]byte(line), &head); err != nil {
			t.Fatalf("the program printed %q: %v", line, err)
		}
		if name != "" && head.Case != name {
			continue
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("the program printed %q: %v", line, err)
		}
		out = append(out, v)
	}
	if len(out) == 0 {
		t.Fatalf("the program printed no line with case %q", name)
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
	return all
}
