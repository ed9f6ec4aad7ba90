package types_test

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"goheap/gocore/internal/symbols/info"
	"goheap/gocore/internal/types"
	"goheap/internal/arch"
)

// checkTable holds for any table, however damaged what it was read from.
func checkTable(t *testing.T, table *types.Table, ids []types.ID) {
	t.Helper()
	for _, id := range ids {
		typ := table.Type(id)
		if table.Type(id) != typ {
			t.Fatalf("type %d is two types", id)
		}
		if name := types.ConstantsOf(table, id).Name(3, typ.Size); name != "" && (typ.Package == "" || typ.Kind < types.Int || typ.Kind > types.Uintptr) {
			t.Fatalf("%s, of kind %d, has the constant %s", typ.Name, typ.Kind, name)
		}
		words := table.Words(id)
		checkInside(t, table, typ, words, typ.Size, 0)
		for _, off := range []uint64{0, 8, typ.Size / 16 * 8, typ.Size - 8, typ.Size, 1 << 63} {
			table.PointerAt(id, off)
			if path, leaf, rest := table.FieldPath(id, off); off < typ.Size && path == "" && (leaf != id || rest != off) {
				t.Fatalf("%s+%d has no path but is %d+%d", typ.Name, off, leaf, rest)
			}
		}
		if typ.Size <= 1<<12 {
			checkWords(t, table, id)
		}
		table.MapGroup(id)
	}
}

// checkInside checks that a list is sorted and within size bytes.
func checkInside(t *testing.T, table *types.Table, typ *types.Type, words []types.Word, size uint64, depth int) {
	t.Helper()
	next := uint64(0)
	for _, w := range words {
		extent := uint64(table.Arch.PtrSize)
		if w.Kind == types.RepeatWord {
			extent = w.Count * w.Stride
			if w.Count == 0 || len(w.Sub) == 0 || w.Stride == 0 || extent/w.Count != w.Stride {
				t.Fatalf("%s: repetition %d × %d of %d", typ.Name, w.Count, w.Stride, len(w.Sub))
			}
			if depth < 8 {
				checkInside(t, table, typ, w.Sub, w.Stride, depth+1)
			}
		}
		if w.Offset < next || extent > size || w.Offset > size-extent {
			t.Fatalf("%s: word of %d bytes at %d, the one before ends at %d, the value at %d", typ.Name, extent, w.Offset, next, size)
		}
		next = w.Offset + extent
	}
}

// TestDamagedDWARF flips bytes in the sections of a real program.
func TestDamagedDWARF(t *testing.T) {
	f := open(t, kinds.path(t, builds[0]))
	section := func(name string) []byte {
		b, err := f.ELF().Section(".debug_" + name).Data()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	sound := info.Sections{Info: section("info"), Abbrev: section("abbrev"), Addr: section("addr")}
	rnd := rand.New(rand.NewPCG(1, 2))
	for round := range 30 {
		s := sound
		s.Info, s.Abbrev = slices.Clone(s.Info), slices.Clone(s.Abbrev)
		for range 1 + rnd.IntN(1000) {
			s.Info[rnd.IntN(len(s.Info))] = byte(rnd.Uint32())
		}
		if round%3 == 0 {
			s.Abbrev[rnd.IntN(len(s.Abbrev))] = byte(rnd.Uint32())
		}
		if round%5 == 0 {
			s.Info = s.Info[:rnd.IntN(len(s.Info))]
		}
		d, _ := info.New(s, false)
		x, _ := d.BuildIndex()
		table := types.New(arch.AMD64(), d, x)
		checkTable(t, table, table.All())
	}
}

// selfish is one unit: a struct "a.T" of 24 bytes with a pointer to itself, an
// array of that pointer and a field of its own type, which cannot be.
func selfish() (unit, abbrev []byte) {
	abbrev = []byte{
		1, 0x11, 1, 0x13, 0x0b, 0, 0, // compile unit: language
		2, 0x13, 1, 0x03, 0x08, 0x0b, 0x0f, 0x80, 0x52, 0x0b, 0, 0, // struct: name, size, kind
		3, 0x0d, 0, 0x03, 0x08, 0x38, 0x0f, 0x49, 0x13, 0, 0, // member: name, offset, type
		4, 0x0f, 0, 0x49, 0x13, 0, 0, // pointer
		5, 0x01, 1, 0x49, 0x13, 0x0b, 0x0f, 0, 0, // array: type, size
		6, 0x21, 0, 0x37, 0x0f, 0, 0, // subrange: count
		0,
	}
	body := []byte{
		5, 0, 1, 8, 0, 0, 0, 0, // header behind the length
		1, 0x16, // at 12
		2, 'a', '.', 'T', 0, 24, 25, // at 14
		3, 'p', 0, 0, 46, 0, 0, 0, // at 21
		3, 'a', 0, 8, 51, 0, 0, 0, // at 29
		3, 't', 0, 16, 14, 0, 0, 0, // at 37
		0,              // at 45
		4, 14, 0, 0, 0, // at 46
		5, 46, 0, 0, 0, 8, // at 51
		6, 1, 0, // at 57
		0,
	}
	unit = binary.LittleEndian.AppendUint32(nil, uint32(len(body)))
	return append(unit, body...), abbrev
}

func TestImpossibleField(t *testing.T) {
	unit, abbrev := selfish()
	d, err := info.New(info.Sections{Info: unit, Abbrev: abbrev}, false)
	if err != nil {
		t.Fatal(err)
	}
	x, err := d.BuildIndex()
	if err != nil {
		t.Fatal(err)
	}
	table := types.New(arch.AMD64(), d, x)
	id, ok := table.Lookup("a.T")
	typ := table.Type(id)
	if !ok || len(typ.Fields) != 3 || table.Type(typ.Fields[0].Type).Elem != id || table.Type(typ.Fields[1].Type).Len != 1 || typ.Fields[2].Type != id {
		t.Fatalf("%v: %+v", ok, typ)
	}
	if words := table.Words(id); len(words) != 2 || words[1].Offset != 8 {
		t.Errorf("%+v", words)
	}
	if path, _, _ := table.FieldPath(id, 8); path != ".a[0]" {
		t.Errorf("offset 8 is %s", path)
	}
	if path, leaf, rest := table.FieldPath(id, 16); path != "" || leaf != id || rest != 16 {
		t.Errorf("offset 16 is %s", path)
	}
	checkTable(t, table, []types.ID{id})
}

func FuzzDWARF(f *testing.F) {
	unit, abbrev := selfish()
	f.Add(unit, abbrev, []byte{})
	f.Fuzz(func(t *testing.T, infoBytes, abbrev, addr []byte) {
		d, err := info.New(info.Sections{Info: infoBytes, Abbrev: abbrev, Addr: addr}, false)
		if err == nil && len(infoBytes) > 0 && len(d.Units) == 0 {
			t.Fatal("no error and no unit")
		}
		x, _ := d.BuildIndex()
		table := types.New(arch.AMD64(), d, x)
		ids := table.All()
		for off := range infoBytes {
			ids = append(ids, table.ByOffset(info.Offset(off)))
		}
		checkTable(t, table, ids)
		if n := table.Len(); n > len(infoBytes)+1 {
			t.Fatalf("%d types in %d bytes", n, len(infoBytes))
		}
	})
}

// damaged is a module whose descriptors start at base.
func damaged(b []byte) *types.Table {
	const base = 0x400000
	table := types.New(arch.AMD64(), nil, nil)
	table.SetRuntime(types.Runtime{
		Memory:  &image{segments: []segment{{base, b}}},
		Modules: []types.Module{{Types: base, ETypes: base + uint64(len(b))}},
		Layout:  types.LayoutOf("go1.26"),
	})
	return table
}

func descriptorsIn(table *types.Table, n int) []types.ID {
	var ids []types.ID
	for off := 0; off < n; off += 8 {
		if id, ok := table.ByRuntimeType(0x400000 + uint64(off)); ok {
			ids = append(ids, id)
		}
	}
	return ids
}

func TestDamagedDescriptors(t *testing.T) {
	f := open(t, kinds.path(t, builds[0]))
	mem := load(t, f.ELF())
	m := moduleOf(t, f)
	sound, _ := mem.Slice(m.Types, m.ETypes-m.Types)
	// Moved to where damaged expects them, with their pointers.
	moved := slices.Clone(sound)
	for i := 0; i+8 <= len(moved); i += 8 {
		if p := binary.LittleEndian.Uint64(moved[i:]); p >= m.Types && p < m.ETypes {
			binary.LittleEndian.PutUint64(moved[i:], p-m.Types+0x400000)
		}
	}
	if n := len(descriptorsIn(damaged(moved), len(moved))); n < 500 {
		t.Fatalf("%d descriptors before any damage", n)
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 5 {
		b := slices.Clone(moved)
		for range 1 + rnd.IntN(20000) {
			if rnd.IntN(2) == 0 {
				b[rnd.IntN(len(b))] = byte(rnd.Uint32())
				continue
			}
			// A pointer to anywhere, which may close a loop.
			binary.LittleEndian.PutUint64(b[rnd.IntN(len(b)/8-1)*8:], 0x400000+uint64(rnd.IntN(len(b)/8))*8)
		}
		table := damaged(b)
		checkTable(t, table, descriptorsIn(table, len(b)))
	}
}

func FuzzDescriptor(f *testing.F) {
	// A slice of pointers to itself, and a struct with one field of its own
	// type.
	le := binary.LittleEndian
	b := make([]byte, 256)
	put := func(at int, size uint64, kind types.Kind) {
		le.PutUint64(b[at:], size)
		le.PutUint64(b[at+8:], 8)
		b[at+21], b[at+22], b[at+23] = 8, 8, byte(kind)
	}
	put(0, 24, types.Slice)
	le.PutUint64(b[48:], 0x400000+56)
	put(56, 8, types.Pointer)
	le.PutUint64(b[104:], 0x400000)
	put(112, 8, types.Struct)
	le.PutUint64(b[168:], 0x400000+192)
	le.PutUint64(b[176:], 1)
	le.PutUint64(b[200:], 0x400000+112)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		table := damaged(b)
		ids := descriptorsIn(table, len(b))
		for _, id := range ids {
			if typ := table.Type(id); len(typ.Name) > 1<<22 {
				t.Fatalf("a name of %d bytes", len(typ.Name))
			}
		}
		checkTable(t, table, ids)
	})
}
