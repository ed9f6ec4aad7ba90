package image_test

import (
	"debug/elf"
	"encoding/binary"
	"slices"
	"testing"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/internal/arch"
)

// typeMemory lays descriptors out for gcTypes.
type typeMemory struct {
	arch  arch.Arch
	bytes []byte
}

const typesAt = 1 << 16

func (m *typeMemory) put(words ...uint64) (addr uint64) {
	addr = typesAt + uint64(len(m.bytes))
	for _, w := range words {
		m.bytes = append(m.bytes, make([]byte, 8)...)
		m.arch.PutWord(m.bytes[len(m.bytes)-8:], w)
	}
	return addr
}

// header adds an internal/abi.Type and the words behind it.
func (m *typeMemory) header(size, ptrBytes uint64, tflag, kind uint8, gcdata uint64, more ...uint64) (addr uint64) {
	return m.put(append([]uint64{size, ptrBytes, uint64(tflag)<<32 | uint64(kind)<<56, 0, gcdata, 0}, more...)...)
}

func (m *typeMemory) types() *image.GCTypes {
	return image.NewGCTypes(dump.NewMemory(m.arch.Machine, m.arch.Order(), m.arch.PtrSize, []dump.Block{{Addr: typesAt, Data: m.bytes}}), m.arch)
}

// array adds a type of n elements, whose mask is to be made on demand.
func (m *typeMemory) array(elem, size, n, ptrBytes uint64) uint64 {
	return m.header(size*n, ptrBytes, image.TflagMaskOnDemand, image.KindArray, 0, elem, 0, n)
}

// A mask is the same whatever slot asked for the type first, is as long as its slot,
// and costs no more than its parts and its pointers.
func TestGCTypeBounds(t *testing.T) {
	m := &typeMemory{arch: arch.AMD64()}
	pair := m.header(16, 8, 0, image.KindStruct, m.put(1)) // a pointer and a word
	pairs := m.array(pair, 16, 8, 120)
	nested := m.array(pairs, 128, 4, 504)
	plain := m.header(1, 0, 0, 8, 0)
	endless := m.array(plain, 1, 1<<62, 8) // of bytes, and said to have a pointer
	huge := m.array(pair, 16, 1<<40, 1<<44-8)
	tree := pair
	size := uint64(16)
	for range 40 { // two fields of the one before, each
		fields := m.put(0, tree, 0, 0, tree, size)
		size *= 2
		tree = m.header(size, size-8, image.TflagMaskOnDemand, image.KindStruct, 0, 0, fields, 2, 2)
	}
	none := m.header(8, 8, image.TflagMaskOnDemand, image.KindArray, 0, pairs, 0, 0) // of none of the larger pairs
	overlap := m.put(0, pair, 0, 0, pair, 8)
	bad := m.header(24, 24, image.TflagMaskOnDemand, image.KindStruct, 0, 0, overlap, 2, 2)
	outside := m.put(0, pairs, 16)
	late := m.header(32, 24, image.TflagMaskOnDemand, image.KindStruct, 0, 0, outside, 1, 1)
	lost := m.header(32, 24, image.TflagMaskOnDemand, image.KindStruct, 0, 0, outside, 1<<61, 1<<61) // 0 bytes of fields
	every := func(n, step uint32) (words []uint32) {
		for i := range n {
			words = append(words, i*step)
		}
		return words
	}
	for _, c := range []struct {
		name        string
		addr, limit uint64
		want        []uint32 // nil for no type
	}{
		{"pairs", pairs, 128, every(8, 2)},
		{"pairs in a small slot", pairs, 40, every(3, 2)},
		{"nested", nested, 512, every(32, 2)},
		{"nested in a small slot", nested, 200, every(13, 2)},
		{"endless", endless, 1 << 61, every(0, 0)},
		{"huge", huge, 1 << 44, nil},
		{"huge in a small slot", huge, 64, every(4, 2)},
		{"tree", tree, 1 << 30, nil},
		{"no elements", none, 128, nil},
		{"overlapping fields", bad, 24, every(2, 1)},
		{"field outside", late, 32, nil},
		{"too many fields", lost, 32, nil},
	} {
		for _, first := range []uint64{8, 1 << 50} {
			types := m.types()
			types.At(c.addr, min(first, 1<<20)) // whoever asks before
			got := types.At(c.addr, c.limit)
			if (got == nil) != (c.want == nil) || got != nil && !slices.Equal(got.Pointers, c.want) {
				t.Errorf("%s, first asked for %d bytes: %+v, want %v", c.name, first, got, c.want)
			}
		}
	}
}

func FuzzGCTypes(f *testing.F) {
	m := &typeMemory{arch: arch.AMD64()}
	pair := m.header(16, 8, 0, image.KindStruct, m.put(1))
	pairs := m.array(pair, 16, 8, 120)
	fields := m.put(0, pairs, 0, 0, pair, 128)
	m.header(144, 136, image.TflagMaskOnDemand, image.KindStruct, 0, 0, fields, 2, 2)
	m.array(pairs, 128, 100, 128*100-8)
	f.Add(m.bytes, uint16(512), uint16(64))
	f.Add(m.bytes, uint16(40000), uint16(136))
	f.Fuzz(func(t *testing.T, data []byte, large, small uint16) {
		if len(data) > 1<<13 || small > large {
			return
		}
		mem := dump.NewMemory(elf.EM_X86_64, binary.LittleEndian, 8, []dump.Block{{Addr: typesAt, Data: data}})
		one, other := image.NewGCTypes(mem, arch.AMD64()), image.NewGCTypes(mem, arch.AMD64())
		for addr := uint64(typesAt); addr+48 <= typesAt+uint64(len(data)); addr += 8 {
			a, b := one.At(addr, uint64(large)), one.At(addr, uint64(small))
			b2, a2 := other.At(addr, uint64(small)), other.At(addr, uint64(large))
			for i, g := range []*image.GCType{a, b} {
				again, limit := []*image.GCType{a2, b2}[i], []uint16{large, small}[i]
				if (g == nil) != (again == nil) || g != nil && !slices.Equal(g.Pointers, again.Pointers) {
					t.Fatalf("the type at %#x depends on who asks first: %+v, %+v", addr, g, again)
				}
				if g == nil {
					continue
				}
				if g.Size == 0 || g.Left < 0 {
					t.Fatalf("the type at %#x: %+v", addr, g)
				}
				last := -1
				for _, w := range g.Pointers {
					if int(w) <= last || uint64(w)*8+8 > min(g.Size, uint64(limit)) {
						t.Fatalf("the type at %#x of %d bytes, in a slot of %d, has pointers %d", addr, g.Size, limit, g.Pointers)
					}
					last = int(w)
				}
			}
			// What fits into the smaller slot is the same in the larger one.
			if a != nil && b != nil {
				n, _ := slices.BinarySearchFunc(a.Pointers, uint64(small)/8, func(w uint32, end uint64) int { return int(uint64(w)) - int(end) })
				if !slices.Equal(a.Pointers[:n], b.Pointers) {
					t.Fatalf("the type at %#x: %d, in a slot of %d bytes %d", addr, a.Pointers, small, b.Pointers)
				}
			}
		}
	})
}
