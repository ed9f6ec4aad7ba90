package info

import (
	"debug/dwarf"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const goRuntimeType, goKind, goElem, goKey, goEmbedded, goClosure = dwarf.Attr(0x2904), dwarf.Attr(0x2900), dwarf.Attr(0x2902), dwarf.Attr(0x2901), dwarf.Attr(0x2903), dwarf.Attr(0x2907)

// TestAgreesWithDebugDWARF reads every entry of a program both ways.
func TestAgreesWithDebugDWARF(t *testing.T) {
	for _, experiment := range []string{"", "nodwarf5"} {
		exe := filepath.Join(t.TempDir(), "frames")
		cmd := exec.Command("go", "build", "-o", exe, "../testdata/frames")
		cmd.Env = append(os.Environ(), "GOEXPERIMENT="+experiment)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		compare(t, exe)
	}
}

func compare(t *testing.T, exe string) {
	f, err := elf.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	std, err := f.DWARF()
	if err != nil {
		t.Fatal(err)
	}
	section := func(name string) []byte {
		s := f.Section(".debug_" + name)
		if s == nil {
			return nil
		}
		b, err := s.Data()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	d, err := New(Sections{Info: section("info"), Abbrev: section("abbrev"), Addr: section("addr"), Str: section("str"), LineStr: section("line_str")}, false)
	if err != nil {
		t.Fatal(err)
	}
	number := func(e *dwarf.Entry, at dwarf.Attr) uint64 {
		switch v := e.Val(at).(type) {
		case int64:
			return uint64(v)
		case uint64:
			return v
		case dwarf.Offset:
			return uint64(v)
		case bool:
			if v {
				return 1
			}
		}
		return 0
	}
	bit := func(b bool) uint64 {
		if b {
			return 1
		}
		return 0
	}
	n := 0
	r := std.Reader()
	for {
		want, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			break
		}
		if want.Tag == 0 {
			continue // debug/dwarf does not say where the end of a list is
		}
		n++
		off := Offset(want.Offset)
		u := d.UnitOf(off)
		if u == nil {
			t.Fatalf("no unit at %#x", off)
		}
		var e Entry
		next, err := d.Read(u, off, &e)
		if err != nil {
			t.Fatal(err)
		}
		tag, children, skipped, err := d.Skip(u, off)
		if err != nil || tag != e.Tag || children != e.Children || skipped != next {
			t.Fatalf("%#x: Skip says %#x, %v, %#x, %v; Read %#x, %v, %#x", off, tag, children, skipped, err, e.Tag, e.Children, next)
		}
		if uint32(e.Tag) != uint32(want.Tag) || e.Children != want.Children {
			t.Fatalf("%#x: tag %#x, children %v, want %#x, %v", off, e.Tag, e.Children, want.Tag, want.Children)
		}
		if name, _ := want.Val(dwarf.AttrName).(string); e.Name != name {
			t.Fatalf("%#x: name %q, want %q", off, e.Name, name)
		}
		for _, c := range []struct {
			what      string
			got, want uint64
		}{
			{"type", uint64(e.Type), number(want, dwarf.AttrType)},
			{"origin", uint64(e.AbstractOrigin), number(want, dwarf.AttrAbstractOrigin)},
			{"size", e.ByteSize, number(want, dwarf.AttrByteSize)},
			{"member", e.MemberLoc, number(want, dwarf.AttrDataMemberLoc)},
			{"count", e.Count, number(want, dwarf.AttrCount)},
			{"const", uint64(e.Const), number(want, dwarf.AttrConstValue)},
			{"line", uint64(e.DeclLine), number(want, dwarf.AttrDeclLine)},
			{"ranges", e.Ranges, number(want, dwarf.AttrRanges)},
			{"kind", uint64(e.Kind), number(want, goKind)},
			{"elem", uint64(e.Elem), number(want, goElem)},
			{"key", uint64(e.Key), number(want, goKey)},
			{"embedded", bit(e.Embedded), number(want, goEmbedded)},
			{"runtime type", e.RuntimeType, number(want, goRuntimeType)},
			{"closure", e.ClosureOffset, number(want, goClosure)},
			{"loclist", e.LocList, number(want, dwarf.AttrLocation)},
			{"low", e.LowPC, number(want, dwarf.AttrLowpc)},
		} {
			if c.got != c.want {
				t.Fatalf("%#x: %s %#x, want %#x", off, c.what, c.got, c.want)
			}
		}
		if loc, _ := want.Val(dwarf.AttrLocation).([]byte); string(e.Location) != string(loc) {
			t.Fatalf("%#x: location % x, want % x", off, e.Location, loc)
		}
		if e.HasPC && e.Tag == TagSubprogram {
			if rg, err := std.Ranges(want); err != nil || len(rg) != 1 || rg[0] != [2]uint64{e.LowPC, e.HighPC} {
				t.Fatalf("%#x: [%#x, %#x), want %#x", off, e.LowPC, e.HighPC, rg)
			}
		}
	}
	if n < 40000 {
		t.Errorf("compared %d entries", n)
	}
}
