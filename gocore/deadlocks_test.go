package gocore_test

import (
	"fmt"
	"path"
	"slices"
	"testing"

	"goheap/gocore/wait"
	"goheap/internal/testcore"
)

type saidMember struct {
	ID                    uint64
	At, Place, Lock, Took string
}

type saidShape struct {
	Name, Verdict string
	Proven        bool
	Members       []saidMember
	Behind        []uint64
	Others        []uint64
}

// Each circle of goroutines that wait for each other is found, with who is in it, what each
// waits for and at which line, and where the locks were taken; and no other one is.
func TestDeadlocks(t *testing.T) {
	t.Parallel()
	for _, b := range few([]build{
		{"go1.26", testcore.Options{}, testcore.Kernel},
		{"go1.18", testcore.Options{Go: "go1.18.10"}, testcore.Kernel},
		{"go1.22", testcore.Options{Go: "go1.22.12"}, testcore.Kernel},
		{"go1.27", testcore.Options{Go: "go1.27.0"}, testcore.Kernel},
		{"not optimised", testcore.Options{Flags: []string{"-gcflags=all=-N -l"}}, testcore.Captured},
		{"go1.19", testcore.Options{Go: "go1.19.13"}, testcore.Kernel},
		{"go1.20", testcore.Options{Go: "go1.20.14"}, testcore.Kernel},
		{"go1.21", testcore.Options{Go: "go1.21.13"}, testcore.Kernel},
		{"go1.23", testcore.Options{Go: "go1.23.12"}, testcore.Kernel},
		{"go1.24", testcore.Options{Go: "go1.24.6"}, testcore.Kernel},
		{"go1.25", testcore.Options{Go: "go1.25.0"}, testcore.Kernel},
	}, "go1.26", "go1.18", "go1.22", "go1.27", "not optimised") {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "deadlocks", b.opt, b.kind)
			g, err := p.WaitGraph(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			compareDeadlocks(t, p, g)
		})
	}
}

func compareDeadlocks(t *testing.T, p process, g *wait.Graph) {
	goroutines := p.Goroutines()
	id := func(i int) uint64 { return goroutines[i].ID }
	ids := func(list []int) (all []uint64) {
		for _, i := range list {
			all = append(all, id(i))
		}
		slices.Sort(all)
		return all
	}
	found := map[string]wait.Deadlock{}
	for _, d := range g.Deadlocks {
		found[fmt.Sprint(ids(d.Members))] = d
	}
	said := decode[saidShape](t, p.said, "shape")
	counts := map[string]int{}
	shapeOf := map[uint64]string{}
	for _, s := range said {
		counts[s.Verdict]++
		var want []uint64
		for _, m := range s.Members {
			want = append(want, m.ID)
			shapeOf[m.ID] = s.Name
		}
		for _, i := range slices.Concat(s.Behind, s.Others) {
			shapeOf[i] = s.Name
		}
		if s.Verdict != "deadlock" {
			continue
		}
		slices.Sort(want)
		d, ok := found[fmt.Sprint(want)]
		if !ok {
			t.Errorf("%s: no circle of goroutines %v", s.Name, want)
			continue
		}
		delete(found, fmt.Sprint(want))
		if d.Proven != s.Proven {
			t.Errorf("%s: proven %t, want %t", s.Name, d.Proven, s.Proven)
		}
		if got := ids(d.Behind); !slices.Equal(got, s.Behind) {
			t.Errorf("%s: goroutines %v are behind it, want %v", s.Name, got, s.Behind)
		}
		if len(d.Cycle) == 0 || len(d.Cycle) > len(want) {
			t.Errorf("%s: a circle of %d steps", s.Name, len(d.Cycle))
		}
		for k, step := range d.Cycle {
			m := s.Members[slices.IndexFunc(s.Members, func(m saidMember) bool { return m.ID == id(step.Goroutine) })]
			place := g.Places[step.Place]
			if at := path.Base(step.At); at != m.At || fmt.Sprintf("%#x", place.Addr) != m.Place {
				t.Errorf("%s: goroutine %d waits at %s for %s %#x, want %s for %s", s.Name, m.ID, at, place.Kind, place.Addr, m.At, m.Place)
			}
			by := d.Cycle[(k+1)%len(d.Cycle)].Goroutine
			if step.By.Goroutine != by {
				t.Errorf("%s: goroutine %d waits for %d, and the next one is %d", s.Name, m.ID, id(step.By.Goroutine), id(by))
			}
			h := s.Members[slices.IndexFunc(s.Members, func(m saidMember) bool { return m.ID == id(by) })]
			if h.Lock == m.Place && (path.Base(step.By.At) != h.Took || step.By.How != wait.ByCode) {
				t.Errorf("%s: goroutine %d has taken %s at %q (%s), want %s", s.Name, h.ID, h.Lock, step.By.At, step.By.How, h.Took)
			}
		}
	}
	for _, d := range found {
		var names []string
		for _, i := range ids(d.Members) {
			names = append(names, shapeOf[i])
		}
		t.Errorf("there is no circle of goroutines %v of %q: %+v", ids(d.Members), names, d)
	}
	if counts["deadlock"] < 20 || counts["blocked"] < 6 || counts["fine"] < 8 {
		t.Errorf("only %v shapes", counts)
	}
}

// soundWaits wants that all that is said of who waits for whom is of what there is.
func soundWaits(t *testing.T, p process) {
	t.Helper()
	g, err := p.WaitGraph(t.Context())
	if err != nil {
		sentence(t, err)
		return
	}
	n := len(p.Goroutines())
	there := func(list ...int) {
		t.Helper()
		for _, i := range list {
			if i < 0 || i >= n {
				t.Errorf("goroutine %d of %d", i, n)
			}
		}
	}
	there(g.Stuck...)
	for _, place := range g.Places {
		there(place.Others...)
		for _, q := range place.Queue {
			there(q.Goroutine)
		}
		for _, h := range place.Holders {
			there(h.Goroutine)
		}
	}
	for _, d := range g.Deadlocks {
		there(slices.Concat(d.Members, d.Behind)...)
		for i, s := range d.Cycle {
			if there(s.Goroutine, s.By.Goroutine); s.Place >= len(g.Places) || s.By.Goroutine != d.Cycle[(i+1)%len(d.Cycle)].Goroutine || !slices.Contains(d.Members, s.Goroutine) {
				t.Errorf("step %+v of %+v", s, d)
			}
		}
	}
}

// Of a core with bytes that are others, who waits for whom is said without a panic, in time
// and of what there is.
func TestDeadlocksDamaged(t *testing.T) {
	found := 0
	eachFlipped(t, "deadlocks", 400, 14, func(p process) {
		soundWaits(t, p)
		if g, err := p.WaitGraph(t.Context()); err == nil {
			found += len(g.Deadlocks)
		}
	})
	if found == 0 {
		t.Error("no circle was found in any of them")
	}
}

// Where the code is not followed, and in heap dumps, fewer circles are found: those that
// deferred calls and what leads to what tell of. None is found that is not there.
func TestDeadlocksInPart(t *testing.T) {
	t.Parallel()
	for _, b := range few([]build{
		{"arm64", testcore.Options{Arch: "arm64", Go: "go1.27.0"}, testcore.Kernel},
		{"386", testcore.Options{Arch: "386", Go: "go1.27.0"}, testcore.Kernel},
		{"heap dump", testcore.Options{}, testcore.HeapDump},
		{"heap dump go1.18", testcore.Options{Go: "go1.18.10"}, testcore.HeapDump},
		{"s390x", testcore.Options{Arch: "s390x", Go: "go1.27.0"}, testcore.Kernel},
	}, "arm64", "386", "heap dump") {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			var p process
			if b.kind == testcore.HeapDump {
				p, _ = openHeapDump(t, "deadlocks", b.opt, false)
			} else {
				p = open(t, "deadlocks", b.opt, b.kind)
			}
			g, err := p.WaitGraph(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			soundWaits(t, p)
			shapes := map[uint64]string{}
			for _, s := range decode[saidShape](t, p.said, "shape") {
				for _, m := range s.Members {
					if s.Verdict == "deadlock" {
						shapes[m.ID] = s.Name
					}
				}
			}
			goroutines := p.Goroutines()
			for _, d := range g.Deadlocks {
				first := shapes[goroutines[d.Members[0]].ID]
				for _, i := range d.Members {
					if name := shapes[goroutines[i].ID]; name == "" || name != first {
						t.Errorf("goroutine %d of %q is in a circle with one of %q", goroutines[i].ID, name, first)
					}
				}
			}
			if least := 5; len(g.Deadlocks) < least {
				t.Errorf("%d circles, want %d at least", len(g.Deadlocks), least)
			}
			t.Logf("%d circles", len(g.Deadlocks))
		})
	}
}

// A heap dump without its executable does not say what goroutines wait on: only those are
// called stuck of which their reason says that nothing can wake them.
func TestDeadlocksUnknown(t *testing.T) {
	t.Parallel()
	d := testcore.Core(t, "deadlocks", testcore.Options{}, testcore.HeapDump)
	p := openFile(t, d.Heap, "", d.Output)
	g, err := p.WaitGraph(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	soundWaits(t, p)
	for _, i := range g.Stuck {
		if reason := p.Goroutines()[i].WaitReason; reason != "select (no cases)" && reason != "chan receive (nil chan)" {
			t.Errorf("a goroutine in %s is stuck", reason)
		}
	}
	if len(g.Stuck) != 2 || len(g.Deadlocks) != 0 || g.Unknown < 40 {
		t.Errorf("%d are stuck, %d circles, %d unknown", len(g.Stuck), len(g.Deadlocks), g.Unknown)
	}
}
