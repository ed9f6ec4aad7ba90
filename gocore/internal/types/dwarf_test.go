package types_test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"goheap/gocore/internal/types"
)

// told is what the program prints.
type told struct {
	Types []struct {
		Name, Package string
		Kind          int
		Size, Len     uint64
		Elem, Key     string
		Fields        []struct {
			Name     string
			Offset   uint64
			Type     string
			Embedded bool
		}
	}
	Offsets map[string]uint64
}

func run(t *testing.T, exe string) told {
	t.Helper()
	out, err := exec.Command(exe).Output()
	if err != nil {
		t.Fatal(err)
	}
	var said told
	if err := json.NewDecoder(bytes.NewReader(out)).Decode(&said); err != nil {
		t.Fatal(err)
	}
	if len(said.Types) < 80 {
		t.Fatalf("the program knows %d types", len(said.Types))
	}
	return said
}

// checkTold compares a table with what the program says of its types. find
// returns the ID for a name.
func checkTold(t *testing.T, table *types.Table, said told, find func(name string) (types.ID, bool)) {
	nameOf := func(id types.ID) string { return table.Type(id).Name }
	same := func(id types.ID, want string) bool { return want == "" || nameOf(id) == want }
	for _, w := range said.Types {
		id, ok := find(w.Name)
		if !ok {
			t.Errorf("%s is not known", w.Name)
			continue
		}
		g := table.Type(id)
		if g.Name != w.Name || g.Package != w.Package || int(g.Kind) != w.Kind || g.Size != w.Size || g.Len != w.Len {
			t.Errorf("%s: got %q of package %q, kind %d, size %d, length %d, want %+v", w.Name, g.Name, g.Package, g.Kind, g.Size, g.Len, w)
		}
		if (w.Elem != "") && !same(g.Elem, w.Elem) || w.Key != "" && !same(g.Key, w.Key) {
			t.Errorf("%s: element %s, key %s, want %s, %s", w.Name, nameOf(g.Elem), nameOf(g.Key), w.Elem, w.Key)
		}
		if len(g.Fields) != len(w.Fields) {
			t.Errorf("%s has %d fields, want %d", w.Name, len(g.Fields), len(w.Fields))
			continue
		}
		for i, wf := range w.Fields {
			gf := g.Fields[i]
			if gf.Name != wf.Name || gf.Offset != wf.Offset || gf.Embedded != wf.Embedded || !same(gf.Type, wf.Type) {
				t.Errorf("%s field %d: got %+v (%s), want %+v", w.Name, i, gf, nameOf(gf.Type), wf)
			}
		}
	}
}

func TestDWARFAgreesWithReflect(t *testing.T) {
	forEachBuild(t, func(t *testing.T, exe string) {
		f := open(t, exe)
		table := f.Types()
		said := run(t, exe)
		byName := map[string]types.ID{}
		for _, id := range table.All() {
			byName[table.Type(id).Name] = id
		}
		checkTold(t, table, said, func(name string) (types.ID, bool) {
			id, ok := byName[name]
			return id, ok
		})

		id, ok := table.Lookup("main.Everything")
		if !ok {
			t.Fatal("no main.Everything")
		}
		for want, off := range said.Offsets {
			if path, _, rest := table.FieldPath(id, off); path != want || rest != 0 {
				t.Errorf("offset %d is %s and %d, want %s", off, path, rest, want)
			}
		}
		if path, leaf, rest := table.FieldPath(id, said.Offsets[".grid[2][1].Mgr"]-8); path != ".grid[2][1].Tags" || rest != 16 || table.Type(leaf).Name != "[]string" {
			t.Errorf("capacity of a slice: %s, %s and %d", path, table.Type(leaf).Name, rest)
		}
		if path, leaf, rest := table.FieldPath(id, table.Type(id).Size); path != "" || leaf != id || rest != table.Type(id).Size {
			t.Errorf("behind the value: %q, %d, %d", path, leaf, rest)
		}
	})
}

// TestTypesAreSound checks every type of the program.
func TestTypesAreSound(t *testing.T) {
	forEachBuild(t, func(t *testing.T, exe string) {
		f := open(t, exe)
		table := f.Types()
		maps, structs := 0, 0
		for _, id := range table.All() {
			typ := table.Type(id)
			if typ.Kind == types.Invalid {
				t.Errorf("%s has no kind", typ.Name)
			}
			if typ.Kind == types.Struct {
				structs++
			}
			end := uint64(0)
			for _, fl := range typ.Fields {
				size := table.Type(fl.Type).Size
				if fl.Offset < end || fl.Offset+size > typ.Size {
					t.Errorf("%s.%s: [%d, %d) in %d bytes", typ.Name, fl.Name, fl.Offset, fl.Offset+size, typ.Size)
				}
				end = fl.Offset + size
			}
			checkWords(t, table, id)
			if typ.Kind != types.Map {
				continue
			}
			maps++
			group := table.Type(table.MapGroup(id))
			if group.Kind != types.Struct || len(group.Fields) != 2 || group.Fields[0].Name != "ctrl" {
				t.Errorf("%s has groups of type %+v", typ.Name, group)
			}
			if header := table.Type(typ.Runtime); !strings.HasPrefix(header.Name, "map<") {
				t.Errorf("%s has a header of type %s", typ.Name, header.Name)
			}
		}
		if maps < 20 || structs < 300 {
			t.Errorf("%d maps and %d structs", maps, structs)
		}
	})
}

// checkWords compares Words with PointerAt for every word of a value.
func checkWords(t testing.TB, table *types.Table, id types.ID) {
	t.Helper()
	typ := table.Type(id)
	if typ.Size > 1<<20 {
		return
	}
	set := expand(table, id)
	for off := uint64(0); off < typ.Size; off += 8 {
		if set[off] != table.PointerAt(id, off) {
			t.Errorf("%s: word at %d: list says %v", typ.Name, off, set[off])
		}
	}
	for off := range set {
		if off+8 > typ.Size {
			t.Errorf("%s: word at %d beyond %d bytes", typ.Name, off, typ.Size)
		}
	}
}

// expand returns the words of a value that hold pointers, from Words.
func expand(table *types.Table, id types.ID) map[uint64]bool {
	set := map[uint64]bool{}
	var add func(words []types.Word, base uint64)
	add = func(words []types.Word, base uint64) {
		for _, w := range words {
			at := base + w.Offset
			switch w.Kind {
			case types.RepeatWord:
				for i := range w.Count {
					add(w.Sub, at+i*w.Stride)
				}
			case types.EfaceWord, types.IfaceWord:
				set[at+8] = true
			case types.TracedEfaceWord:
				set[at], set[at+8] = true, true
			default:
				set[at] = true
			}
		}
	}
	add(table.Words(id), 0)
	return set
}
