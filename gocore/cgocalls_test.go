//go:build matrix

package gocore_test

import (
	"slices"
	"testing"

	"goheap/gocore"
	"goheap/internal/testcore"
)

// What goroutines in C hold is live, and so is what those hold that C has called
// back: their stacks have the frames from before C too.
func TestCgoCalls(t *testing.T) {
	t.Parallel()
	var all []build
	for _, v := range []string{"go1.22.12", "go1.26.8", "go1.27.0"} {
		for _, kind := range []testcore.Kind{testcore.Gcore, testcore.Kernel} {
			all = append(all, build{v + "-" + string(kind), testcore.Options{Go: v, Env: []string{"CGO_ENABLED=1"}}, kind})
		}
	}
	for _, b := range few(all, "go1.26.8-gcore", "go1.27.0-kernel") {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "cgocalls", b.opt, b.kind)
			p.agrees(t)
			gs := p.Goroutines()
			cases := decode[busyCase](t, p.said, "held")
			if len(cases) != 5 {
				t.Errorf("%d frames hold something, want 5", len(cases))
			}
			for _, c := range cases {
				n, ok := p.NodeAt(address(t, c.Addr))
				if !ok || !p.doms.Live(n) {
					t.Errorf("what %s holds is not live", c.Func)
					continue
				}
				if info := p.TypeOf(n); info.Known && info.Name != c.Type {
					t.Errorf("what %s holds is a %s", c.Func, info.Name)
				}
				i := slices.IndexFunc(gs, func(g gocore.Goroutine) bool { return slices.Contains(p.graph.Targets(g.Node), n) })
				if i < 0 || !slices.ContainsFunc(p.Frames(i), func(f gocore.Frame) bool { return f.Func == c.Func }) {
					t.Errorf("no goroutine in %s holds %s", c.Func, c.Addr)
				}
			}
		})
	}
}
