package symbols

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"goheap/gocore/internal/types"
)

func TestExecutable(t *testing.T) {
	forEachBuild(t, func(t *testing.T, exe string, b build) {
		f := open(t, exe)
		said := run(t, exe)
		if err := f.DWARF(); err != nil {
			t.Fatal(err)
		}
		checkBuild(t, f, exe, said)
		if f.PIE != b.pie {
			t.Errorf("PIE is %v", f.PIE)
		}

		for name, want := range said.Sizes {
			l, ok := f.Struct(name)
			if !ok || l.Size != want {
				t.Errorf("%s: %v, %d bytes, want %d", name, ok, l.Size, want)
			}
		}
		g, _ := f.Struct("runtime.g")
		sp, ok := g.Field("sched.sp")
		sched, ok2 := g.Field("sched")
		if !ok || !ok2 || sp.Offset != sched.Offset || sp.Size != 8 || sched.Size < 40 {
			t.Errorf("sched.sp is %+v, sched is %+v", sp, sched)
		}
		for _, path := range []string{"", ".", "sched.", "sched.sp.x", "nothing", "sched..sp"} {
			if fl, ok := g.Field(path); ok {
				t.Errorf("runtime.g has a field %q: %+v", path, fl)
			}
		}
		if _, ok := f.Struct("main.nothing"); ok {
			t.Error("main.nothing is a struct")
		}
		for name, want := range map[string]int64{"main.Answer": 42, "main.Negative": -7, "runtime._Gwaiting": 4} {
			if v, ok := f.Const(name); !ok || v != want {
				t.Errorf("%s is %d, %v", name, v, ok)
			}
		}
		if _, ok := f.Const("main.counter"); ok {
			t.Error("a variable is a constant")
		}

		bias := bias(t, f, said)
		if !b.pie && bias != 0 {
			t.Errorf("bias %#x", bias)
		}
		globals := f.Globals()
		if !slices.IsSortedFunc(globals, func(a, b Variable) int { return int(int64(a.Addr) - int64(b.Addr)) }) {
			t.Error("globals are not sorted")
		}
		for _, v := range globals {
			first := v
			for _, other := range f.index.Vars {
				if other.Name == v.Name {
					first.Addr = other.Addr
					break
				}
			}
			if found, ok := f.Global(v.Name); !ok || found.Addr != first.Addr {
				t.Fatalf("%s is at %#x, want %#x", v.Name, found.Addr, first.Addr)
			}
			if found, ok := f.Global(v.Name + "x"); ok && found.Name != v.Name+"x" {
				t.Fatalf("%sx is found to be %s", v.Name, found.Name)
			}
		}
		for name, want := range said.Globals {
			v, ok := f.Global(name)
			if !ok || v.Addr+bias != want || !slices.Contains(globals, v) {
				t.Errorf("%s is at %#x, want %#x", name, v.Addr+bias, want)
			}
			s, ok := f.SymbolAt(v.Addr)
			if !ok || s.Name != name || s.Func {
				t.Errorf("symbol of %s is %+v", name, s)
			}
		}
		if v, _ := f.Global("main.table"); f.Types().Type(v.Type).Name != "map[string]*main.point" {
			t.Errorf("main.table is a %s", f.Types().Type(v.Type).Name)
		}
	})
}

func checkBuild(t *testing.T, f *File, exe string, said told) {
	t.Helper()
	if f.GoVersion != said.Version {
		t.Errorf("version %q, want %q", f.GoVersion, said.Version)
	}
	id, err := exec.Command("go", "tool", "buildid", exe).Output()
	if err != nil {
		t.Fatal(err)
	}
	if f.GoBuildID != strings.TrimSpace(string(id)) {
		t.Errorf("build id %q, want %q", f.GoBuildID, id)
	}
}

func TestStripped(t *testing.T) {
	exe := frames.path(t, stripped)
	f := open(t, exe)
	checkBuild(t, f, exe, run(t, exe))
	if !errors.Is(f.DWARF(), ErrNoDWARF) || f.HasDWARF() {
		t.Errorf("DWARF: %v, %v", f.DWARF(), f.HasDWARF())
	}
	if _, ok := f.Struct("runtime.g"); ok {
		t.Error("a layout without DWARF")
	}
	if _, ok := f.Const("main.Answer"); ok {
		t.Error("a constant without DWARF")
	}
	if len(f.Globals()) != 0 || len(f.Symbols()) != 0 {
		t.Error("globals or symbols in a stripped file")
	}
	if _, err := f.FuncVars(f.Entry, FrameState{}); !errors.Is(err, ErrNoDWARF) {
		t.Errorf("FuncVars: %v", err)
	}
	if _, ok := (Layout{}).Field("x"); ok {
		t.Error("the zero Layout has a field")
	}
}

func TestNotExecutable(t *testing.T) {
	for _, b := range []string{"", "\x7fELF", "#!/bin/sh\n", strings.Repeat("\x00", 4096)} {
		if f, err := New(strings.NewReader(b)); err == nil {
			t.Errorf("%q is the executable %+v", b, f)
		}
	}
	if _, err := Open("testdata/none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

// TestDamaged flips bytes anywhere in an executable, and asks everything.
func TestDamaged(t *testing.T) {
	exe, err := os.ReadFile(frames.path(t, builds[3]))
	if err != nil {
		t.Fatal(err)
	}
	sound := open(t, frames.path(t, builds[3]))
	// The headers, the table of sections and the debugging sections.
	type span struct{ off, n uint64 }
	spans := []span{{0, 1024}}
	for _, s := range sound.ELF().Sections {
		if strings.HasPrefix(s.Name, ".debug_") || strings.Contains(s.Name, "tab") {
			spans = append(spans, span{s.Offset, s.FileSize})
		}
	}
	rnd := rand.New(rand.NewPCG(5, 6))
	opened := 0
	for range 20 {
		b := bytes.Clone(exe)
		for range 1 + rnd.IntN(200) {
			s := spans[rnd.IntN(len(spans))]
			if s.n > 0 && (s.off > 0 || rnd.IntN(50) == 0) {
				b[s.off+rnd.Uint64N(s.n)] = byte(rnd.Uint32())
			}
		}
		if rnd.IntN(4) == 0 {
			b = b[:rnd.IntN(len(b))]
		}
		f, err := New(bytes.NewReader(b))
		if err != nil {
			continue
		}
		opened++
		f.Symbols()
		f.Struct("runtime.g")
		for _, v := range f.Globals() {
			f.Types().Words(v.Type)
		}
		for _, fn := range sound.index.Funcs[:min(500, len(sound.index.Funcs))] {
			f.Captures(fn.Low)
			vars, _ := f.FuncVars(fn.Low+1, FrameState{CFA: 1 << 20})
			for _, v := range vars {
				checkPieces(t, f, v)
			}
		}
	}
	if opened < 5 {
		t.Errorf("%d of 20 damaged files could be opened", opened)
	}
}

// checkPieces holds for every variable: pieces are sorted and inside it.
func checkPieces(t testing.TB, f *File, v LocalVar) {
	t.Helper()
	size := f.types.Type(v.Type).Size
	end := uint64(0)
	for _, p := range v.Pieces {
		if p.Kind == 0 || p.Size == 0 || p.Offset < end || p.Size > size || p.Offset > size-p.Size {
			t.Fatalf("%s of %d bytes: piece %+v", v.Name, size, p)
		}
		end = p.Offset + p.Size
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(withSection(".debug_info", 0, []byte{1, 2, 3}))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := New(bytes.NewReader(b))
		if (err == nil) != (file != nil) {
			t.Fatalf("%v and %v", file, err)
		}
		if err != nil {
			return
		}
		if file.DWARF() == nil && !file.HasDWARF() {
			t.Fatal("DWARF without a complaint and without contents")
		}
		for _, s := range file.Symbols() {
			if at, ok := file.SymbolAt(s.Addr); ok && s.Addr-at.Addr >= at.Size {
				t.Fatalf("%+v holds %#x", at, s.Addr)
			}
		}
		for _, v := range file.Globals() {
			if v.Type != 0 && file.Types().Type(v.Type) == (*types.Type)(nil) {
				t.Fatal("a nil type")
			}
		}
	})
}
