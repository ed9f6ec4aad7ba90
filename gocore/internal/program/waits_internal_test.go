package program

import (
	"debug/elf"
	"encoding/binary"
	"testing"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/layout"
	"goheap/internal/arch"
)

// A list of what a goroutine waits on is read to its end, to an item of another goroutine,
// and where it leads back not much further than once.
func TestReadWaitsOfAnyList(t *testing.T) {
	const base, size, record = 0x1000, 32, 0x9000
	for _, c := range []struct {
		name        string
		items, back int // the last one leads to item back, -1 for none
		foreign     int // item of another goroutine, -1 for none
		least, most int
	}{
		{"sound", 5, -1, -1, 5, 5},
		{"none of its own", 5, -1, 0, 0, 0},
		{"another's in it", 5, -1, 3, 3, 3},
		{"to itself", 1, 0, -1, 1, 1},
		{"a ring", 7, 0, -1, 7, 3 * 7},
		{"a ring behind a tail", 1000, 900, -1, 1000, 3 * 1000},
	} {
		b := make([]byte, c.items*size)
		for i := range c.items {
			item, next := b[i*size:], uint64(0)
			binary.LittleEndian.PutUint64(item, record)
			if i == c.foreign {
				binary.LittleEndian.PutUint64(item, record+8)
			}
			switch {
			case i+1 < c.items:
				next = uint64(base + (i+1)*size)
			case c.back >= 0:
				next = uint64(base + c.back*size)
			}
			binary.LittleEndian.PutUint64(item[8:], next)
			binary.LittleEndian.PutUint64(item[16:], uint64(0x5000+i)) // its channel
		}
		p := &Program{Layout: &layout.Runtime{}, Image: &image.Image{Arch: arch.AMD64(), Mem: dump.NewMemory(elf.EM_X86_64, binary.LittleEndian, 8, []dump.Block{{Addr: base, Data: b}})}}
		f := &p.Layout.Sudog
		f.Size = size
		f.G, f.Waitlink, f.C = layout.Field{Size: 8}, layout.Field{Offset: 8, Size: 8}, layout.Field{Offset: 16, Size: 8}
		(&Records{Program: p}).ReadWaits(&image.Goroutine{Addr: record, Waiting: base, Status: image.GWaiting}, nil)
		if n := len(p.Image.Records.Waits); n < c.least || n > c.most {
			t.Errorf("%s: %d waits, want %d to %d", c.name, n, c.least, c.most)
		}
	}
}
