package gocore_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/heap/heaptest"
	"goheap/internal/testcore"
)

// bare is testcore.Strip, for a test.
func bare(t testing.TB, exe string, drop func(name string) bool) string {
	t.Helper()
	path, err := testcore.Strip(exe, t.TempDir(), drop)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// strippedBuilds are those that have what differs in kind without debugging information:
// allocation headers, masks of spans, bitmaps of arenas, both kinds of maps.
func strippedBuilds() []build {
	return few([]build{
		{"go1.27", testcore.Options{Go: "go1.27.0"}, testcore.Kernel},
		{"go1.26", testcore.Options{Go: "go1.26.8"}, testcore.Kernel},
		{"go1.26-pie", testcore.Options{Go: "go1.26.8", PIE: true}, testcore.Kernel},
		{"go1.25", testcore.Options{Go: "go1.25.0"}, testcore.Kernel},
		{"go1.24", testcore.Options{Go: "go1.24.6"}, testcore.Kernel},
		{"go1.24.0", testcore.Options{Go: "go1.24.0"}, testcore.Kernel},
		{"go1.23.0", testcore.Options{Go: "go1.23.0"}, testcore.Kernel},
		{"go1.21.0", testcore.Options{Go: "go1.21.0"}, testcore.Kernel},
		{"go1.20.0", testcore.Options{Go: "go1.20"}, testcore.Kernel},
		{"go1.19.0", testcore.Options{Go: "go1.19"}, testcore.Kernel},
		{"go1.23", testcore.Options{Go: "go1.23.12"}, testcore.Kernel},
		{"go1.22", testcore.Options{Go: "go1.22.12"}, testcore.Kernel},
		{"go1.21", testcore.Options{Go: "go1.21.13"}, testcore.Kernel},
		{"go1.20", testcore.Options{Go: "go1.20.14"}, testcore.Kernel},
		{"go1.19", testcore.Options{Go: "go1.19.13"}, testcore.Kernel},
		{"go1.18", testcore.Options{Go: "go1.18.10"}, testcore.Kernel},
		{"go1.18-pie", testcore.Options{Go: "go1.18.10", PIE: true}, testcore.Kernel},
	}, "go1.27", "go1.26-pie", "go1.22", "go1.18")
}

// A core tells without debugging information and symbols of the objects, pointers,
// retained sizes and calls that it tells of with them, and of no type that is another.
func TestStripped(t *testing.T) {
	t.Parallel()
	for _, program := range []struct {
		name  string
		args  []string
		least float64 // percent of the live bytes that have a type; of given half are the runtime's own, more or less by run
	}{{"sessions", []string{"2000"}, 81}, {"quiet", nil, 98}, {"probe", nil, 99}, {"kinds", nil, 93}, {"given", nil, 60}} {
		for _, b := range strippedBuilds() {
			t.Run(program.name+"/"+b.name, func(t *testing.T) {
				t.Parallel()
				d := testcore.Core(t, program.name, b.opt, b.kind, program.args...)
				want := openFile(t, d.Core, "", nil)
				got := openFile(t, d.Core, bare(t, d.Exe, testcore.Symbols), nil)
				if typed := got.tellsAs(t, want); typed < program.least {
					t.Errorf("%.1f %% of the live bytes are typed, want %.0f", typed, program.least)
				}
				checks, err := got.Check(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				wanted, err := want.Check(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if len(checks) != len(wanted) {
					t.Fatalf("%d checks, want %d", len(checks), len(wanted))
				}
				for i, c := range checks {
					if w := wanted[i]; c.Status != w.Status || c.Ours != w.Ours || c.Runtime != w.Runtime || c.Difference != w.Difference {
						t.Errorf("check says %+v, with debugging information %+v", c, w)
					}
				}
			})
		}
	}
}

// What goroutines alone hold has types by what their functions were given.
func TestStrippedStacks(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"go1.22.12", "go1.26.8", "go1.27.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			d := testcore.Core(t, "cases/waiters", testcore.Options{Go: version}, testcore.Kernel)
			got := openFile(t, d.Core, bare(t, d.Exe, testcore.Symbols), nil)
			if typed := got.tellsAs(t, openFile(t, d.Core, "", nil)); typed < 98 {
				t.Errorf("%.1f %% of the live bytes are typed, want 98", typed)
			}
		})
	}
}

// What the code of the ways that a program has taken says of what is alive: of variables
// that are one of several things in a loop, of parameters, of interfaces that a frame keeps,
// of methods that instances share, and of what methods do with receivers of which nothing
// tells.
func TestStrippedCode(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"radix", "condwait", "rwreaders", "ctxchain", "syncmap", "limiters"} {
		for _, b := range few([]build{{"go1.22", testcore.Options{Go: "go1.22.12"}, testcore.Kernel}, {"go1.26", testcore.Options{Go: "go1.26.8"}, testcore.Kernel}, {"go1.27", testcore.Options{Go: "go1.27.0"}, testcore.Kernel}}, "go1.26") {
			t.Run(program+"/"+b.name, func(t *testing.T) {
				t.Parallel()
				d := testcore.Core(t, "cases/"+program, b.opt, b.kind)
				got := openFile(t, d.Core, bare(t, d.Exe, testcore.Symbols), nil)
				if typed := got.tellsAs(t, openFile(t, d.Core, "", nil)); typed < 98 {
					t.Errorf("%.1f %% of the live bytes are typed, want 98", typed)
				}
			})
		}
	}
}

// What no code tells of has the only type that has its size and pointers, and the map that
// holds it the type of its groups.
func TestStrippedShapes(t *testing.T) {
	t.Parallel()
	for _, program := range []struct {
		name, typ string
		objects   int
	}{{"buckets", "≈ main.entry", 100_000}, {"spans", "≈ map[main.spanID]*main.span", 1}} {
		for _, b := range few([]build{{"go1.22", testcore.Options{Go: "go1.22.12"}, testcore.Kernel}, {"go1.26", testcore.Options{Go: "go1.26.8"}, testcore.Kernel}, {"go1.27", testcore.Options{Go: "go1.27.0"}, testcore.Kernel}}, "go1.26") {
			t.Run(program.name+"/"+b.name, func(t *testing.T) {
				t.Parallel()
				d := testcore.Core(t, "cases/"+program.name, b.opt, b.kind)
				got := openFile(t, d.Core, bare(t, d.Exe, testcore.Symbols), nil)
				got.tellsAs(t, openFile(t, d.Core, "", nil))
				n := 0
				for _, node := range heaptest.Nodes(got.graph)[got.graph.Roots+1:] {
					if got.doms.Live(node) && got.Type(node) == program.typ {
						n++
					}
				}
				if n != program.objects {
					t.Errorf("%d objects are %s, want %d", n, program.typ, program.objects)
				}
			})
		}
	}
}

// What a literal without a variable holds has its type by the code that put it there, with
// debugging information too.
func TestLiteralOfCode(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"go1.18.10", "go1.22.12", "go1.26.8", "go1.27.0"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			p := open(t, "given", testcore.Options{Go: version}, testcore.Kernel)
			held := 0
			for _, r := range p.Roots() {
				if !strings.HasPrefix(r.Name, "data+") {
					continue
				}
				for _, to := range p.graph.Targets(r.Node) {
					if p.Type(to) == "map[string]*main.Pear" {
						held++
					}
				}
			}
			if held != 2 {
				t.Errorf("literals hold %d maps, want 2", held)
			}
		})
	}
}

// Programs that are built in other ways are read as exactly, or refused by a sentence that
// says what to do.
func TestStrippedBuilds(t *testing.T) {
	t.Parallel()
	for _, b := range []struct {
		name, program string
		opt           testcore.Options
		refused       bool
	}{
		{"v3", "quiet", testcore.Options{Env: []string{"GOAMD64=v3"}}, false},
		{"race", "quiet", testcore.Options{Flags: []string{"-race"}, Env: []string{"CGO_ENABLED=1"}}, false},
		{"cgo", "cgocalls", testcore.Options{Env: []string{"CGO_ENABLED=1"}}, false},
		{"external", "quiet", testcore.Options{Flags: []string{"-ldflags=-linkmode=external"}, Env: []string{"CGO_ENABLED=1"}}, false},
		{"not optimised", "quiet", testcore.Options{Flags: []string{"-gcflags=all=-N -l"}}, true},
	} {
		t.Run(b.name, func(t *testing.T) {
			d := testcore.Core(t, b.program, b.opt, testcore.Kernel)
			exe := bare(t, d.Exe, testcore.Symbols)
			p, err := gocore.Open(t.Context(), d.Core, gocore.Options{Exe: exe})
			if err != nil {
				sentence(t, err)
				t.Log(err)
				if !b.refused {
					t.Error(err)
				}
				return
			}
			t.Cleanup(func() { p.Close() })
			analysed(t, p).tellsAs(t, openFile(t, d.Core, d.Exe, nil))
		})
	}
}

// An executable whose table of sections was removed too still has segments: the function
// table is found in them by how it starts.
func TestWithoutSections(t *testing.T) {
	t.Parallel()
	for _, opt := range []testcore.Options{{Go: "go1.26.8"}, {Go: "go1.26.8", PIE: true}, {Go: "go1.18.10"}} {
		t.Run(fmt.Sprintf("%s pie=%t", opt.Go, opt.PIE), func(t *testing.T) {
			d := testcore.Core(t, "quiet", opt, testcore.Kernel)
			exe := sectionless(t, d.Exe)
			openFile(t, d.Core, exe, nil).tellsAs(t, openFile(t, d.Core, d.Exe, nil))
		})
	}
}

// sectionless is bare for a program of which strip has removed the table of sections,
// too.
func sectionless(t *testing.T, exe string) string {
	t.Helper()
	exe = bare(t, exe, testcore.Symbols)
	withoutSections(t, exe)
	return exe
}

// Programs that are linked without debugging information, or without symbols too, are as
// good as those that are stripped.
func TestLinkedWithout(t *testing.T) {
	t.Parallel()
	for _, flags := range []string{"-ldflags=-w", "-ldflags=-s", "-ldflags=-s -w"} {
		for _, version := range []string{"go1.26.8", "go1.18.10"} {
			t.Run(flags+" "+version, func(t *testing.T) {
				d := testcore.Core(t, "quiet", testcore.Options{Go: version, Flags: []string{flags}}, testcore.Kernel)
				p := openFile(t, d.Core, "", d.Output)
				checks, err := p.Check(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range checks {
					if c.Status != gocore.CheckOK {
						t.Errorf("%+v", c)
					}
				}
				if flags == "-ldflags=-s" && version == "go1.26.8" {
					return // -s alone leaves out DWARF until Go 1.21 (cmd/link/internal/ld/dwarf.go)
				}
				warned(t, d.Core, gocore.Options{}, "no debugging information", "--debug")
			})
		}
	}
}

// warned demands that a core is opened, and that one of its problems says all of these.
func warned(t *testing.T, core string, opt gocore.Options, says ...string) {
	t.Helper()
	p, err := gocore.Open(t.Context(), core, opt)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, pr := range p.Problems() {
		if !slices.ContainsFunc(says, func(s string) bool { return !strings.Contains(pr.Message, s) }) {
			return
		}
	}
	t.Errorf("the problems are %v, of which none says %q", p.Problems(), says)
}

// tellsAs demands that what is said of a core is what another says, though without the
// types and names that only debugging information has. It returns how many percent of the
// live bytes have a type.
func (p process) tellsAs(t *testing.T, want process) float64 {
	t.Helper()
	a, b := p.graph, want.graph
	if len(a.Extents) != len(b.Extents) || len(a.Extents) == 0 {
		t.Fatalf("%d extents, want %d", len(a.Extents), len(b.Extents))
	}
	// Variables that several words hold are one root each with their names, and several
	// without, so that the numbers of objects are others.
	moved := a.Extents[0].First - b.Extents[0].First
	bad := 0
	complain := func(format string, args ...any) {
		if bad++; bad <= 20 {
			t.Errorf(format, args...)
		}
	}
	interned := interned(p, want)
	typed, all, fits := uint64(0), uint64(0), 0
	for _, n := range heaptest.Nodes(a)[a.Roots+1:] {
		m := n - moved
		if interned[m] {
			continue
		}
		if p.Addr(n) != want.Addr(m) || a.Size(n) != b.Size(m) || p.doms.Live(n) != want.doms.Live(m) || p.doms.Retained(n) != want.doms.Retained(m) {
			complain("%#x of %d bytes retains %d, want %#x of %d bytes, which retains %d", p.Addr(n), a.Size(n), p.doms.Retained(n), want.Addr(m), b.Size(m), want.doms.Retained(m))
			continue
		}
		to, too := a.Targets(n), b.Targets(m)
		if !slices.EqualFunc(to, too, func(x, y heap.Node) bool { return x-moved == y }) {
			complain("%#x has pointers to %v, want %v", p.Addr(n), to, too)
		}
		if !p.doms.Live(n) {
			continue
		}
		all += a.Size(n)
		x, y := p.TypeOf(n), want.TypeOf(m)
		if x.Known {
			typed += a.Size(n)
		}
		tiny := a.Size(n) == 16 && len(to) == 0 // holds values of several types, of which either is one
		is, wanted := p.Type(n), want.Type(m)
		if x.Fits {
			// One value is what there is one of, whether by new or by make.
			is, wanted = strings.TrimPrefix(is, "≈ "), strings.TrimPrefix(wanted, "[]")
		}
		if (x.Known || x.Fits) && y.Known && !tiny && !sameType(is, wanted) && !sameType(is, want.Type(m)) {
			complain("%#x is claimed to be %s by %s, want %s", p.Addr(n), is, p.Evidence(n), want.Type(m))
		}
		if x.Fits && y.Known {
			fits++
		}
	}
	share := 100 * float64(typed) / float64(all)
	t.Logf("%.1f %% of %d live bytes are typed; of %d objects it is said what fits", share, all, fits)
	if len(p.Goroutines()) != len(want.Goroutines()) {
		t.Fatalf("%d goroutines, want %d", len(p.Goroutines()), len(want.Goroutines()))
	}
	for g := range p.Goroutines() {
		x, y := calls(p.Frames(g)), calls(want.Frames(g))
		if x != y {
			t.Errorf("goroutine %d has the frames\n%s, want\n%s", g, x, y)
		}
	}
	return share
}

// interned are the objects of want that package unique makes, and those that retain some of
// these, where p does not know its variables: where functions of the program that are made
// of generic ones have other code than was recorded.
func interned(p, want process) map[heap.Node]bool {
	for _, r := range p.Roots() {
		if r.Name == "unique.uniqueMaps" {
			return nil
		}
	}
	list := map[heap.Node]bool{}
	for _, n := range heaptest.Nodes(want.graph)[want.graph.Roots+1:] {
		for at := n; strings.HasPrefix(want.Type(n), "unique.") && at != heap.None && !list[at]; at = want.doms.Idom(at) {
			list[at] = true
		}
	}
	return list
}

// sameType reports whether a type that is read from a descriptor is called what
// debugging information calls it, as far as a descriptor can know: those that the
// compiler writes for maps have names of packages without their paths, and the linker
// writes copies of the runtime's types for each type of map and channel.
func sameType(described, want string) bool {
	described, want = major.ReplaceAllString(described, "$1."), major.ReplaceAllString(want, "$1.") // the path json/v2 is that of a package json
	described, want = paths.ReplaceAllString(described, ""), paths.ReplaceAllString(want, "")
	want = copies.ReplaceAllString(want, "${1}maps.table")
	return bothWays.Replace(described) == bothWays.Replace(want) || want == "runtime.hchan" && strings.HasPrefix(described, "chan ")
}

var (
	// A channel is known by a word that may be for one way alone.
	bothWays = strings.NewReplacer("<-chan", "chan", "chan<-", "chan")

	major  = regexp.MustCompile(`(\w+)/v[0-9]+\.`)
	paths  = regexp.MustCompile(`[\w.\-]+/`)
	copies = regexp.MustCompile(`^((\[\])?\*?)table<.*>$`)
)

// calls writes the functions of frames with their places in the source.
func calls(frames []gocore.Frame) string {
	var b strings.Builder
	for _, f := range frames {
		fmt.Fprintln(&b, f.Func, f.File, f.Line, f.Inlined)
	}
	return b.String()
}

// One wrong byte anywhere in an executable without symbols, or an end too soon: there is a
// sentence, or the heap is that of the program, or what is said of it says that it is not.
func TestStrippedFlips(t *testing.T) {
	good := kernelCore(t, "quiet", testcore.Options{})
	flipStripped(t, good.Core, good.Exe)
}

// The same with the heap dump of a program.
func TestHeapDumpStrippedFlips(t *testing.T) {
	good := testcore.Core(t, "quiet", testcore.Options{}, testcore.HeapDump)
	flipStripped(t, good.Heap, good.Exe)
}

func flipStripped(t *testing.T, file, exe string) {
	exe = bare(t, exe, testcore.Symbols)
	want := openFile(t, file, exe, nil)
	whole, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	places := slices.DeleteFunc(placesOf(t, exe), func(p place) bool { return p.start >= p.end })
	r := rand.New(rand.NewPCG(15, 1))
	opened := 0
	for i := range howMany(1000) {
		p := places[r.IntN(len(places))]
		at := p.start + r.Int64N(p.end-p.start)
		damaged := slices.Clone(whole)
		how := fmt.Sprintf("byte %#x", at)
		if i%8 == 7 {
			damaged, how = damaged[:at], fmt.Sprintf("cut at %#x", at)
		} else {
			damaged[at] ^= byte(1 + r.IntN(255))
		}
		path := filepath.Join(t.TempDir(), "quiet")
		if err := os.WriteFile(path, damaged, 0o777); err != nil {
			t.Fatal(err)
		}
		bounded(t, how, func() {
			p, err := gocore.Open(t.Context(), file, gocore.Options{Exe: path})
			if err != nil {
				sentence(t, err)
				return
			}
			defer p.Close()
			opened++
			h, err := p.Analyse(t.Context(), nil)
			if err != nil {
				sentence(t, err)
				return
			}
			checks, err := h.Check(t.Context())
			if err != nil {
				sentence(t, err)
				return
			}
			told := len(p.Problems()) > len(want.Problems()) || slices.ContainsFunc(checks, func(c gocore.Check) bool { return c.Status != gocore.CheckOK })
			if live := h.Dominators().LiveBytes(); live != want.doms.LiveBytes() && !told {
				t.Errorf("%s: %d bytes live, want %d, and nothing says so", how, live, want.doms.LiveBytes())
			}
		})
		if t.Failed() {
			return
		}
	}
	t.Logf("%d of %d opened", opened, howMany(1000))
	if opened == 0 {
		t.Error("none opened")
	}
}
