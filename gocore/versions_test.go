//go:build matrix

package gocore_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// olderBuilds are the versions that keep the pointers of objects by arena, each
// plain and position independent, by the kernel and by gdb, and the two after
// them.
func olderBuilds() []build {
	return []build{
		{"go1.18", testcore.Options{Go: "go1.18.10"}, testcore.Kernel},
		{"go1.18-pie-gcore", testcore.Options{Go: "go1.18.10", PIE: true}, testcore.Gcore},
		{"go1.19", testcore.Options{Go: "go1.19.13"}, testcore.Gcore},
		{"go1.19-pie", testcore.Options{Go: "go1.19.13", PIE: true}, testcore.Kernel},
		{"go1.20", testcore.Options{Go: "go1.20.14"}, testcore.Kernel},
		{"go1.20-pie-gcore", testcore.Options{Go: "go1.20.14", PIE: true}, testcore.Gcore},
		{"go1.21", testcore.Options{Go: "go1.21.13"}, testcore.Gcore},
		{"go1.21-pie", testcore.Options{Go: "go1.21.13", PIE: true}, testcore.Kernel},
		{"go1.22", testcore.Options{Go: "go1.22.12"}, testcore.Kernel},
		{"go1.23", testcore.Options{Go: "go1.23.12"}, testcore.Kernel},
	}
}

// newestBuild is what they are compared with.
var newestBuild = build{"go1.27", testcore.Options{Go: "go1.27.0"}, testcore.Kernel}

// Older versions have the live set of their collector, nearly all of it has a
// type, and the program's own objects are those of the newest version.
func TestVersions(t *testing.T) {
	for _, program := range []struct {
		name string
		args []string
	}{{"sessions", []string{"2000"}}, {"quiet", nil}, {"oldmaps", nil}} {
		var newest map[string]int
		for _, b := range append([]build{newestBuild}, olderBuilds()...) {
			t.Run(program.name+"/"+b.name, func(t *testing.T) {
				p := open(t, program.name, b.opt, b.kind, program.args...)
				checks, err := p.Check(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if len(checks) != len(checkNames) {
					t.Errorf("%d checks, want %d", len(checks), len(checkNames))
				}
				for _, c := range checks {
					if c.Status != gocore.CheckOK || slices.Contains(exact, c.Name) && c.Difference != 0 {
						t.Errorf("%+v", c)
					}
				}
				for _, pr := range p.Problems() {
					t.Errorf("a whole core has a problem: %+v", pr)
				}
				typing := p.Typing()
				if share := float64(typing.TypedBytes) / float64(p.doms.LiveBytes()); share < 0.98 {
					t.Errorf("%.2f %% of the live bytes are typed", 100*share)
				}
				if typing.Conflicts > 0 {
					t.Errorf("%d claims contradicted a pointer map", typing.Conflicts)
				}
				got := p.ownTypes()
				if b.name == newestBuild.name {
					newest = got
				}
				want := maps.Clone(newest)
				if program.name == "quiet" && b.opt.Go < "go1.23" {
					// A closure has captured an Account with a History: until Go
					// 1.22 DWARF does not say what closures capture.
					want["main.Account"]--
					want["[]main.Entry"]--
				}
				if !maps.Equal(got, want) || len(got) == 0 {
					t.Errorf("objects of the program's types: %v, in the newest version %v", got, want)
				}
			})
		}
	}
}

// ownTypes counts the live objects of the struct types that the program declares,
// and of the arrays behind slices of them.
func (p process) ownTypes() map[string]int {
	n := map[string]int{}
	for _, e := range p.graph.Extents {
		for i := range e.Count {
			node := e.First + heap.Node(i)
			if !p.doms.Live(node) {
				continue
			}
			if typ := p.Type(node); strings.HasPrefix(strings.TrimLeft(typ, "[]*"), "main.") && !strings.Contains(typ, "(") {
				n[typ]++
			}
		}
	}
	return n
}

// Goroutines have frames with names, and what waits says for what.
func TestVersionsGoroutines(t *testing.T) {
	for _, b := range append(olderBuilds(), newestBuild) {
		t.Run(b.name, func(t *testing.T) {
			p := open(t, "sessions", b.opt, b.kind, "2000")
			workers := 0
			for _, r := range p.Roots() {
				if r.Goroutine < 0 {
					continue
				}
				g := p.Goroutines()[r.Goroutine]
				frames := p.Frames(r.Goroutine)
				for i, f := range frames {
					if f.Func == "" || f.File == "" || f.Line <= 0 {
						t.Errorf("goroutine %d, frame %d: %+v", g.ID, i, f)
					}
				}
				if len(frames) == 0 || g.ID == 0 || g.StackBytes == 0 {
					t.Errorf("%+v has %d frames", g, len(frames))
					continue
				}
				if g.Func != "main.worker" {
					continue
				}
				workers++
				if g.Status != "waiting" || g.WaitReason != "chan receive" || g.CreatedBy != "main.main" {
					t.Errorf("%+v", g)
				}
				if !slices.ContainsFunc(frames, func(f gocore.Frame) bool {
					return f.Func == "main.worker" && slices.ContainsFunc(f.Vars, func(v gocore.Var) bool {
						return v.Name == "users" && v.Type == "[100]*main.User" && v.Target != heap.None
					})
				}) {
					t.Errorf("goroutine %d has no variable users: %+v", g.ID, frames)
				}
			}
			if workers != 20 {
				t.Errorf("%d workers, want 20", workers)
			}
			for _, expr := range []string{`main.cache.byID["sess77"].User.Tags[1]`, "main.listHead.next.next", `main.cache.order[1999].Attrs["u"].(*main.User)`} {
				n, err := p.Lookup(expr)
				if err != nil || !p.doms.Live(n) {
					t.Errorf("%s: %v", expr, err)
				}
			}
		})
	}
}

// Each way in which an object can be held is found in older versions too.
func TestVersionsProbe(t *testing.T) {
	for _, b := range olderBuilds() {
		t.Run(b.name, func(t *testing.T) {
			p := open(t, "probe", b.opt, b.kind)
			cases := 0
			for _, c := range decode[probeCase](t, p.said, "") {
				if c.Case == "memstats" || c.Only != "" && c.Only != b.kind {
					continue
				}
				cases++
				if held, wrong := p.probe(c); len(wrong) > 0 {
					t.Errorf("%s at %s, held by %s: %s", c.Case, c.Addr, held, strings.Join(wrong, "; "))
				}
			}
			if cases < 25 {
				t.Errorf("the program has only %d cases", cases)
			}
			checks, err := p.Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range checks {
				if b.opt.Go == "go1.23.12" && c.Name == checkNames[3] && c.Ours <= 3 {
					continue // see TestCheckOlder: package unique
				}
				if c.Live && c.Status == gocore.CheckDiffers || slices.Contains(exact[:3], c.Name) && c.Difference != 0 {
					t.Errorf("%+v", c)
				}
			}
		})
	}
}
