//go:build delve

package delve

import (
	"maps"
	"math"
	"os"
	"slices"
	"testing"

	"goheap/gocore"
	"goheap/internal/testcore"
)

// seed decides which objects are drawn.
const seed = 12

// compare opens a core with both.
func compare(t *testing.T, name, exe, core string) *comparison {
	t.Helper()
	dlv, err := testcore.Install(delvePackage, delveVersion, testcore.Options{Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	p, err := gocore.Open(t.Context(), core, gocore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	h, err := p.Analyse(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := open(t.Context(), dlv, exe, core)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	x, err := newComparison(name, p, h, c)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// So many objects of one type are drawn, and so many of the server's. Of the programs of
// all kinds that is all but of the few types of which they have thousands.
const (
	ofOneType = 150
	ofServer  = 1500
)

// The test that the comparison must be worth: so many paths and values at least.
const (
	leastPaths  = 2000
	leastValues = 20000
)

// What goheap says of paths, values, goroutines and stacks is what Delve says, but for
// what explained.txt explains.
func TestDelve(t *testing.T) {
	all := newFindings()
	for _, build := range []struct {
		name  string
		flags []string
	}{{"optimised", nil}, {"N-l", []string{"-gcflags=all=-N -l"}}} {
		for _, program := range []string{"kinds", "values"} {
			t.Run(program+"-"+build.name, func(t *testing.T) {
				d := testcore.Core(t, program, testcore.Options{Flags: build.flags}, testcore.Gcore)
				run(t, all, d.Exe, d.Core, math.MaxInt)
			})
		}
		t.Run("server-"+build.name, func(t *testing.T) {
			exe, core := serverCore(t, build.flags)
			run(t, all, exe, core, ofServer)
		})
	}
	t.Run("kinds-go1.27", func(t *testing.T) {
		d := testcore.Core(t, "kinds", testcore.Options{Go: "go1.27.0"}, testcore.Gcore)
		run(t, all, d.Exe, d.Core, math.MaxInt)
	})
	t.Log(all)
	if n := all.paths; n < leastPaths {
		t.Errorf("%d paths were compared, want %d", n, leastPaths)
	}
	if n := all.compared(); n < leastValues {
		t.Errorf("%d values were compared, want %d", n, leastValues)
	}
	reasons, err := explained("explained.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range slices.Sorted(maps.Keys(all.differ)) {
		if reasons[kind] != "" {
			t.Logf("explained, %d times: %s\n\t%s", all.times[kind], kind, all.differ[kind][0])
		}
	}
	for _, wrong := range all.judge(reasons) {
		t.Error(wrong)
	}
}

// run compares one core, of which it draws so many objects at most, and adds what is found to all.
func run(t *testing.T, all *findings, exe, core string, most int) {
	c := compare(t, t.Name(), exe, core)
	for _, n := range c.draw(seed, ofOneType, most) {
		c.path(n)
	}
	c.variablesOf(seed, most)
	if err := c.allGoroutines(); err != nil {
		t.Error(err)
	}
	t.Logf("%d questions: %s", c.c.asks, c.findings)
	all.add(c.findings)
}
