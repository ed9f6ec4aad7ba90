package gocore_test

import (
	"maps"
	"strings"
	"testing"

	"goheap/internal/testcore"
)

// A goroutine is called leaked if, and only if, nobody can end its wait: by what the
// program says of itself, and by what the runtime finds where it looks for leaks.
func TestLeaked(t *testing.T) {
	t.Parallel()
	builds := []testcore.Options{
		{}, {Go: "go1.18.10"}, {Go: "go1.22.12"}, {Go: "go1.24.6"}, {Go: "go1.25.0"}, {Go: "go1.27.0"},
		{Env: []string{"GOEXPERIMENT=goroutineleakprofile"}},
	}
	if testcore.EveryBuild() {
		for _, v := range []string{"go1.19.13", "go1.20.14", "go1.21.13", "go1.23.12"} {
			builds = append(builds, testcore.Options{Go: v})
		}
	}
	for _, opt := range builds {
		t.Run(opt.Go+strings.Join(opt.Env, ""), func(t *testing.T) {
			t.Parallel()
			p := open(t, "leaks", opt, testcore.Kernel)
			_, leaked, err := p.Waits(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got, all := map[string]int{}, map[string]int{}
			goroutines := p.Goroutines()
			for _, i := range leaked {
				got[goroutines[i].Func]++
			}
			for _, g := range goroutines {
				all[g.Func]++
			}
			leaks := maps.Clone(got)
			type said struct {
				Function string
				Count    int
				Leaked   bool
			}
			for _, c := range decode[said](t, p.said, "goroutines") {
				want := 0
				if c.Leaked {
					want = c.Count
				}
				// A word of the stack of main may still have the last one.
				if n := got[c.Function]; all[c.Function] != c.Count || n > want || n < want-1 {
					t.Errorf("%s: %d of %d goroutines are leaked, want %d of %d", c.Function, got[c.Function], all[c.Function], want, c.Count)
				}
				delete(got, c.Function)
			}
			for fn, n := range got {
				t.Errorf("%d goroutines of %s are leaked, of which the program says nothing", n, fn)
			}
			if opt.Env == nil && opt.Go != "go1.27.0" {
				return
			}
			found := decode[said](t, p.said, "runtime")
			for _, c := range found {
				if strings.HasPrefix(c.Function, "main.maybe") {
					continue // what is not decided is not called leaked
				}
				if n := leaks[c.Function]; n != c.Count {
					t.Errorf("%s: %d goroutines are leaked, by the runtime %d", c.Function, n, c.Count)
				}
				delete(leaks, c.Function)
			}
			for fn, n := range leaks {
				t.Errorf("%s: %d goroutines are leaked, by the runtime none", fn, n)
			}
		})
	}
}
