package gocore_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"goheap/dump"
	"goheap/gocore"
	"goheap/gocore/account"
	"goheap/gocore/member"
	"goheap/gocore/profile"
	"goheap/gocore/waste"
	"goheap/heap"
	"goheap/heap/heaptest"
	"goheap/internal/testcore"
)

// copied copies a file to where it may be cut.
func copied(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(to, b, 0o700); err != nil {
		t.Fatal(err)
	}
	return to
}

func truncate(t *testing.T, path string) {
	t.Helper()
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
}

// askedOf are the arguments that methods are called with, by their types.
type askedOf map[reflect.Type][]any

func (a askedOf) add(values ...any) {
	for _, v := range values {
		a[reflect.TypeOf(v)] = append(a[reflect.TypeOf(v)], v)
	}
}

// askEverything calls all exported methods of a process or heap but Close, with all there
// is to ask, and f around each. Methods that somebody adds are called too.
func askEverything(t *testing.T, p any, a askedOf, f func(name string, call func() error)) {
	t.Helper()
	v := reflect.ValueOf(p)
	for i := range v.NumMethod() {
		name, m := v.Type().Method(i).Name, v.Method(i)
		if name == "Close" {
			continue
		}
		var each func(in []reflect.Value)
		each = func(in []reflect.Value) {
			if len(in) == m.Type().NumIn() {
				f(name, func() error {
					out := m.Call(in)
					if len(out) == 0 {
						return nil
					}
					err, _ := out[len(out)-1].Interface().(error)
					return err
				})
				return
			}
			want := m.Type().In(len(in))
			if want == reflect.TypeFor[context.Context]() {
				each(append(in[:len(in):len(in)], reflect.ValueOf(t.Context())))
				return
			}
			if len(a[want]) == 0 {
				t.Fatalf("%s: nothing to ask it: give askedOf values of %v", name, want)
			}
			for _, x := range a[want] {
				each(append(in[:len(in):len(in)], reflect.ValueOf(x)))
			}
		}
		each(nil)
	}
}

// questions collects what may be asked of a process while its file is whole.
func questions(t *testing.T, p process) askedOf {
	t.Helper()
	g, d := p.graph, p.doms
	a := askedOf{}
	a.add(0, 3, uint64(0), uint64(8), []byte("text"), "main.nowhere", "0xc000000000", "g:1", gocore.Choice{ByKey: true}, func(gocore.Stage) {}, waste.Visitor{Finding: func(waste.Finding) {}, Pointer: func(_, _ heap.Node) {}, Type: func(waste.Type) {}}, &account.Residency{}, true, profile.Block, profile.Mutex, profile.Goroutines, profile.Threads, []string{"next"}, member.Value)
	for _, r := range p.Roots() {
		if r.Kind == gocore.GlobalRoot {
			a.add(r.Name, r.Name+"[0]", r.Node)
			break
		}
	}
	kinds := map[gocore.Evidence]bool{}
	nodes := heaptest.Nodes(g)
	a.add(waste.Visitor{Finding: func(waste.Finding) {}, Range: func(waste.Range) {}, Only: &waste.Object{Node: nodes[len(nodes)/2], Holders: nodes}})
	for i, n := range nodes {
		// One of each way to know a type, and some more.
		if e := p.Evidence(n); kinds[e] && i%(1+len(nodes)/4) != 0 || e == 0 {
			continue
		} else {
			kinds[e] = true
		}
		a.add(n, d.PathTo(n))
		if id := p.TypeIDs()[n]; id != 0 {
			a.add(id)
		}
		if v, ok := p.Value(n); ok && len(a[reflect.TypeFor[gocore.Value]()]) < 6 {
			a.add(v)
		}
	}
	return a
}

// A file may be cut at any time by somebody else. All that can be asked of a process
// then ends with an error or with nothing, never with the end of the program; what is
// missing is told of.
func TestVanished(t *testing.T) {
	core := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel)
	heapDump := testcore.Core(t, "quiet", testcore.Options{}, testcore.HeapDump)
	for _, c := range []struct {
		name, file, exe string
	}{{"core", core.Core, core.Exe}, {"heap dump", heapDump.Heap, heapDump.Exe}} {
		for _, guarded := range []bool{false, true} {
			t.Run(c.name+map[bool]string{true: " in a guard"}[guarded], func(t *testing.T) {
				file := copied(t, c.file)
				opened, err := gocore.Open(t.Context(), file, gocore.Options{Exe: c.exe})
				if err != nil {
					t.Fatal(err)
				}
				defer opened.Close()
				p := analysed(t, opened)
				a := questions(t, p)
				before := len(p.Problems())
				truncate(t, file)
				told := map[string]bool{}
				ask := func(name string, call func() error) {
					if guarded {
						whole := call
						call = func() error { return dump.GuardFaults(whole) }
					}
					if err := call(); errors.Is(err, dump.ErrChanged) {
						told[name] = true
					}
				}
				askEverything(t, p.Process, a, ask)
				askEverything(t, p.Heap, a, ask)
				problems := p.Problems()[before:]
				switch {
				case guarded && (!told["Hex"] || !told["Value"] || !told["FindBytes"]):
					t.Errorf("the guard was told by %v only", told)
				case guarded && len(problems) != 0:
					t.Errorf("a guard was told, and there are problems: %v", problems)
				case !guarded && (told["Hex"] || !told["FindBytes"]):
					t.Errorf("errors of %v", told)
				case !guarded && (len(problems) != 1 || !strings.Contains(problems[0].Message, dump.ErrChanged.Error()) || problems[0].Count < 3):
					t.Errorf("problems %v", problems)
				case !guarded && p.Source().Complete:
					t.Error("it is said to be complete")
				}
				// The same again: nothing was left locked, and the answer is the same.
				askEverything(t, p.Process, a, ask)
				askEverything(t, p.Heap, a, ask)
			})
		}
	}
}

// What was opened and not yet read: there is no heap, and Problems says why.
func TestVanishedBeforeReading(t *testing.T) {
	core := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel)
	heapDump := testcore.Core(t, "quiet", testcore.Options{}, testcore.HeapDump)
	for _, c := range []struct {
		name, file, exe string
		cutExe          bool // the executable is what vanishes
	}{
		{"core", core.Core, core.Exe, false}, {"heap dump", heapDump.Heap, heapDump.Exe, false},
		{"executable", core.Core, core.Exe, true}, {"executable of a heap dump", heapDump.Heap, heapDump.Exe, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			file, exe := copied(t, c.file), copied(t, c.exe)
			p, err := gocore.Open(t.Context(), file, gocore.Options{Exe: exe})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			gone := file
			if c.cutExe {
				gone = exe
			}
			truncate(t, gone)
			for range 2 {
				if h, err := p.Analyse(t.Context(), nil); !errors.Is(err, dump.ErrChanged) || errors.Is(err, dump.ErrInternal) || h != nil {
					t.Errorf("the analysis: %v", err)
				}
			}
			a := askedOf{}
			a.add(0, 3, uint64(8), gocore.Choice{ByKey: true}, func(gocore.Stage) {}, profile.Block, profile.Mutex, profile.Goroutines, profile.Threads, []string{"next"}, member.Value)
			askEverything(t, p, a, func(_ string, call func() error) { _ = call() })
			if problems := p.Problems(); len(problems) == 0 || !strings.Contains(problems[len(problems)-1].Message, dump.ErrChanged.Error()) {
				t.Errorf("problems %v", problems)
			}
		})
	}
}

// Wherever the file ends: there is the heap, or an error that says why not.
func TestVanishedInPart(t *testing.T) {
	d := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel)
	st, err := os.Stat(d.Core)
	if err != nil {
		t.Fatal(err)
	}
	want := openFile(t, d.Core, d.Exe, nil)
	const parts = 24
	missing := 0
	for i := range int64(parts) {
		file := copied(t, d.Core)
		p, err := gocore.Open(t.Context(), file, gocore.Options{Exe: d.Exe})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if err := os.Truncate(file, st.Size()*(i+1)/parts); err != nil {
			t.Fatal(err)
		}
		h, err := p.Analyse(t.Context(), nil)
		switch {
		case err == nil && !slices.Equal(h.TypeIDs(), want.TypeIDs()):
			t.Errorf("with %d/%d of the file types are others", i+1, parts)
		case err != nil:
			missing++
			if !errors.Is(err, dump.ErrChanged) || h != nil {
				t.Error(err)
			}
		}
	}
	if missing == 0 || missing == parts {
		t.Errorf("of %d files that were cut, pages of %d were missed", parts, missing)
	}
}

// A compressed file is read once: what becomes of it later is nobody's business.
func TestVanishedAfterUnpacking(t *testing.T) {
	d := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel)
	packed := filepath.Join(t.TempDir(), "core.gz")
	compress(t, packed, d.Core)
	opened, err := gocore.Open(t.Context(), packed, gocore.Options{Exe: d.Exe})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	truncate(t, packed)
	p := analysed(t, opened)
	a := questions(t, p)
	askEverything(t, p.Heap, a, func(name string, call func() error) {
		if err := call(); errors.Is(err, dump.ErrChanged) {
			t.Errorf("%s: %v", name, err)
		}
	})
}
