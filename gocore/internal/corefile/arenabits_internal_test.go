package corefile

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/program"
	"goheap/internal/arch"
)

// The bits of a span are those of its arenas, read bit by bit as the collector
// reads them, wherever slots and arenas begin and end.
func TestArenaBits(t *testing.T) {
	big := arch.AMD64()
	big.Name, big.BigEndian, big.LittleWords64 = "big-endian", true, false
	for _, a := range []arch.Arch{arch.AMD64(), big} {
		for _, twoBits := range []bool{false, true} {
			if a.BigEndian && twoBits {
				continue // bytes, on every processor
			}
			t.Run(fmt.Sprintf("%s/two bits %t", a.Name, twoBits), func(t *testing.T) {
				testArenaBits(t, a, twoBits)
			})
		}
	}
}

func testArenaBits(t *testing.T, a arch.Arch, twoBits bool) {
	const (
		words  = 2 * image.PageSize / 8 // an arena of two pages
		base   = 0xffff800000000000
		list   = 0x1000
		header = 0x20000
		field  = 24 // offset of the bitmap
	)
	heap := uint64(base) + 5*8*words // in arena 5
	r := rand.New(rand.NewPCG(3, 4))
	size := words / 8
	if twoBits {
		size *= 2
	}
	mem := dump.NewMemory(a.Machine, a.Order(), a.PtrSize, nil)
	var table []byte
	bitmaps := map[uint64][]byte{}
	for i := range uint64(9) {
		word := make([]byte, 8)
		if i >= 5 && i != 8 {
			at := header + i*0x10000
			a.PutWord(word, at)
			b := make([]byte, field+size)
			for k := range b {
				if b[k] = byte(r.Uint32() | r.Uint32()); r.IntN(3) > 0 {
					b[k] |= 0xf0 // a long object has mostly scan bits
				}
			}
			bitmaps[i] = b[field:]
			mem.Fill(at, b)
		}
		table = append(table, word...)
	}
	mem.Fill(list, table)
	// bits of the word at addr, as runtime/mbitmap.go finds them (Go 1.18, 1.20).
	at := func(addr uint64) (pointer, scan bool) {
		bitmap, word := bitmaps[(addr-base)/(8*words)], (addr-base)/8%words
		switch {
		case twoBits:
			b := bitmap[word/4] >> (word % 4)
			return b&1 != 0, b>>4&1 != 0
		case a.BigEndian:
			return binary.BigEndian.Uint64(bitmap[word/64*8:])>>(word%64)&1 != 0, true
		}
		return binary.LittleEndian.Uint64(bitmap[word/64*8:])>>(word%64)&1 != 0, true
	}
	d := &decoder{Program: program.Program{Image: &image.Image{Mem: mem, Arch: a}}}
	from := arenas{d: d, bitmap: layout.Field{Offset: field, Size: size}, twoBits: twoBits, words: words, base: base, list: list}
	pointers := 0
	for _, span := range []struct{ page, pages, elem uint64 }{
		{0, 1, 8}, {0, 1, 16}, {1, 1, 24}, {1, 1, 48}, {2, 1, 64}, {3, 1, 112}, {1, 2, 1152}, {0, 2, 2304}, {1, 4, 4 * image.PageSize}, {1, 1, image.PageSize}, {0, 6, 9472},
	} {
		e := image.Extent{Base: heap + span.page*image.PageSize, Size: span.pages * image.PageSize, Elem: span.elem, N: uint32(span.pages * image.PageSize / span.elem), Pointers: image.HeapBits}
		got := make([]byte, e.Size/64)
		if !from.copy(&e, got) {
			t.Errorf("%+v: a bitmap is missing", span)
		}
		for slot := range uint64(e.N) {
			more := true
			for off := uint64(0); off < e.Elem; off += 8 {
				pointer, scan := at(e.Base + slot*e.Elem + off)
				more = more && scan
				i := (slot*e.Elem + off) / 8
				if is := got[i/8]>>(i%8)&1 != 0; is != (pointer && more) {
					t.Fatalf("%+v: slot %d +%d is a pointer: %t, want %t", span, slot, off, is, pointer && more)
				} else if is {
					pointers++
				}
			}
		}
	}
	if pointers < 1000 {
		t.Errorf("only %d words were pointers", pointers)
	}
	// In arena 8, which has no bitmap.
	e := image.Extent{Base: heap + 5*image.PageSize, Size: 2 * image.PageSize, Elem: 64, N: 256, Pointers: image.HeapBits}
	if from.copy(&e, make([]byte, e.Size/64)) {
		t.Error("the bitmap of an arena without one was found")
	}
}

// A slot may have any number of words: where its pointers end, and 64 of its bits
// from anywhere, are those of the bitmap.
func TestLargeSlotMask(t *testing.T) {
	im := &image.Image{Mem: dump.NewMemory(elf.EM_X86_64, binary.LittleEndian, 8, nil), Arch: arch.AMD64(), ArenaBits: make([]byte, 2*image.PageSize/64)}
	r := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		e := &image.Extent{Base: 1 << 30, Size: 2 * image.PageSize, Elem: 8 * (1 + r.Uint64N(image.PageSize/4)), Pointers: image.HeapBits}
		slot := e.Base + e.Elem*r.Uint64N(e.Size/e.Elem)
		clear(im.ArenaBits)
		var end uint64
		for range r.IntN(4) {
			word := r.Uint64N(e.Elem / 8)
			i := (slot-e.Base)/8 + word
			im.ArenaBits[i/8] |= 1 << (i % 8)
			end = max(end, 8*(word+1))
		}
		if got := im.PointersEnd(e, slot); got != end {
			t.Fatalf("%+v: the pointers of the slot at %#x end at %d, want %d", e, slot, got, end)
		}
		off := 8 * r.Uint64N(e.Elem/8)
		var want uint64
		for i := range uint64(64) {
			if word := (slot+off-e.Base)/8 + i; off+8*i < e.Elem && im.ArenaBits[word/8]>>(word%8)&1 != 0 {
				want |= 1 << i
			}
		}
		if got := im.SlotMaskFrom(e, slot, off); got != want {
			t.Fatalf("%+v: slot %#x +%d has the pointers %#x, want %#x", e, slot, off, got, want)
		}
	}
}
