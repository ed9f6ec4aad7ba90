package gocore_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"goheap/gocore"
	"goheap/gocore/later"
	"goheap/heap"
	"goheap/internal/testcore"
)

type saidRecords struct {
	Kind, Stage, Type, Func string
	Count, Started, Freed   int
}

type saidTimer struct {
	Kind, Func          string
	First, Last, Period int64
}

type saidPool struct {
	Name, Type, Addr string
	Local, Victim    int
}

type saidContext struct {
	Addr, Call, Parent, Base, Func string
	Cancelled, Goroutine           bool
	Children                       int
	First, Last                    int64
}

// What a program has put off is what it says of itself: what waits to run, or will, when
// timers are due, what pools have, which contexts there are and who can cancel them.
func TestLater(t *testing.T) {
	t.Parallel()
	for _, b := range few([]build{
		{"go1.26", testcore.Options{}, testcore.Kernel},
		{"go1.18", testcore.Options{Go: "go1.18.10"}, testcore.Kernel},
		{"go1.20", testcore.Options{Go: "go1.20.14"}, testcore.Kernel},
		{"go1.22", testcore.Options{Go: "go1.22.12"}, testcore.Kernel},
		{"go1.24", testcore.Options{Go: "go1.24.6"}, testcore.Kernel},
		{"go1.25", testcore.Options{Go: "go1.25.0"}, testcore.Kernel},
		{"go1.27", testcore.Options{Go: "go1.27.0"}, testcore.Kernel},
		{"not optimised", testcore.Options{Flags: []string{"-gcflags=all=-N -l"}}, testcore.Captured},
		{"go1.19", testcore.Options{Go: "go1.19.13"}, testcore.Kernel},
		{"go1.21", testcore.Options{Go: "go1.21.13"}, testcore.Kernel},
		{"go1.23", testcore.Options{Go: "go1.23.12"}, testcore.Kernel},
	}, "go1.26", "go1.18", "go1.20", "go1.24", "go1.25", "not optimised") {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "later", b.opt, b.kind)
			s, err := p.Later(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			compareClock(t, p, s)
			compareRecords(t, p, s)
			compareTimers(t, p, s)
			comparePools(t, p, s)
			compareContexts(t, p, s)
		})
	}
}

func compareClock(t *testing.T, p process, s *later.State) {
	said := decode[struct{ Collected, Now, Unix int64 }](t, p.said, "clock")[0]
	// The runtime goes on to look at its clock until the process stands still.
	const stood = int64(10 * time.Minute)
	if s.Clock.Least < said.Collected || s.Clock.Least > said.Now+stood {
		t.Errorf("the clock has reached %d, want from %d to %d", s.Clock.Least, said.Collected, said.Now)
	}
	if off := (s.Clock.Unix - said.Unix) - (s.Clock.Least - said.Now); off < -int64(time.Second) || off > int64(time.Second) {
		t.Errorf("the wall clock is %v off", time.Duration(off))
	}
}

func compareRecords(t *testing.T, p process, s *later.State) {
	type key struct {
		kind, stage, typ, fn string
	}
	counts, freed := map[key]int{}, map[key]int{}
	for _, r := range s.Records {
		if r.Stage != later.Queued && r.Object == heap.None {
			t.Errorf("a %s that is %s has no object", r.Kind, r.Stage)
		}
		k := key{string(r.Kind), string(r.Stage), r.Type, r.Func}
		counts[k]++
		freed[k] += int(r.Freed)
	}
	for k := range counts {
		if k.stage == string(later.Queued) && k.fn == "" {
			t.Errorf("%d of %+v have no function", counts[k], k)
		}
	}
	minor := goMinor(p.Source())
	for _, r := range decode[saidRecords](t, p.said, "records") {
		k := key{r.Kind, r.Stage, r.Type, r.Func}
		want := r.Count
		if r.Kind == "cleanup" && r.Stage == "queued" && minor >= 26 {
			want -= r.Started
		}
		if counts[k] != want || freed[k] != r.Freed && r.Kind != "unique handle" {
			t.Errorf("%d of %+v with %d bytes, want %d with %d", counts[k], k, freed[k], want, r.Freed)
		}
		delete(counts, k)
	}
	for k, n := range counts {
		if strings.Contains(k.typ+k.fn, "main.") && !strings.HasPrefix(k.fn, "unique.") {
			t.Errorf("%d of %+v, of which the program says nothing", n, k)
		}
	}
}

func compareTimers(t *testing.T, p process, s *later.State) {
	found := slices.Clone(s.Timers)
	for _, want := range decode[saidTimer](t, p.said, "timer") {
		i := slices.IndexFunc(found, func(g later.Timer) bool {
			return string(g.Kind) == want.Kind && g.Func == want.Func && g.Period == want.Period && g.When >= want.First && g.When <= want.Last
		})
		if i < 0 {
			t.Errorf("no timer like %+v", want)
			continue
		}
		found = slices.Delete(found, i, i+1)
	}
	for _, g := range found {
		if strings.HasPrefix(g.Func, "main.") {
			t.Errorf("there is no timer %+v", g)
		}
	}
	if !slices.IsSortedFunc(s.Timers, func(a, b later.Timer) int { return int(a.When/1000 - b.When/1000) }) {
		t.Error("timers are not in the order of their times")
	}
}

func comparePools(t *testing.T, p process, s *later.State) {
	if !s.FuncsKnown {
		t.Error("it is not known what closures have captured")
	}
	if !s.PoolsKnown {
		t.Error("the list of pools was not found")
	}
	for _, want := range decode[saidPool](t, p.said, "pool") {
		i := slices.IndexFunc(s.Pools, func(g later.Pool) bool { return g.Addr == address(t, want.Addr) })
		if i < 0 {
			t.Errorf("no pool %s", want.Name)
			continue
		}
		local, victim := 0, 0
		for _, item := range s.Pools[i].Items {
			if item.Type != want.Type || item.Node == heap.None && want.Type != "string" || item.Node != heap.None && !p.doms.Live(item.Node) {
				t.Errorf("%s has %+v", want.Name, item)
			}
			if item.Victim {
				victim++
			} else {
				local++
			}
		}
		if local != want.Local || victim != want.Victim {
			t.Errorf("%s has %d and %d victims, want %d and %d", want.Name, local, victim, want.Local, want.Victim)
		}
	}
}

func compareContexts(t *testing.T, p process, s *later.State) {
	byAddr := map[uint64]*later.Context{}
	for i := range s.Contexts {
		byAddr[p.ValueAddr(s.Contexts[i].Node)] = &s.Contexts[i]
	}
	said := decode[saidContext](t, p.said, "context")
	for _, want := range said {
		c := byAddr[address(t, want.Addr)]
		if c == nil {
			t.Errorf("there is no context %+v", want)
			continue
		}
		delete(byAddr, address(t, want.Addr))
		parent := uint64(0)
		if c.Parent >= 0 {
			parent = p.ValueAddr(s.Contexts[c.Parent].Node)
		}
		wantParent := uint64(0)
		if want.Parent != "" {
			wantParent = address(t, want.Parent)
		}
		if c.Call != want.Call || parent != wantParent || parent == 0 && c.Base != want.Base || c.Cancelled != want.Cancelled || int(c.Children) != want.Children {
			t.Errorf("%+v with the parent %#x, want %+v", *c, parent, want)
		}
		// time.startNano is in no heap dump.
		if p.Source().Kind == "core" && (c.Deadline < want.First || c.Deadline > want.Last) {
			t.Errorf("%s has its deadline at %d, want %d to %d", want.Call, c.Deadline, want.First, want.Last)
		}
		// Who can cancel it: the variable that leads to the closure, or the stack.
		var names []string
		for _, n := range c.Funcs {
			names = append(names, p.Path(p.doms.PathTo(n)).Expression)
		}
		held := len(names) + len(c.Goroutines)
		switch {
		case want.Cancelled:
		case want.Func == "" && !want.Goroutine:
			if held != 0 {
				t.Errorf("%+v is cancelled by %q and %v", want, names, c.Goroutines)
			}
		case want.Goroutine:
			on := slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, "goroutine ") })
			if !on && len(c.Goroutines) == 0 {
				t.Errorf("%+v is cancelled by %q", want, names)
			}
		case len(names) != 1 || !strings.Contains(names[0], want.Func):
			t.Errorf("%+v is cancelled by %q", want, names)
		}
	}
	for addr, c := range byAddr {
		if p.Source().GoVersion != "" {
			t.Errorf("there is no context at %#x: %+v", addr, *c)
		}
	}
	if len(said) < 70 {
		t.Errorf("only %d contexts", len(said))
	}
}

// soundLater wants that all that is said of what is put off is of what there is.
func soundLater(t *testing.T, p process) {
	t.Helper()
	s, err := p.Later(t.Context())
	if err != nil {
		sentence(t, err)
		return
	}
	there := func(list ...heap.Node) {
		t.Helper()
		for _, n := range list {
			if n != heap.None && int(n) >= p.Heap.Graph().Len() {
				t.Errorf("node %d of %d", n, p.Heap.Graph().Len())
			}
		}
	}
	for _, r := range s.Records {
		there(r.Object, r.Root)
	}
	for _, c := range s.Timers {
		there(c.Node)
	}
	for _, c := range s.Pools {
		there(c.Local, c.Victim)
		for _, item := range c.Items {
			there(item.Node)
		}
	}
	for _, c := range s.Contexts {
		if there(append(c.Funcs, c.Node)...); c.Parent < -1 || c.Parent >= len(s.Contexts) || slices.ContainsFunc(c.Goroutines, func(i int) bool { return i >= len(p.Goroutines()) }) {
			t.Errorf("%+v", c)
		}
	}
}

// Of a core with bytes that are others, what is put off is said without a panic, in time and
// of what there is.
func TestLaterDamaged(t *testing.T) {
	found := 0
	eachFlipped(t, "later", 100, 15, func(p process) {
		soundLater(t, p)
		if s, err := p.Later(t.Context()); err == nil {
			found += len(s.Contexts)
		}
	})
	if found == 0 {
		t.Error("no context was found in any of them")
	}
}

// A heap dump says of contexts, pools and finalizers what a core does if there is the
// executable, and without one what its records have. It has no cleanups.
func TestLaterHeapDump(t *testing.T) {
	t.Parallel()
	for _, bare := range []bool{false, true} {
		p, core := openHeapDump(t, "later", testcore.Options{}, bare)
		soundLater(t, p)
		s, err := p.Later(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		c, err := core.Later(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		stages := func(s *later.State) map[later.Stage]int {
			n := map[later.Stage]int{}
			for _, r := range s.Records {
				if r.Kind == later.Finalizer {
					n[r.Stage]++
				}
			}
			return n
		}
		if got, want := stages(s), stages(c); !maps.Equal(got, want) || want[later.Queued] == 0 {
			t.Errorf("finalizers %v, want %v", got, want)
		}
		if !bare {
			comparePools(t, p, s)
			compareContexts(t, p, s)
		}
	}
}

func goMinor(s gocore.Source) int {
	var minor int
	for _, r := range strings.Split(s.GoVersion+"..", ".")[1] {
		if r < '0' || r > '9' {
			break
		}
		minor = 10*minor + int(r-'0')
	}
	return minor
}
