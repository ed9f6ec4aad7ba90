package types_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"goheap/gocore/internal/types"
)

// Offsets in an abi.Type of a 64-bit program.
const (
	typePtrBytes = 8
	typeTFlag    = 20
	typeGCData   = 32

	tflagOnDemand = 1 << 4
)

// TestWordsAreTheGCMask compares the lists with the pointer masks that the
// compiler made for the garbage collector.
func TestWordsAreTheGCMask(t *testing.T) {
	forEachBuild(t, func(t *testing.T, exe string) {
		f := open(t, exe)
		mem := load(t, f.ELF())
		module := moduleOf(t, f)
		table := f.Types()
		table.SetRuntime(types.Runtime{Memory: mem, Modules: []types.Module{module}, Layout: types.LayoutOf(f.GoVersion)})
		bare := types.New(f.Arch, nil, nil)
		module.DWARF = false
		bare.SetRuntime(types.Runtime{Memory: mem, Modules: []types.Module{module}, Layout: types.LayoutOf(f.GoVersion)})

		masks, onDemand := 0, 0
		for _, id := range table.All() {
			addr, ok := table.RuntimeType(id)
			if !ok {
				continue
			}
			if back, ok := table.ByRuntimeType(addr); !ok || back != id {
				t.Fatalf("%s: descriptor at %#x is type %d (%s), want %d", table.Type(id).Name, addr, back, table.Type(back).Name, id)
			}
			bareID, ok := bare.ByRuntimeType(addr)
			if !ok {
				t.Errorf("%s: no descriptor at %#x", table.Type(id).Name, addr)
				continue
			}
			ptrBytes := mem.word(t, addr+typePtrBytes)
			flags, _ := mem.Slice(addr+typeTFlag, 1)
			want := map[uint64]bool{}
			if flags[0]&tflagOnDemand == 0 {
				masks++
				gc := mem.word(t, addr+typeGCData)
				for i := uint64(0); i < ptrBytes/8; i++ {
					b, ok := mem.Slice(gc+i/8, 1)
					if !ok {
						t.Fatalf("%s: no mask at %#x", table.Type(id).Name, gc)
					}
					if b[0]>>(i%8)&1 != 0 {
						want[i*8] = true
					}
				}
			} else {
				onDemand++
			}
			for _, c := range []struct {
				from  string
				table *types.Table
				id    types.ID
			}{{"DWARF", table, id}, {"descriptor", bare, bareID}} {
				got := expand(c.table, c.id)
				end := uint64(0)
				for off := range got {
					end = max(end, off+8)
				}
				if end != ptrBytes {
					t.Errorf("%s from %s: last pointer ends at %d, want %d", table.Type(id).Name, c.from, end, ptrBytes)
				}
				if flags[0]&tflagOnDemand != 0 {
					continue
				}
				for off := uint64(0); off < ptrBytes; off += 8 {
					if got[off] != want[off] {
						t.Errorf("%s from %s: word at %d is a pointer: %v, the mask says %v", table.Type(id).Name, c.from, off, got[off], want[off])
					}
				}
			}
		}
		if masks < 500 || strings.HasPrefix(f.GoVersion, "go1.27") && onDemand == 0 {
			t.Errorf("compared %d masks, %d without one", masks, onDemand)
		}
	})
}

// TestDescriptorsAgreeWithDWARF reads every descriptor that DWARF knows, and
// compares the two descriptions.
func TestDescriptorsAgreeWithDWARF(t *testing.T) {
	forEachBuild(t, func(t *testing.T, exe string) {
		f := open(t, exe)
		table := f.Types()
		module := moduleOf(t, f)
		mem := load(t, f.ELF())
		table.SetRuntime(types.Runtime{Memory: mem, Modules: []types.Module{module}})
		bare := types.New(f.Arch, nil, nil)
		module.DWARF = false
		bare.SetRuntime(types.Runtime{Memory: mem, Modules: []types.Module{module}, Layout: types.LayoutOf(f.GoVersion)})
		n := 0
		for _, id := range table.All() {
			addr, ok := table.RuntimeType(id)
			if !ok {
				continue
			}
			n++
			bareID, _ := bare.ByRuntimeType(addr)
			want, got := table.Type(id), bare.Type(bareID)
			group := strings.HasPrefix(want.Name, "map.group[") && strings.HasPrefix(got.Name, "map.group[")
			if got.Name != want.Name && !group || got.Package != want.Package || got.Kind != want.Kind || got.Size != want.Size || got.Len != want.Len || got.NoMethods != want.NoMethods {
				t.Errorf("descriptor at %#x: %q of package %q, kind %d, %d bytes, length %d, no methods %v\nwant %q of package %q, kind %d, %d bytes, length %d, no methods %v", addr,
					got.Name, got.Package, got.Kind, got.Size, got.Len, got.NoMethods, want.Name, want.Package, want.Kind, want.Size, want.Len, want.NoMethods)
				continue
			}
			pairs := [][2]types.ID{{got.Elem, want.Elem}, {got.Key, want.Key}, {bare.MapGroup(bareID), table.MapGroup(id)}}
			if len(got.Fields) != len(want.Fields) {
				t.Errorf("%s has %d fields, want %d", got.Name, len(got.Fields), len(want.Fields))
				continue
			}
			for i, g := range got.Fields {
				w := want.Fields[i]
				if g.Name != w.Name || g.Offset != w.Offset || g.Embedded != w.Embedded {
					t.Errorf("%s: field %+v, want %+v", got.Name, g, w)
				}
				pairs = append(pairs, [2]types.ID{g.Type, w.Type})
			}
			for _, p := range pairs {
				g, w := bare.Type(p[0]), table.Type(p[1])
				if strings.HasPrefix(w.Name, "map.group[") && strings.HasPrefix(g.Name, "map.group[") {
					// The descriptor of a group has names of packages without
					// their paths.
					if g.Size != w.Size || len(g.Fields) != len(w.Fields) {
						t.Errorf("group of %s: %+v, want %+v", got.Name, g, w)
					}
					continue
				}
				if g.Name != w.Name {
					t.Errorf("part of %s: %s, want %s", got.Name, g.Name, w.Name)
				}
			}
		}
		if n < 500 {
			t.Errorf("compared %d types", n)
		}
	})
}

// TestMadeByReflect reads descriptors that lie outside of every module.
func TestMadeByReflect(t *testing.T) {
	f := open(t, kinds.path(t, builds[0]))
	mem := load(t, f.ELF())
	module := moduleOf(t, f)
	user, ok := f.Types().Lookup("main.User")
	if !ok {
		t.Fatal("no main.User")
	}
	table := f.Types()
	const at = 0xc000100000
	heap := make([]byte, 72)
	mem.segments = append(mem.segments, segment{at, heap})
	table.SetRuntime(types.Runtime{Memory: mem, Modules: []types.Module{module}, Layout: types.LayoutOf(f.GoVersion)})
	userAddr, _ := table.RuntimeType(user)

	if id, ok := table.ByRuntimeType(at); ok {
		t.Errorf("zeros are the type %d", id)
	}
	le := binary.LittleEndian
	le.PutUint64(heap, 7*table.Type(user).Size)
	le.PutUint64(heap[8:], 7*table.Type(user).Size)
	heap[21], heap[22], heap[23] = 8, 8, byte(types.Array)
	le.PutUint32(heap[40:], 0x80000005) // nameOff into the runtime's own map
	le.PutUint64(heap[48:], userAddr)
	le.PutUint64(heap[64:], 7)
	id, ok := table.ByRuntimeType(at)
	typ := table.Type(id)
	if !ok || typ.Name != "[7]main.User" || typ.Elem != user || typ.Len != 7 {
		t.Errorf("%v: %+v", ok, typ)
	}
	if again, _ := table.ByRuntimeType(at); again != id {
		t.Errorf("the same descriptor is %d and %d", id, again)
	}
	if got := len(expand(table, id)); got != 7*4 {
		t.Errorf("%d pointers, want 28", got)
	}
}

// A type without a name that leads back to itself, as interpreters make them, is named
// once, and a mask of its own decides where its pointers are, of words that may be some.
func TestMadeByReflectRecursive(t *testing.T) {
	f := open(t, kinds.path(t, builds[0]))
	mem := load(t, f.ELF())
	module := moduleOf(t, f)
	const at, size = 0xc000100000, 80
	heap := make([]byte, 5*size)
	mem.segments = append(mem.segments, segment{at, heap})
	table := f.Types()
	table.SetRuntime(types.Runtime{Memory: mem, Modules: []types.Module{module}, Layout: types.LayoutOf(f.GoVersion)})
	le := binary.LittleEndian
	any, ok := table.Lookup("interface {}")
	if !ok {
		t.Fatal("no interface {}")
	}
	anyAddr, _ := table.RuntimeType(any)
	const array, slice, pointer, mask, numbers = at, at + size, at + 2*size, at + 3*size, at + 4*size
	put := func(addr uint64, kind types.Kind, words, ptrWords, elem uint64) {
		b := heap[addr-at:]
		le.PutUint64(b, words*8)
		le.PutUint64(b[typePtrBytes:], ptrWords*8)
		b[21], b[22], b[23] = 8, 8, byte(kind)
		le.PutUint64(b[typeGCData:], mask)
		le.PutUint64(b[48:], elem)
	}
	put(pointer, types.Pointer, 1, 1, slice)
	put(slice, types.Slice, 3, 1, pointer)
	put(array, types.Array, 6, 6, anyAddr)
	le.PutUint64(heap[array-at+64:], 3)
	heap[mask-at] = 0b110111
	for addr, want := range map[uint64]string{pointer: "*[]…", slice: "[]*…"} {
		id, ok := table.ByRuntimeType(addr)
		if got := table.Type(id).Name; !ok || got != want {
			t.Errorf("%v: %q, want %q", ok, got, want)
		}
	}
	number, ok := table.Lookup("uint64")
	if !ok {
		t.Fatal("no uint64")
	}
	numberAddr, _ := table.RuntimeType(number)
	put(numbers, types.Array, 6, 6, numberAddr)
	le.PutUint64(heap[numbers-at+64:], 6)
	if id, ok := table.ByRuntimeType(numbers); !ok || table.PointerAt(id, 0) {
		t.Errorf("a mask makes pointers of numbers: %+v", table.Type(id))
	}
	id, ok := table.ByRuntimeType(array)
	for i := range uint64(6) {
		if got, want := table.PointerAt(id, i*8), heap[mask-at]>>i&1 != 0; !ok || got != want {
			t.Errorf("word %d is a pointer: %v, want %v", i, got, want)
		}
	}
}
