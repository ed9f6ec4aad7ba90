//go:build delve

package delve

import (
	"os"
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
	return &comparison{findings: newFindings(), name: name, p: p, h: h, c: c, stacks: map[int64][]stackframe{}}
}

func TestDelve(t *testing.T) {
	all := newFindings()
	noopt := []string{"-gcflags=all=-N -l"}
	for _, program := range []string{"kinds", "values"} {
		for name, opt := range map[string]testcore.Options{"": {}, " -N -l": {Flags: noopt}} {
			t.Run(program+name, func(t *testing.T) {
				d := testcore.Core(t, program, opt, testcore.Gcore)
				c := compare(t, t.Name(), d.Exe, d.Core)
				for _, n := range c.draw(seed, 1500) {
					c.path(n)
				}
				if err := c.allGoroutines(); err != nil {
					t.Error(err)
				}
				t.Logf("%d questions: %s", c.c.asks, c.findings)
				all.add(c.findings)
			})
		}
	}
	reasons, err := explained("explained.txt")
	if err != nil {
		t.Fatal(err)
	}
	t.Log(all)
	for _, wrong := range all.judge(reasons) {
		t.Error(wrong)
	}
}
