package image

import (
	"math/bits"
	"slices"
	"sort"

	"goheap/heap"
)

// ValuesAt returns where the values in the slot that holds addr start, and how many bytes
// of the slot they may take.
func (im *Image) ValuesAt(addr uint64) (start, size uint64, ok bool) {
	e := im.ExtentAt(addr)
	if e == nil {
		return 0, 0, false
	}
	i := (addr - e.Base) / e.Elem
	if i >= uint64(e.N) {
		return 0, 0, false
	}
	start, size = e.Base+i*e.Elem, e.Elem
	if e.Pointers == Headers {
		start, size = start+MallocHeader, size-MallocHeader
	}
	return start, size, true
}

// PointerWords returns the offsets in bytes, ascending, of the words of a slot
// that the collector follows.
func (im *Image) PointerWords(types *GCTypes, e *Extent, slot uint64) []uint64 {
	w := uint64(im.Arch.PtrSize)
	var out []uint64
	tiled := func(t *GCType, from uint64) {
		if t == nil {
			return
		}
		for start := from; start < e.Elem; start += t.Size {
			for _, word := range t.Pointers {
				if off := start + uint64(word)*w; off+w <= e.Elem {
					out = append(out, off)
				}
			}
		}
	}
	kind := e.Pointers
	if im.Listed && kind != NoPointers {
		kind = HeapBits
	}
	switch kind {
	case HeapBits:
		bitmap := im.HeapBits(e)
		if bitmap == nil {
			return nil
		}
		first := (slot - e.Base) / w
		for word := range e.Elem / w {
			if bitmap[(first+word)/8]>>((first+word)%8)&1 != 0 {
				out = append(out, word*w)
			}
		}
	case Headers:
		if h, ok := im.Mem.Word(slot); ok && h != 0 {
			tiled(types.At(h, e.Elem), MallocHeader)
		}
	case OneType:
		if e.At != 0 {
			tiled(types.At(e.At, e.Elem), 0)
		}
	}
	return out
}

// Follows reports whether off is one of the PointerWords of a slot.
func (im *Image) Follows(types *GCTypes, e *Extent, slot, off uint64) bool {
	w := uint64(im.Arch.PtrSize)
	if off%w != 0 || off >= e.Elem || w > e.Elem-off {
		return false
	}
	tiled := func(t *GCType, from uint64) bool {
		if t == nil || off < from {
			return false
		}
		_, ok := slices.BinarySearch(t.Pointers, uint32((off-from)%t.Size/w))
		return ok && (off-from)%t.Size%w == 0
	}
	switch kind := e.Pointers; {
	case kind == NoPointers:
	case kind == HeapBits || im.Listed:
		return im.SlotMaskFrom(e, slot, off)&1 != 0
	case kind == Headers:
		h, ok := im.Mem.Word(slot)
		return ok && h != 0 && tiled(types.At(h, e.Elem), MallocHeader)
	case kind == OneType:
		return e.At != 0 && tiled(types.At(e.At, e.Elem), 0)
	}
	return false
}

// WordTo returns the first of the PointerWords of a slot that leads to a node, and its
// value. It looks for what may be such a word before it asks whether the collector
// follows it: slots are as large as the arrays in them, and whoever names the elements of
// one comes here for each.
func (im *Image) WordTo(types *GCTypes, e *Extent, slot uint64, to heap.Node) (off, value uint64, ok bool) {
	if e.Pointers == NoPointers {
		return 0, 0, false
	}
	w := uint64(im.Arch.PtrSize)
	leads := func(off, v uint64) bool {
		n, ok := im.Pages.Lookup(v)
		return ok && n == to && im.Follows(types, e, slot, off)
	}
	lo, hi := im.Bounds(to)
	for off < e.Elem {
		b := im.Mem.Prefix(slot+off, e.Elem-off)
		if uint64(len(b)) < w { // nothing is there, or a word that does not stand in one segment
			if v, ok := im.Mem.Word(slot + off); ok && v-lo < hi-lo && leads(off, v) {
				return off, v, true
			}
			off += w
			continue
		}
		for ; uint64(len(b)) >= w; b = b[w:] {
			if v := im.Arch.Word(b); v-lo < hi-lo && leads(off, v) {
				return off, v, true
			}
			off += w
		}
	}
	return 0, 0, false
}

// Bounds returns the addresses between which those are that lead to an object; none for
// other nodes.
func (im *Image) Bounds(n heap.Node) (lo, hi uint64) {
	behind := sort.Search(len(im.Extents), func(i int) bool { return im.Extents[i].First > n })
	if behind == 0 {
		return 0, 0
	}
	e := &im.Extents[behind-1]
	if uint64(n-e.First) >= uint64(e.N) {
		return 0, 0
	}
	lo = e.Base + uint64(n-e.First)*e.Elem
	return lo, lo + e.Elem
}

// SlotMask returns the heap bits of a slot's first 64 words.
func (im *Image) SlotMask(e *Extent, slot uint64) uint64 { return im.SlotMaskFrom(e, slot, 0) }

// SlotMaskFrom returns the heap bits of a slot's 64 words that start off bytes
// into it; those behind its end are 0.
func (im *Image) SlotMaskFrom(e *Extent, slot, off uint64) uint64 {
	if off >= e.Elem {
		return 0
	}
	w := uint64(im.Arch.PtrSize)
	first, n := (slot+off-e.Base)/w, min((e.Elem-off)/w, 64)
	return Gather(im.heapBitsFrom(e, first/8, (first%8+n+7)/8), first%8, n)
}

// PointersEnd returns where behind the start of a slot its last word ends whose
// heap bit is set; 0 where there is none.
func (im *Image) PointersEnd(e *Extent, slot uint64) uint64 {
	w := uint64(im.Arch.PtrSize)
	for off := (e.Elem - w) / (64 * w) * (64 * w); ; off -= 64 * w {
		if mask := im.SlotMaskFrom(e, slot, off); mask != 0 {
			return off + uint64(bits.Len64(mask))*w
		}
		if off == 0 {
			return 0
		}
	}
}

// Gather returns n bits, at most 64, of b from bit first on, which is below 8.
func Gather(b []byte, first, n uint64) uint64 {
	var m uint64
	for i := range b {
		if s := uint64(i) * 8; s >= first {
			m |= uint64(b[i]) << (s - first)
		} else {
			m |= uint64(b[i]) >> (first - s)
		}
	}
	return m & LowBits(n)
}

// LowBits returns a word whose first n bits are set, all of them from 64 up.
func LowBits(n uint64) uint64 {
	if n >= 64 {
		return ^uint64(0)
	}
	return 1<<n - 1
}

// Filled returns how many bytes of a slot's size usable, after its header, can
// hold values of the given size that belong to a slice or a buffer. The allocator
// does not clear what is left over behind the last one, and the heap bits say
// where that is (runtime/mbitmap.go, writeHeapBitsSmall).
func (im *Image) Filled(e *Extent, slot, usable, size uint64) uint64 {
	if e.Pointers == HeapBits && size > 0 {
		usable = min(usable, AlignUp(im.PointersEnd(e, slot), size))
	}
	return usable
}

// HeapBits returns the bits of a span whose pointers are described by them, one
// for each word; nil where they are not in the core.
func (im *Image) HeapBits(e *Extent) []byte {
	return im.heapBitsFrom(e, 0, e.Size/uint64(im.Arch.PtrSize)/8)
}

// heapBitsFrom returns n bytes of the bits of a span.
func (im *Image) heapBitsFrom(e *Extent, from, n uint64) []byte {
	if im.ArenaBits != nil {
		if at := e.At + from; at <= uint64(len(im.ArenaBits)) && n <= uint64(len(im.ArenaBits))-at {
			return im.ArenaBits[at : at+n]
		}
		return nil
	}
	if !im.Arch.BigEndian {
		b, _ := im.Mem.Slice(e.At+from, n)
		return b
	}
	// The runtime writes the bits as words (runtime/mbitmap.go,
	// writeHeapBitsSmall): here the first byte of each has its last bits.
	w := uint64(im.Arch.PtrSize)
	start := from / w * w
	b, ok := im.Mem.Slice(e.At+start, AlignUp(from+n, w)-start)
	if !ok {
		return nil
	}
	b = slices.Clone(b)
	for word := b; len(word) > 0; word = word[w:] {
		slices.Reverse(word[:w])
	}
	return b[from-start:][:n]
}

// AlignUp rounds n up to a multiple of a.
func AlignUp(n, a uint64) uint64 { return (n + a - 1) / a * a }
