package gocore_test

import (
	"fmt"
	"hash/fnv"
	"runtime"
	"slices"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/heap/heaptest"
	"goheap/internal/testcore"
)

// fingerprint is all that is found in a core, apart from the files' paths: the
// graph and the types as numbers, names and paths as a hash.
type fingerprint struct {
	offset        []uint64
	target        []heap.Node
	types         []heap.TypeID
	names         uint64
	roots, checks string
}

func take(t *testing.T, core string, opt gocore.Options) fingerprint {
	t.Helper()
	opened, err := gocore.Open(t.Context(), core, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	p := analysed(t, opened)
	g, d := p.graph, p.doms
	checks, err := p.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h := fnv.New64a()
	nodes := heaptest.Nodes(g)
	for i, n := range nodes {
		if i%(1+len(nodes)/30_000) != 0 {
			continue
		}
		fmt.Fprintln(h, n, p.Addr(n), p.KindOf(n), p.Name(n), p.Type(n), p.Evidence(n), p.Count(n), d.Retained(n), d.Idom(n))
		if i%50 == 0 {
			fields, more := p.Fields(n, 10)
			fmt.Fprintln(h, p.Expr(d.PathTo(n)), fields, more)
		}
	}
	for i, gr := range p.Goroutines() {
		fmt.Fprintln(h, gr, p.Frames(i))
	}
	return fingerprint{
		slices.Clone(g.Offset), slices.Clone(g.Target), slices.Clone(p.TypeIDs()), h.Sum64(),
		fmt.Sprint(p.Roots()), fmt.Sprint(checks, p.Typing(), p.Problems()),
	}
}

// unlike says in what two fingerprints differ, "" for nothing.
func (f fingerprint) unlike(want fingerprint) string {
	switch {
	case !slices.Equal(f.offset, want.offset) || !slices.Equal(f.target, want.target):
		return "the graph differs"
	case !slices.Equal(f.types, want.types):
		return "the types differ"
	case f.roots != want.roots:
		return fmt.Sprintf("the roots differ:\n%s\nand\n%s", f.roots, want.roots)
	case f.checks != want.checks:
		return fmt.Sprintf("the checks, sums or problems differ:\n%s\nand\n%s", f.checks, want.checks)
	case f.names != want.names:
		return "names, values or paths differ"
	}
	return ""
}

// What is found does not depend on how many processors look, nor on the run.
func TestSameWhateverGOMAXPROCS(t *testing.T) {
	// The last is large enough to be scanned in many parts at once.
	for _, program := range [][]string{{"quiet"}, {"probe"}, {"typed"}, {"sessions", "30000"}} {
		t.Run(program[0], func(t *testing.T) {
			core := testcore.Core(t, program[0], testcore.Options{}, testcore.Kernel, program[1:]...).Core
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			want := take(t, core, gocore.Options{})
			for _, procs := range []int{1, 2, 4} {
				runtime.GOMAXPROCS(procs)
				got := take(t, core, gocore.Options{})
				if what := got.unlike(want); what != "" {
					t.Errorf("GOMAXPROCS=%d: %s", procs, what)
				}
			}
		})
	}
}
