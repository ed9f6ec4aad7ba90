package layout_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/symbols"
	"goheap/internal/arch"
	"goheap/internal/testcore"
)

// source is a layout.Program over DWARF, with some of its names changed.
type source struct {
	*symbols.File
	hidden string            // a structure, field, constant, type or variable that it does not have
	sizes  map[string]uint64 // of fields, by structure and path
	values map[string]int64  // of constants
	minor  int               // of its version, 0 for its own
}

func (s source) Field(typ, path string) (offset, size uint64, ok bool) {
	if s.hidden == typ || s.hidden == typ+"."+path {
		return 0, 0, false
	}
	offset, size, ok = s.File.Field(typ, path)
	if n := s.sizes[typ+"."+path]; n > 0 {
		size = n
	}
	return offset, size, ok
}

func (s source) SizeOf(typ string) (uint64, bool) {
	size, ok := s.File.SizeOf(typ)
	return size, ok && s.hidden != typ
}

func (s source) Const(name string) (int64, bool) {
	if v, ok := s.values[name]; ok {
		return v, ok
	}
	v, ok := s.File.Const(name)
	return v, ok && s.hidden != name
}

func (s source) HasType(name string) bool {
	_, ok := s.Types().Lookup(name)
	return ok && s.hidden != name
}

func (s source) HasVariable(name string) bool {
	_, ok := s.Global(name)
	return ok && s.hidden != name
}

func (s source) GoMinor() (minor int) {
	if s.minor > 0 {
		return s.minor
	}
	fmt.Sscanf(s.GoVersion, "go1.%d", &minor)
	return minor
}

func open(t *testing.T, program, version string) source {
	t.Helper()
	f, err := symbols.Open(testcore.Build(t, program, testcore.Options{Go: version}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return source{File: f}
}

// Each version has the entries of the table that the table says it has, and no
// others.
func TestEveryEntry(t *testing.T) {
	newest := open(t, "kinds", "go1.27.0")
	versions := []string{"go1.22.12", "go1.26.8", "go1.27.0"}
	if testcore.EveryBuild() {
		versions = append(versions, "go1.23.12", "go1.24.6", "go1.25.0")
	}
	for _, version := range versions {
		f := open(t, "kinds", version)
		r, err := layout.Load(f)
		if err != nil {
			t.Errorf("%s: %v", version, err)
			continue
		}
		for _, line := range layout.Drift(newest, f) {
			t.Errorf("%s: %s", version, line)
		}
		// A few that the runtime's sources give.
		if r.G.StackLo.Offset != 0 || r.G.StackLo.Size != 8 || r.G.StackHi.Offset != 8 {
			t.Errorf("%s: g.stack is at %+v and %+v", version, r.G.StackLo, r.G.StackHi)
		}
		marks := layout.Size(0)
		if f.GoMinor() >= 26 {
			marks = 128
		}
		if r.InlineMarkBits.Size != marks {
			t.Errorf("%s: spanInlineMarkBits has %d bytes", version, r.InlineMarkBits.Size)
		}
		if r.FinBlock.Size == 0 || !r.FinBlock.Alllink.Has() {
			t.Errorf("%s: finBlock, or finblock, was not found", version)
		}
	}
}

// nothing is a program without any of it.
type nothing struct{}

func (nothing) Field(string, string) (uint64, uint64, bool) { return 0, 0, false }
func (nothing) SizeOf(string) (uint64, bool)                { return 0, false }
func (nothing) Const(string) (int64, bool)                  { return 0, false }
func (nothing) First(string) (string, bool)                 { return "", false }

func TestMissing(t *testing.T) {
	_, err := layout.Load(nothing{})
	if err == nil {
		t.Fatal("an empty program has the runtime's structures")
	}
	for _, name := range []string{"runtime.mheap.allspans", "runtime.g.sched.pc", "runtime._KindSpecialFinalizer"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
	for _, name := range []string{"largeType", "cleanupQueue"} {
		if strings.Contains(err.Error(), name) {
			t.Errorf("the error names %s, which is optional: %v", name, err)
		}
	}
}

func TestUint(t *testing.T) {
	b := []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for _, test := range []struct {
		f    layout.Field
		want uint64
	}{
		{layout.Field{}, 0},
		{layout.Field{Offset: 1, Size: 1}, 2},
		{layout.Field{Offset: 1, Size: 2}, 0x0302},
		{layout.Field{Offset: 2, Size: 4}, 0x06050403},
		{layout.Field{Offset: 0, Size: 8}, 0x0807060504030201},
		{layout.Field{Offset: 3, Size: 8}, 0}, // over the end
		{layout.Field{Offset: ^uint64(0), Size: 8}, 0},
	} {
		if got := test.f.Uint(arch.AMD64(), b); got != test.want {
			t.Errorf("%+v: %#x, want %#x", test.f, got, test.want)
		}
	}
}

// What a program lacks of what the table says that its version has is told, and so
// is what it should not have.
func TestDrift(t *testing.T) {
	newest := open(t, "kinds", "go1.27.0")
	changed := func(change func(*source)) source {
		s := newest
		change(&s)
		return s
	}
	for _, test := range []struct {
		name string
		to   source
		want []string
	}{
		{"nothing", newest, nil},
		{"field", changed(func(s *source) { s.hidden = "runtime.mspan.largeType" }), []string{"runtime.mspan.largeType is missing; the table has it since Go 1.22"}},
		{"field of all versions", changed(func(s *source) { s.hidden = "runtime.g.goid" }), []string{"runtime.g.goid is missing"}},
		{"structure", changed(func(s *source) { s.hidden = "runtime.cleanupQueue" }), []string{"runtime.cleanupQueue is missing; the table has it since Go 1.25"}},
		{"constant", changed(func(s *source) { s.hidden = "runtime._KindSpecialFinalizer" }), []string{"runtime._KindSpecialFinalizer is missing"}},
		{"type", changed(func(s *source) { s.hidden = "sync.poolLocal" }), []string{"type sync.poolLocal is missing"}},
		{"variable", changed(func(s *source) { s.hidden = "runtime.allgs" }), []string{"variable runtime.allgs is missing"}},
		{"size", changed(func(s *source) { s.sizes = map[string]uint64{"runtime.g.goid": 4} }), []string{"runtime.g.goid has 4 bytes, not 8"}},
		{"a size that it has had", changed(func(s *source) { s.sizes = map[string]uint64{"runtime.mspan.nelems": 8} }), nil},
		{"value", changed(func(s *source) { s.values = map[string]int64{"runtime.arenaBaseOffsetUintptr": 7} }), []string{"runtime.arenaBaseOffsetUintptr is 7, not -140737488355328"}},
		{"a value that is asked for", changed(func(s *source) { s.values = map[string]int64{"runtime._KindSpecialFinalizer": 7} }), nil},
		{"unexpected", changed(func(s *source) { s.minor = 24 }), []string{"runtime.cleanupQueue is there; the table has it since Go 1.25"}},
		{"a version to come", changed(func(s *source) { s.minor = 99 }), nil},
	} {
		lines := layout.Drift(newest, test.to)
		if len(lines) < len(test.want) || len(test.want) == 0 && len(lines) > 0 {
			t.Errorf("%s: %q, want %q", test.name, lines, test.want)
		}
		for _, want := range test.want {
			if !slices.Contains(lines, want) {
				t.Errorf("%s: no line %q in %q", test.name, want, lines)
			}
		}
	}
	// What the newest program does not use is no drift of another.
	if without := changed(func(s *source) { s.hidden = "sync.poolLocal" }); len(layout.Drift(without, without)) > 0 {
		t.Errorf("unused: %q", layout.Drift(without, without))
	}
}

// Any field, structure or constant of the table that a toolchain calls otherwise is
// told: in each version that has it, of the programs that make drift looks at. What
// depends on an experiment is the exception.
func TestEveryRename(t *testing.T) {
	told, experiments := map[string]bool{}, map[string]bool{}
	type build struct{ program, version string }
	builds := []build{{"kinds", "go1.26.8"}, {"values", "go1.26.8"}, {"opened", "go1.26.8"}, {"profiled", "go1.26.8"}}
	if testcore.EveryBuild() {
		builds = []build{{"kinds", "go1.27.0"}, {"values", "go1.27.0"}, {"opened", "go1.27.0"}, {"kinds", "go1.25.0"}, {"kinds", "go1.23.12"}, {"kinds", "go1.21.13"}, {"opened", "go1.20.14"}, {"kinds", "go1.18.10"}, {"profiled", "go1.18.10"}, {"profiled", "go1.26.8"}}
	}
	for _, of := range builds {
		program := open(t, of.program, of.version)
		if lines := layout.Drift(program, program); len(lines) > 0 {
			t.Errorf("%s %s: %q", of.version, of.program, lines)
		}
		for _, e := range layout.Entries(program) {
			if e.Experiment {
				experiments[e.Entry] = true
				continue
			}
			if !e.Has || told[e.Entry] {
				continue
			}
			told[e.Entry] = true
			doctored := program
			doctored.hidden = e.Name
			if lines := layout.Drift(program, doctored); len(lines) == 0 {
				t.Errorf("nobody is told that %s has no %s", of.version, e.Name)
			}
		}
	}
	for _, e := range layout.Entries(open(t, "kinds", "go1.26.8")) {
		if !told[e.Entry] && !experiments[e.Entry] && (e.Has || testcore.EveryBuild()) {
			t.Errorf("no program that was looked at has %s", e.Entry)
		}
	}
}
