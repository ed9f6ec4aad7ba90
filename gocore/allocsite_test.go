package gocore_test

import (
	"path/filepath"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// The memory profiler's records lead to the lines that the program names, and
// their counters are those of runtime.MemProfile.
func TestAllocSite(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"go1.18.10", "go1.22.12", "go1.26.8", "go1.27.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			p := open(t, "sampled", testcore.Options{Go: version}, testcore.Kernel)
			type object struct {
				Addr, Function string
				Line           int
				Callers        []string
			}
			objects := decode[object](t, p.said, "object")
			type counts struct{ allocs, frees, bytes uint64 }
			byFunction := map[string]map[uint64]counts{} // and by size, as buckets are
			for _, o := range objects {
				n, ok := p.NodeAt(address(t, o.Addr))
				if !ok {
					t.Fatalf("no object at %s", o.Addr)
				}
				site, ok := p.AllocSite(n)
				if !ok {
					t.Errorf("%s of %s has no site", o.Addr, o.Function)
					continue
				}
				stack := site.Stack
				for len(stack) > 0 && strings.HasPrefix(stack[0].Func, "runtime.") {
					stack = stack[1:]
				}
				if len(stack) < 1+len(o.Callers) || stack[0].Func != o.Function || stack[0].Line != o.Line || filepath.Base(stack[0].File) != "main.go" {
					t.Errorf("%s: allocated by %+v, want %s main.go:%d", o.Addr, site.Stack, o.Function, o.Line)
					continue
				}
				for i, caller := range o.Callers {
					if stack[1+i].Func != caller {
						t.Errorf("%s: called by %+v, want %s", o.Addr, stack[1:], o.Callers)
					}
				}
				if site.Rate != 1<<30 {
					t.Errorf("the rate is %d", site.Rate)
				}
				if site.Size != p.graph.Size(n) {
					t.Errorf("%s: the profile says %d bytes, the slot has %d", o.Addr, site.Size, p.graph.Size(n))
				}
				if byFunction[o.Function] == nil {
					byFunction[o.Function] = map[uint64]counts{}
				}
				byFunction[o.Function][site.Size] = counts{site.Allocs, site.Frees, site.Allocs * site.Size}
			}
			for _, s := range decode[struct {
				Function             string
				Allocs, Frees, Bytes uint64
			}](t, p.said, "site") {
				if s.Function == "main.dropped" {
					if s.Frees == 0 {
						t.Errorf("the program says that nothing was freed: it tests nothing")
					}
					continue
				}
				var sum counts
				for _, c := range byFunction[s.Function] {
					sum.allocs, sum.frees, sum.bytes = sum.allocs+c.allocs, sum.frees+c.frees, sum.bytes+c.bytes
				}
				if want := (counts{s.Allocs, s.Frees, s.Bytes}); sum != want || sum.allocs == 0 {
					t.Errorf("%s: counted %+v, runtime.MemProfile says %+v", s.Function, sum, want)
				}
			}
			for _, o := range decode[object](t, p.said, "unsampled") {
				n, _ := p.NodeAt(address(t, o.Addr))
				if site, ok := p.AllocSite(n); ok {
					t.Errorf("an object that was not sampled has the site %+v", site)
				}
			}
			// A site is one of a slot: as many as records.
			found := 0
			for _, e := range p.graph.Extents {
				for i := range e.Count {
					if _, ok := p.AllocSite(e.First + heap.Node(i)); ok {
						found++
					}
				}
			}
			if found == 0 || found > p.SampledObjects() {
				t.Errorf("%d objects have a site, of %d records", found, p.SampledObjects())
			}
		})
	}
}

// A program without samples has no sites.
func TestNoAllocSite(t *testing.T) {
	p := open(t, "probe", testcore.Options{}, testcore.Kernel)
	if _, ok := p.AllocSite(heap.SuperRoot); ok {
		t.Error("the super-root was allocated")
	}
	if _, ok := p.AllocSite(heap.None); ok {
		t.Error("no node was allocated")
	}
	var _ gocore.AllocSite
}
