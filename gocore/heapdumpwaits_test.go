package gocore_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/internal/testcore"
)

// What a heap dump says of the runtime's records with its executable is what the core of
// the same process says: on what each goroutine waits, which of them wait in vain, how
// many timers run which function, and that the runtime's ways hold nothing of others.
func TestHeapDumpWaits(t *testing.T) {
	t.Parallel()
	for _, b := range few([]build{
		{"go1.26", testcore.Options{Go: "go1.26.8"}, testcore.HeapDump},
		{"go1.18", testcore.Options{Go: "go1.18.10"}, testcore.HeapDump},
		{"go1.22", testcore.Options{Go: "go1.22.12"}, testcore.HeapDump},
		{"go1.24", testcore.Options{Go: "go1.24.6"}, testcore.HeapDump},
	}, "go1.26", "go1.18", "go1.22") {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			d, c := openHeapDump(t, "leaks", b.opt, false)
			t.Run("waits", func(t *testing.T) { compareWaits(t, d, c) })
			t.Run("timers", func(t *testing.T) {
				got, want := timers(d), timers(c)
				if !maps.Equal(got, want) || len(want) == 0 {
					t.Errorf("timers %v, in the core %v", got, want)
				}
			})
			t.Run("ways", func(t *testing.T) {
				all, err := gocore.Open(t.Context(), d.Source().Path, gocore.Options{Exe: d.Source().Executable, Runtime: true})
				if err != nil {
					t.Fatal(err)
				}
				defer all.Close()
				compareWays(t, analysed(t, all), d)
			})
		})
	}
}

// compareWaits compares what goroutines wait on, by their numbers. The first one writes the
// dump in one file, and is in a system call in the other.
func compareWaits(t *testing.T, d, c process) {
	said := func(p process) (waits map[uint64]string, leaked map[uint64]bool) {
		on, in, err := p.Waits(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		waits, leaked = map[uint64]string{}, map[uint64]bool{}
		goroutines := p.Goroutines()
		for i, g := range goroutines {
			if g.ID == 1 || strings.HasPrefix(g.Func, "runtime.") {
				continue
			}
			var list []string
			for _, a := range on[i] {
				list = append(list, fmt.Sprintf("%#x %t", a.Addr, a.Channel))
			}
			slices.Sort(list)
			waits[g.ID] = fmt.Sprint(list)
		}
		for _, i := range in {
			leaked[goroutines[i].ID] = true
		}
		return waits, leaked
	}
	got, gotLeaked := said(d)
	want, wantLeaked := said(c)
	if !maps.Equal(got, want) {
		for id, list := range want {
			if got[id] != list {
				t.Errorf("goroutine %d waits on %s, in the core on %s", id, got[id], list)
			}
		}
	}
	// What only a cleanup or a weak pointer leads to is not in the dump.
	for _, g := range c.Goroutines() {
		if g.Func == "main.okCleaned" || strings.HasPrefix(g.Func, "main.maybe") {
			delete(gotLeaked, g.ID)
		}
	}
	if !maps.Equal(gotLeaked, wantLeaked) || len(wantLeaked) < 50 {
		t.Errorf("%d goroutines are leaked, in the core %d", len(gotLeaked), len(wantLeaked))
	}
}

// timers counts the roots of timers by what they run.
func timers(p process) map[string]int {
	all := map[string]int{}
	for _, r := range p.Roots() {
		if r.Kind == gocore.TimerRoot {
			all[r.Name] = r.Timers
		}
	}
	return all
}
