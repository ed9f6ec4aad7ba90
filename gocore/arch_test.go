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

// archBuilds are programs for processors other than the one that reads them.
func archBuilds() []build {
	return []build{
		{"arm64", testcore.Options{Arch: "arm64", Go: "go1.27.0"}, testcore.Kernel},
		{"arm64-go1.24", testcore.Options{Arch: "arm64", Go: "go1.24.6"}, testcore.Kernel},
		{"arm64-go1.22", testcore.Options{Arch: "arm64", Go: "go1.22.12"}, testcore.Kernel},
		{"ppc64le", testcore.Options{Arch: "ppc64le", Go: "go1.27.0"}, testcore.Kernel},
		{"s390x", testcore.Options{Arch: "s390x", Go: "go1.27.0"}, testcore.Kernel},
		{"arm", testcore.Options{Arch: "arm", Go: "go1.27.0"}, testcore.Kernel},
		{"386", testcore.Options{Arch: "386", Go: "go1.27.0"}, testcore.Kernel},
		{"386-gcore", testcore.Options{Arch: "386", Go: "go1.27.0"}, testcore.Gcore},
		{"loong64", testcore.Options{Arch: "loong64", Go: "go1.27.0"}, testcore.Kernel},
	}
}

// On every processor the live set is the collector's, nearly all of it has a type,
// and the program's own objects are as many as on amd64 with the same version of
// Go.
func TestArch(t *testing.T) {
	for _, program := range []struct {
		name string
		args []string
	}{{"sessions", []string{"2000"}}, {"quiet", nil}} {
		want := map[string]map[string]int{}
		for _, b := range archBuilds() {
			if want[b.opt.Go] == nil {
				p := open(t, program.name, testcore.Options{Go: b.opt.Go}, testcore.Kernel, program.args...)
				want[b.opt.Go] = p.ownTypes()
			}
			t.Run(program.name+"/"+b.name, func(t *testing.T) {
				p := open(t, program.name, b.opt, b.kind, program.args...)
				if got := p.Source().Arch; got != b.opt.Arch {
					t.Errorf("the program is for %s", got)
				}
				checks, err := p.Check(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if len(checks) != len(checkNames) {
					t.Errorf("%d checks, want %d", len(checks), len(checkNames))
				}
				for _, c := range checks {
					if b.opt.Go == "go1.24.6" && c.Name == checkNames[3] && c.Ours <= 3 {
						continue // see TestCheckOlder: package unique
					}
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
				if got, want := p.ownTypes(), want[b.opt.Go]; !maps.Equal(got, want) || len(got) == 0 {
					t.Errorf("objects of the program's types: %v, on amd64 %v", got, want)
				}
			})
		}
	}
}

// Stacks have names down to the variables, globals lead to what they hold, and
// both are found again by these names.
func TestArchNames(t *testing.T) {
	for _, b := range archBuilds() {
		t.Run(b.name, func(t *testing.T) {
			p := open(t, "sessions", b.opt, b.kind, "2000")
			workers := 0
			for i, g := range p.Goroutines() {
				frames := p.Frames(i)
				for _, f := range frames {
					if f.Func == "" || f.File == "" || f.Line <= 0 {
						t.Errorf("goroutine %d has the frame %+v", g.ID, f)
					}
				}
				if len(frames) == 0 {
					t.Errorf("goroutine %d has no frames", g.ID)
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
			for expr, typ := range map[string]string{
				`main.cache.byID["sess77"].User.Tags`:            "[]string",
				"main.listHead.next.next":                        "main.Session",
				`main.cache.order[1999].Attrs["u"].(*main.User)`: "main.User",
			} {
				n, err := p.Lookup(expr)
				if err != nil || !p.doms.Live(n) || p.Type(n) != typ {
					t.Errorf("%s is a %s (%v), want a live %s", expr, p.Type(n), err, typ)
				}
			}
		})
	}
}

// Every kind of object has the type and the path that the program says, whatever
// the processor.
func TestArchKinds(t *testing.T) {
	for _, b := range archBuilds() {
		t.Run(b.name, func(t *testing.T) {
			p := open(t, "kinds", b.opt, b.kind)
			kinds := 0
			for _, o := range decode[kindObject](t, p.said, "kind") {
				if o.Missing != "" {
					continue
				}
				kinds++
				if why := p.kind(o); len(why) > 0 {
					t.Errorf("%s:\n\t%s", o.Name, strings.Join(why, "\n\t"))
				}
			}
			if kinds < 200 {
				t.Errorf("the program has only %d kinds", kinds)
			}
		})
	}
}

// No type is claimed that the program's objects do not have.
func TestArchTyped(t *testing.T) {
	for _, b := range archBuilds() {
		t.Run(b.name, func(t *testing.T) {
			p := open(t, "typed", b.opt, b.kind)
			live, wrong := 0, 0
			for _, o := range decode[typedObject](t, p.said, "object") {
				n, ok := p.NodeAt(address(t, o.Addr))
				if !ok || !p.doms.Live(n) {
					continue
				}
				live++
				if why := p.disagrees(t, o); p.TypeOf(n).Known && why != "" {
					if wrong++; wrong <= 20 {
						t.Errorf("%s at %s: claimed %s by %s: %s", o.Name, o.Addr, p.Type(n), p.Evidence(n), why)
					}
				}
			}
			if live < 2000 {
				t.Errorf("the program names only %d live objects", live)
			}
			p.checkTyping(t)
		})
	}
}

// Each way in which an object can be held is found on every processor.
func TestArchProbe(t *testing.T) {
	for _, b := range archBuilds() {
		t.Run(b.name, func(t *testing.T) {
			p := open(t, "probe", b.opt, b.kind)
			cases := decode[probeCase](t, p.said, "")
			cases = slices.DeleteFunc(cases, func(c probeCase) bool {
				return c.Case == "memstats" || c.Only != "" && c.Only != b.kind
			})
			if len(cases) < 30 {
				t.Errorf("the program has only %d cases", len(cases))
			}
			// A word that an interrupted goroutine left on its stack may hold an
			// object too, or one of its elements, for the collector as well. Then what the program says of
			// its holder is not so.
			unsure := map[string]bool{}
			for _, c := range cases {
				held, wrong := p.probe(c)
				part := slices.ContainsFunc(wrong, func(s string) bool { return strings.HasSuffix(s, " is dominated by roots") })
				if part || len(wrong) > 0 && strings.Contains(held, "(conservative)") {
					t.Logf("%s at %s is held by %s: %q", c.Case, c.Addr, held, wrong)
					unsure[c.Root] = true
				}
			}
			if len(unsure) > 1 {
				t.Errorf("%d roots do not hold what they should", len(unsure))
			}
			for _, c := range cases {
				if held, wrong := p.probe(c); len(wrong) > 0 && !unsure[c.Root] {
					t.Errorf("%s at %s, held by %s: %s", c.Case, c.Addr, held, strings.Join(wrong, "; "))
				}
			}
		})
	}
}
