package layout_test

import (
	"slices"
	"strings"
	"testing"

	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/symbols"
	"goheap/internal/arch"
	"goheap/internal/testcore"
)

// source is a layout.Source over DWARF that notes what was not there: structures
// as a whole, fields of those that are.
type source struct {
	*symbols.File
	missing *[]string
}

func (s source) Field(typ, path string) (offset, size uint64, ok bool) {
	l, ok := s.Struct(typ)
	if !ok {
		return 0, 0, false
	}
	f, ok := l.Field(path)
	if !ok {
		*s.missing = append(*s.missing, typ+"."+path)
	}
	return f.Offset, f.Size, ok
}

func (s source) SizeOf(typ string) (uint64, bool) {
	l, ok := s.Struct(typ)
	if !ok {
		*s.missing = append(*s.missing, typ)
	}
	return l.Size, ok
}

func (s source) Const(name string) (int64, bool) {
	v, ok := s.File.Const(name)
	if !ok {
		*s.missing = append(*s.missing, name)
	}
	return v, ok
}

// Every entry of the table exists in the versions that are read, but for those
// listed here.
func TestEveryEntry(t *testing.T) {
	// Before Go 1.26, and since.
	older := []string{"runtime.cleanupFn", "runtime.g.xRegs.state", "runtime.moduledata.epclntab", "runtime.spanInlineMarkBits", "runtime.xRegState"}
	newer := []string{"runtime.specialCleanup.fn"}
	noCleanups := []string{"runtime._KindSpecialCleanup", "runtime.cleanupBlock", "runtime.cleanupQueue", "runtime.finBlock", "runtime.specialCleanup"}
	noBitmap := []string{"runtime.heapArena.bitmap", "runtime.heapArena.heapArenaPtrScalar.bitmap", "runtime.heapArena.noMorePtrs"}
	for version, absent := range map[string][]string{
		"go1.22.12": slices.Concat([]string{"runtime._KindSpecialWeakHandle", "runtime.specialWeakHandle", "runtime.g.syscallbp"}, noCleanups, noBitmap, older),
		"go1.23.12": slices.Concat(noCleanups, noBitmap, older),
		"go1.24.6":  slices.Concat([]string{"runtime.cleanupBlock", "runtime.cleanupQueue", "runtime.finBlock", "runtime.specialCleanup.cleanup"}, noBitmap, older),
		"go1.25.0":  slices.Concat([]string{"runtime.specialCleanup.cleanup"}, noBitmap, older),
		"go1.26.8":  slices.Concat(newer, noBitmap),
		"go1.27.0":  slices.Concat(newer, noBitmap),
	} {
		f, err := symbols.Open(testcore.Build(t, "oldmaps", testcore.Options{Go: version}))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var missing []string
		r, err := layout.Load(source{f, &missing})
		if err != nil {
			t.Errorf("%s: %v", version, err)
			continue
		}
		slices.Sort(missing)
		slices.Sort(absent)
		if !slices.Equal(missing, absent) {
			t.Errorf("%s has no %v, want %v", version, missing, absent)
		}
		// A few that the runtime's sources give.
		if r.G.StackLo.Offset != 0 || r.G.StackLo.Size != 8 || r.G.StackHi.Offset != 8 {
			t.Errorf("%s: g.stack is at %+v and %+v", version, r.G.StackLo, r.G.StackHi)
		}
		if size := r.InlineMarkBits.Size; size != 0 && slices.Contains(absent, "runtime.spanInlineMarkBits") || size != 128 && !slices.Contains(absent, "runtime.spanInlineMarkBits") {
			t.Errorf("%s: spanInlineMarkBits has %d bytes", version, size)
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

func (s source) HasType(name string) bool {
	_, ok := s.Types().Lookup(name)
	return ok
}

func (s source) HasVariable(name string) bool {
	_, ok := s.Global(name)
	return ok
}

// What is looked up beside the table is there in the newest version, and what an
// older one lacks is told.
func TestDrift(t *testing.T) {
	open := func(program, version string) source {
		f, err := symbols.Open(testcore.Build(t, program, testcore.Options{Go: version}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return source{f, new([]string)}
	}
	newest := open("kinds", "go1.27.0")
	names, variables := layout.Names()
	for _, name := range names {
		used := name != "reflect.funcTypeFixed4" && name != "runtime/pprof.labelMap" // not by this program
		if used && !newest.HasType(name) {
			t.Errorf("%s is no type of go1.27.0", name)
		}
	}
	for _, name := range variables {
		if !newest.HasVariable(name) {
			t.Errorf("%s is no variable of go1.27.0", name)
		}
	}
	if lines := layout.Drift(newest, newest); len(lines) > 0 {
		t.Errorf("a program differs from itself: %q", lines)
	}
	lines := layout.Drift(open("oldmaps", "go1.27.0"), open("oldmaps", "go1.25.0"))
	for _, want := range []string{"type runtime.maybeTraceableChan is missing", "runtime.spanInlineMarkBits is missing; the table calls it optional"} {
		if !slices.Contains(lines, want) {
			t.Errorf("go1.25.0: no line %q in %q", want, lines)
		}
	}
}
