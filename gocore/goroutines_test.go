package gocore_test

import (
	"slices"
	"strings"
	"testing"

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
		{"go1.26", testcore.Options{Go: "go1.26.8"}, testcore.Gcore},
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
