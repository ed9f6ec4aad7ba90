package gocore_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// saidGoroutine is a line of testdata/programs/goroutines.
type saidGoroutine struct {
	Name    string
	ID      uint64
	Func    string
	Parent  uint64
	Locked  bool
	Labels  map[string]string
	Callers []string
	Locals  []struct {
		Name, Type, Value string
		Arg, Live         bool
	}
	Absent []string
	Defers []struct {
		Func, Place string
		Count       int
	}
}

// goroutineBuilds differ in how wrappers are called and marked, in what a runtime.g
// has, and in where labels and variables stand.
func goroutineBuilds() []build {
	noopt := []string{"-gcflags=all=-N -l"}
	return few([]build{
		{"go1.18", testcore.Options{Go: "go1.18.10"}, testcore.Kernel},
		{"go1.18-noopt", testcore.Options{Go: "go1.18.10", Flags: noopt}, testcore.Kernel},
		{"go1.21", testcore.Options{Go: "go1.21.13"}, testcore.Kernel},
		{"go1.22", testcore.Options{Go: "go1.22.12"}, testcore.Kernel},
		{"go1.22-noopt", testcore.Options{Go: "go1.22.12", Flags: noopt}, testcore.Kernel},
		{"go1.24", testcore.Options{Go: "go1.24.6"}, testcore.Kernel},
		{"go1.26", testcore.Options{Go: "go1.26.8"}, testcore.Captured},
		{"go1.26-noopt", testcore.Options{Go: "go1.26.8", Flags: noopt}, testcore.Kernel},
		{"go1.26-trimpath", testcore.Options{Go: "go1.26.8", Flags: []string{"-trimpath"}}, testcore.Kernel},
		{"go1.27", testcore.Options{Go: "go1.27.0"}, testcore.Kernel},
		{"go1.27-pie", testcore.Options{Go: "go1.27.0", PIE: true}, testcore.Kernel},
	}, "go1.18", "go1.22-noopt", "go1.26", "go1.26-trimpath", "go1.27")
}

// Each goroutine is called by the function that the program says, and knows who
// started it, whether it is locked to its thread and what its labels are. A heap dump
// says as much with its executable; without one, what the names of functions tell.
func TestGoroutineNames(t *testing.T) {
	t.Parallel()
	for _, b := range goroutineBuilds() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			goroutinesAsSaid(t, open(t, "goroutines", b.opt, b.kind), false)
		})
	}
	t.Run("heapdump", func(t *testing.T) {
		t.Parallel()
		d := testcore.Core(t, "goroutines", testcore.Options{}, testcore.HeapDump)
		goroutinesAsSaid(t, openFile(t, d.Heap, d.Exe, d.Output), false)
		t.Run("alone", func(t *testing.T) { goroutinesAsSaid(t, openFile(t, d.Heap, "", d.Output), true) })
	})
}

// goroutinesAsSaid compares. The names alone do not tell what was inlined, nor does a
// dump without its executable have labels, parents and threads.
func goroutinesAsSaid(t *testing.T, p process, names bool) {
	t.Helper()
	byID := map[uint64]int{}
	var library []string
	for i, g := range p.Goroutines() {
		byID[g.ID] = i
		library = append(library, g.Func)
	}
	for _, want := range decode[saidGoroutine](t, p.said, "goroutine") {
		i, ok := byID[want.ID]
		if !ok {
			t.Errorf("%s: no goroutine %d", want.Name, want.ID)
			continue
		}
		g := p.Goroutines()[i]
		if names && strings.Contains(g.Func, ".gowrap") || names && want.Name == "inlined method" {
			want.Func = g.Func // which was inlined into it
		}
		if g.Func != want.Func {
			t.Errorf("%s: goroutine %d is called %s, want %s", want.Name, g.ID, g.Func, want.Func)
		}
		if names {
			continue
		}
		if g.ParentID != want.Parent && !before121(p) {
			t.Errorf("%s: the parent of goroutine %d is %d, want %d", want.Name, g.ID, g.ParentID, want.Parent)
		}
		if g.Locked != want.Locked {
			t.Errorf("%s: goroutine %d is locked to its thread: %t", want.Name, g.ID, g.Locked)
		}
		labels := map[string]string{}
		for _, l := range p.Labels(i) {
			labels[l.Key] = l.Value
		}
		if len(labels) != len(want.Labels) {
			t.Errorf("%s: the labels of goroutine %d are %v, want %v", want.Name, g.ID, labels, want.Labels)
		}
		for k, v := range want.Labels {
			if labels[k] != v {
				t.Errorf("%s: label %s of goroutine %d is %q, want %q", want.Name, k, g.ID, labels[k], v)
			}
		}
	}
	for _, want := range decode[saidGoroutine](t, p.said, "library") {
		if names {
			break
		}
		if !slices.Contains(library, want.Func) {
			t.Errorf("no goroutine is called %s: %q", want.Func, library)
		}
	}
}

// before121 reports whether a runtime.g says who its parent is.
func before121(p process) bool { return strings.HasPrefix(p.Source().GoVersion, "go1.18") }

// indexOf returns the place of the goroutine with a number.
func (p process) indexOf(t *testing.T, id uint64) int {
	t.Helper()
	i := slices.IndexFunc(p.Goroutines(), func(g gocore.Goroutine) bool { return g.ID == id })
	if i < 0 {
		t.Fatalf("no goroutine %d", id)
	}
	return i
}

// Stacks have the calls that the program's own runtime sees, with their variables and
// what these hold, and the calls that they have deferred.
func TestStack(t *testing.T) {
	t.Parallel()
	for _, b := range goroutineBuilds() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "goroutines", b.opt, b.kind)
			noopt := len(b.opt.Flags) > 0 && strings.Contains(b.opt.Flags[0], "-N")
			known, all := 0, 0
			for _, want := range decode[saidGoroutine](t, p.said, "goroutine") {
				g := p.indexOf(t, want.ID)
				calls, elided, _ := p.Stack(g, -1)
				if elided != 0 {
					t.Errorf("%s: %d calls are left out of all", want.Name, elided)
				}
				compareCallers(t, want, calls)
				own := calls[slices.IndexFunc(calls, func(c gocore.StackCall) bool { return c.Func == want.Func })]
				compareDefers(t, want, own.Deferred)
				for _, name := range want.Absent {
					if i := slices.IndexFunc(own.Locals, func(l gocore.Local) bool { return l.Name == name }); i >= 0 {
						t.Errorf("%s in %s has no value yet, and is shown: %+v", name, want.Func, own.Locals[i])
					}
				}
				for _, v := range want.Locals {
					i := slices.IndexFunc(own.Locals, func(l gocore.Local) bool { return l.Name == v.Name && l.Arg == v.Arg })
					if all++; i < 0 {
						if noopt || v.Arg {
							t.Errorf("%s has no variable %s", want.Func, v.Name)
						}
						continue
					}
					l := own.Locals[i]
					if l.Type != v.Type || l.Arg != v.Arg {
						t.Errorf("%s in %s is of type %s, an argument %t; want %s, %t", v.Name, want.Func, l.Type, l.Arg, v.Type, v.Arg)
					}
					if l.State == gocore.LocalKnown {
						known++
						if v.Value != "" && l.Text != v.Value {
							t.Errorf("%s in %s is %s, want %s", v.Name, want.Func, l.Text, v.Value)
						}
					} else if noopt {
						t.Errorf("%s in %s is %s in code that is not optimised", v.Name, want.Func, l.State)
					} else if l.State != gocore.LocalDead && l.State != gocore.LocalPartly {
						t.Errorf("%s in %s is %s", v.Name, want.Func, l.State)
					}
				}
				if !slices.IsSortedFunc(own.Locals, func(a, b gocore.Local) int { return rankOf(a) - rankOf(b) }) {
					t.Errorf("%s: the arguments are not before the others: %+v", want.Func, own.Locals)
				}
			}
			if known*2 < all { // Go 1.18 says nothing of what a closure has captured
				t.Errorf("only %d of %d variables are known", known, all)
			}
		})
	}
}

func rankOf(l gocore.Local) int {
	switch {
	case l.Arg:
		return 0
	case l.Result:
		return 1
	case l.Unnamed:
		return 1 << 30
	}
	return 2 + l.Line
}

// compareCallers wants the functions that the runtime names, in order and at their
// lines. It leaves wrappers out; there are three at most, of a
// go statement, of a method and of a defer statement with the runtime around it.
func compareCallers(t *testing.T, want saidGoroutine, calls []gocore.StackCall) {
	t.Helper()
	first, _, _ := strings.Cut(want.Callers[0], " ")
	at := slices.IndexFunc(calls, func(c gocore.StackCall) bool { return c.Func == first })
	if at < 0 {
		t.Errorf("%s: %s is not on the stack of goroutine %d", want.Name, first, want.ID)
		return
	}
	others := 0
	at++ // which has gone on since
	for _, c := range want.Callers[1:] {
		for at < len(calls) && c != fmt.Sprintf("%s %s:%d", calls[at].Func, filepath.Base(calls[at].File), calls[at].Line) {
			others++
			at++
		}
		if at++; at > len(calls) {
			t.Errorf("%s: %s is not on the stack of goroutine %d", want.Name, c, want.ID)
			return
		}
	}
	if at != len(calls) || others > 3 {
		t.Errorf("%s: goroutine %d has calls that the runtime does not see: %+v", want.Name, want.ID, calls)
	}
}

func compareDefers(t *testing.T, want saidGoroutine, have []gocore.Deferred) {
	t.Helper()
	if len(have) != len(want.Defers) {
		t.Errorf("%s has deferred %+v, want %+v", want.Func, have, want.Defers)
		return
	}
	for i, w := range want.Defers {
		h := have[i]
		place := fmt.Sprintf("%s:%d", filepath.Base(h.File), h.Line)
		if h.Func != w.Func || h.Count != w.Count || w.Place != "" && place != w.Place {
			t.Errorf("%s has deferred %d × %s at %s, want %d × %s at %s", want.Func, h.Count, h.Func, place, w.Count, w.Func, w.Place)
		}
	}
}

// A function that is inlined twice has each of its variables twice.
func TestStackInlinedTwice(t *testing.T) {
	t.Parallel()
	p := open(t, "goroutines", testcore.Options{}, testcore.Kernel)
	said := decode[saidGoroutine](t, p.said, "goroutine")
	g := p.indexOf(t, said[slices.IndexFunc(said, func(s saidGoroutine) bool { return s.Name == "inlined twice" })].ID)
	calls, _, _ := p.Stack(g, -1)
	var values, names []string
	for _, l := range calls[slices.IndexFunc(calls, func(c gocore.StackCall) bool { return c.Func == "main.counters" })].Locals {
		if l.Name == "n" {
			values, names = append(values, l.Text), append(names, l.As)
			place, err := p.Resolve(fmt.Sprintf("g:%d main.counters · %s", p.Goroutines()[g].ID, l.As))
			if err != nil || p.Addr(place.Node) != l.Addr && place.Value.Addr != l.Addr {
				t.Errorf("%s is found at %#x, %#x (%v), want %#x", l.As, p.Addr(place.Node), place.Value.Addr, err, l.Addr)
			}
		}
	}
	if !slices.Equal(values, []string{"3", "8"}) || !slices.Equal(names, []string{"n #2", "n"}) {
		t.Errorf("the two n are %s, called %s", values, names)
	}
}

// A heap dump has as much with its executable. Without it there are the calls.
func TestStackHeapDump(t *testing.T) {
	t.Parallel()
	d := testcore.Core(t, "goroutines", testcore.Options{}, testcore.HeapDump)
	p, bare := openFile(t, d.Heap, d.Exe, d.Output), openFile(t, d.Heap, "", d.Output)
	for _, want := range decode[saidGoroutine](t, p.said, "goroutine") {
		calls, _, _ := p.Stack(p.indexOf(t, want.ID), -1)
		compareCallers(t, want, calls)
		own := calls[slices.IndexFunc(calls, func(c gocore.StackCall) bool { return c.Func == want.Func })]
		compareDefers(t, want, own.Deferred)
		for _, v := range want.Locals {
			for _, l := range own.Locals {
				if l.Name == v.Name && l.State == gocore.LocalKnown && v.Value != "" && l.Text != v.Value {
					t.Errorf("%s in %s is %s, want %s", v.Name, want.Func, l.Text, v.Value)
				}
			}
		}
		some, elided, behind := bare.Stack(bare.indexOf(t, want.ID), 3)
		all, _, _ := bare.Stack(bare.indexOf(t, want.ID), -1)
		if len(all) < 4 || len(some) != 3 || elided != len(all)-3 || behind != 2 || some[0].Func != "runtime.gopark" || some[2].Func != "runtime.goexit" {
			t.Errorf("%s: without the executable %d calls of %d are %+v", want.Name, len(some), len(all), some)
		}
	}
}

// Of a deep stack both ends are shown, and how many calls are between them.
func TestStackElided(t *testing.T) {
	t.Parallel()
	p := open(t, "goroutines", testcore.Options{}, testcore.Kernel)
	for _, want := range decode[saidGoroutine](t, p.said, "goroutine") {
		if want.Name != "deep" {
			continue
		}
		g := p.indexOf(t, want.ID)
		all, _, _ := p.Stack(g, -1)
		if len(all) < 300 {
			t.Fatalf("%d calls", len(all))
		}
		for _, most := range []int{0, 1, 7, 100, len(all) - 1, len(all)} {
			some, elided, behind := p.Stack(g, most)
			if len(some) != most || elided != len(all)-most || behind != min((most+1)/2, len(all)) && elided > 0 {
				t.Errorf("of %d calls with %d wanted: %d, %d left out behind %d", len(all), most, len(some), elided, behind)
				continue
			}
			if elided == 0 {
				behind = len(some)
			}
			if want := append(slices.Clone(all[:behind]), all[behind+elided:]...); !reflect.DeepEqual(append([]gocore.StackCall{}, some...), want) {
				t.Errorf("the %d calls are not those at both ends", most)
			}
		}
	}
}

// A variable that nothing uses any more is told from one whose place the file lacks.
func TestStackUnreadable(t *testing.T) {
	t.Parallel()
	d := testcore.Core(t, "goroutines", testcore.Options{}, testcore.Kernel)
	local := func(p process, name string) (gocore.Local, bool) {
		for _, want := range decode[saidGoroutine](t, p.said, "goroutine") {
			if want.Name == "locals" {
				calls, _, _ := p.Stack(p.indexOf(t, want.ID), -1)
				for _, c := range calls {
					if i := slices.IndexFunc(c.Locals, func(l gocore.Local) bool { return l.Name == name }); i >= 0 && c.Func == want.Func {
						return c.Locals[i], true
					}
				}
			}
		}
		return gocore.Local{}, false
	}
	p := openFile(t, d.Core, "", d.Output)
	was, ok := local(p, "byRef")
	if !ok || was.State != gocore.LocalKnown || was.Target == heap.None || was.Addr == 0 {
		t.Fatalf("byRef, which is on the heap, is %+v", was)
	}
	data, err := os.ReadFile(d.Core)
	if err != nil {
		t.Fatal(err)
	}
	word := func(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }
	holed := filepath.Join(t.TempDir(), "core")
	if err := os.WriteFile(holed, bytes.ReplaceAll(data, word(was.Addr), word(0x1000)), 0o666); err != nil {
		t.Fatal(err)
	}
	p = openFile(t, holed, d.Exe, d.Output)
	if is, _ := local(p, "byRef"); is.State != gocore.LocalUnreadable || is.Text != "" {
		t.Errorf("byRef, whose place is not in the file, is %+v", is)
	}
}
