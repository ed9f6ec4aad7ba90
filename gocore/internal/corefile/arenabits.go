package corefile

import (
	"context"
	"encoding/binary"
	"fmt"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/program"
	"goheap/internal/flat"
)

// readArenaBits copies what the arenas know of the pointers of all slots into
// im.arenaBits, span by span, as heap bits are in later versions.
//
// Until Go 1.21 the bitmap of an arena (runtime.heapArena) describes slots of any
// size. Since Go 1.20 it has a bit for each word of the arena, and what stands
// behind the last pointer of an object is cleared up to the end of its slot
// (runtime/mbitmap.go, writeHeapBits.flush), so that noMorePtrs adds nothing.
// Before, each byte has two bits for each of four words: whether the word is a
// pointer, in the low half, and whether the collector has to look at it and behind
// it at all, in the high half (runtime/mbitmap.go, heapBits). Where that says no,
// the rest of the slot has no pointers, whatever the bits for it say.
func (d *decoder) readArenaBits(ctx context.Context) error {
	im, rt := d.Image, d.Layout
	word := uint64(im.Arch.PtrSize)
	bitmap := rt.HeapArena.Bitmap
	if !bitmap.Has() {
		bitmap = rt.HeapArena.PtrScalarBitmap
	}
	a := arenas{d: d, bitmap: bitmap, twoBits: !rt.HeapArena.NoMorePtrs.Has() && !rt.HeapArena.PtrScalarBitmap.Has(), base: uint64(rt.ArenaBaseOffset.Value)}
	a.words = uint64(bitmap.Size) * 8
	if a.twoBits {
		a.words /= 2
	}
	heapAddr, err := d.Global("runtime.mheap_")
	if err != nil {
		return err
	}
	list := rt.Mheap.Arenas
	if uint64(list.Size) != word || a.words*word%image.PageSize != 0 || a.words == 0 {
		return fmt.Errorf("%w: %s was built by %s, whose table of arenas is of another shape than that of Linux", program.ErrVersion, d.Exe.Path, d.Exe.File.GoVersion)
	}
	if a.list, _ = im.Mem.Word(heapAddr + list.Offset); a.list == 0 {
		return fmt.Errorf("%w: the table of arenas in runtime.mheap_ at %#x is not in the core", dump.ErrTruncated, heapAddr)
	}
	var size uint64
	for i := range im.Extents {
		if e := &im.Extents[i]; e.Pointers == image.HeapBits {
			e.At = size
			size += e.Size / word / 8
		}
	}
	im.ArenaBits = flat.Make[byte](int(size))
	missing := 0
	for i := range im.Extents {
		if err := program.Look(ctx, i); err != nil {
			return err
		}
		if e := &im.Extents[i]; e.Pointers == image.HeapBits && !a.copy(e, im.HeapBits(e)) {
			missing++
		}
	}
	d.Problem(dump.Error, missing, "spans lie in arenas whose bitmaps are not in the core: the pointers of their objects are missing")
	return nil
}

// arenas finds the bitmaps of arenas.
type arenas struct {
	d       *decoder
	bitmap  layout.Field // of runtime.heapArena
	twoBits bool
	words   uint64 // of heap that an arena has
	base    uint64 // of the numbers of arenas
	list    uint64 // address of the pointers to their runtime.heapArena, by number
}

// copy sets the bits of a span. It reports whether all of them are in the core.
func (a *arenas) copy(e *image.Extent, to []byte) bool {
	word := uint64(a.d.Image.Arch.PtrSize)
	arena := a.words * word // bytes of heap
	var scan []byte
	if a.twoBits {
		scan = make([]byte, len(to))
	}
	whole := true
	for addr := e.Base; addr < e.Base+e.Size; {
		end := min(e.Base+e.Size, addr+arena-(addr-a.base)%arena)
		first, n := (addr-a.base)%arena/word, (end-addr)/word
		at := (addr - e.Base) / word / 8
		addr = end
		header, ok := a.d.Image.Mem.Word(a.list + (end-1-a.base)/arena*word)
		perByte := uint64(8)
		if a.twoBits {
			perByte = 4
		}
		from, ok2 := a.d.Image.Mem.Slice(header+a.bitmap.Offset+first/perByte, n/perByte)
		if !ok || header == 0 || !ok2 {
			whole = false
			continue
		}
		if a.twoBits {
			split(from, to[at:], scan[at:])
		} else {
			a.d.copyWords(to[at:], from)
		}
	}
	if a.twoBits {
		for slot := range uint64(e.N) {
			first := slot * e.Elem / word
			end := first + e.Elem/word
			clearBits(to, firstClear(scan, first, end), end)
		}
	}
	return whole
}

// split takes the two halves of each byte of a bitmap with two bits for a word
// apart.
func split(from, pointer, scan []byte) {
	for i := range len(from) / 2 {
		lo, hi := from[2*i], from[2*i+1]
		pointer[i] = lo&0xf | hi<<4
		scan[i] = lo>>4 | hi&0xf0
	}
}

// copyWords copies words of bits, so that the bits of each byte follow those of the
// byte before.
func (d *decoder) copyWords(to, from []byte) {
	if !d.Image.Arch.BigEndian {
		copy(to, from)
		return
	}
	for w := d.Image.Arch.PtrSize; len(from) >= w; to, from = to[w:], from[w:] {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], d.Image.Arch.Word(from))
		copy(to, b[:w])
	}
}

// firstClear returns the number of the first bit in [from, to) that is not set, or
// to.
func firstClear(b []byte, from, to uint64) uint64 {
	for from < to && b[from/8]>>(from%8)&1 != 0 {
		if from%8 == 0 && b[from/8] == 0xff {
			from += 8
			continue
		}
		from++
	}
	return min(from, to)
}

// clearBits clears the bits in [from, to).
func clearBits(b []byte, from, to uint64) {
	for from < to {
		if from%8 == 0 && to-from >= 8 {
			b[from/8] = 0
			from += 8
			continue
		}
		b[from/8] &^= 1 << (from % 8)
		from++
	}
}
