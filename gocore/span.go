package gocore

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"

	"goheap/dump"
	"goheap/internal/flat"
)

// Span states (runtime/mheap.go, mSpanState).
const spanInUse = 1

// maxSpanAddr bounds where spans may lie: no supported platform has more than
// 48 bits of heap addresses (runtime/malloc.go, heapAddrBits).
const maxSpanAddr = 1 << 48

// specialsOf is a span with specials.
type specialsOf struct{ base, list uint64 }

// readSpans fills extents from mheap_.allspans. Spans that contradict
// themselves or are missing from the core are left out and counted.
func (d *coreDecoder) readSpans(ctx context.Context) error {
	rt, im := d.layout, d.im
	heapAddr, err := d.global("runtime.mheap_")
	if err != nil {
		return err
	}
	mheap, ok := im.mem.Slice(heapAddr, uint64(rt.Mheap.Size))
	if !ok {
		return fmt.Errorf("%w: the page of runtime.mheap_ at %#x is not in the core", dump.ErrTruncated, heapAddr)
	}
	d.sweepgen = uint32(rt.Mheap.Sweepgen.Uint(im.arch, mheap))
	word := uint64(im.arch.PtrSize)
	all := rt.Mheap.AllSpans.Offset
	count := im.arch.Word(mheap[all+word:])
	list, ok := items(im.mem, im.arch.Word(mheap[all:]), count, word, maxList)
	if !ok {
		return fmt.Errorf("%w: the list of %d spans at %#x is not in the core", dump.ErrTruncated, count, im.arch.Word(mheap[all:]))
	}
	var missing, damaged, absent, repeated int
	seen := make(map[uint64]bool, min(count, someItems))
	var lists []specialsOf
	for i := range count {
		if err := look(ctx, int(i)); err != nil {
			return err
		}
		addr := im.arch.Word(list[i*word:])
		if seen[addr] {
			repeated++
			continue
		}
		seen[addr] = true
		b, ok := im.mem.Slice(addr, uint64(rt.Mspan.Size))
		if !ok {
			missing++
			continue
		}
		if rt.Mspan.State.Uint(im.arch, b)&0xff != spanInUse {
			continue
		}
		e, ok := d.extent(b)
		if !ok {
			damaged++
			continue
		}
		if !present(im.mem, e.base, e.size) {
			absent++
			continue
		}
		im.extents = append(im.extents, e)
		if list := rt.Mspan.Specials.Uint(im.arch, b); list != 0 {
			lists = append(lists, specialsOf{e.base, list})
		}
	}
	slices.SortFunc(im.extents, func(a, b extent) int { return cmp.Compare(a.base, b.base) })
	kept := im.extents[:0]
	for _, e := range im.extents {
		if n := len(kept); n > 0 && kept[n-1].base+kept[n-1].size > e.base {
			damaged++
			continue
		}
		kept = append(kept, e)
	}
	im.extents = kept
	for _, l := range lists {
		if e := im.extentAt(l.base); e != nil && e.base == l.base {
			if err := d.readSpecials(ctx, *e, l.list); err != nil {
				return err
			}
		}
	}
	d.problem(dump.Error, d.strayed, "records attached to objects (runtime.special) stand in two lists, or belong to no object of their span: they were left out, with what follows them in their lists")
	d.problem(dump.Error, repeated, "span records (runtime.mspan) stand in the list of all spans more than once: each was read once, and others are missing perhaps")
	d.problem(dump.Error, missing, "span records (runtime.mspan) are not in the core: their objects are missing")
	d.problem(dump.Error, damaged, "span records contradict themselves or overlap: their objects are left out")
	d.problem(dump.Error, absent, "spans of heap memory are not in the core: their objects are missing")
	slices.SortStableFunc(im.samples, func(a, b sample) int { return cmp.Compare(a.object, b.object) })
	slices.SortStableFunc(im.specials, func(a, b special) int { return cmp.Compare(a.object, b.object) })
	if len(im.extents) == 0 {
		return fmt.Errorf("%w: none of the %d spans of runtime.mheap_ holds objects that are in the core", dump.ErrTruncated, count)
	}
	if d.hasArenaBits() {
		return d.readArenaBits(ctx)
	}
	return nil
}

// extent decodes one mspan in use, and reports whether it makes sense.
func (d *coreDecoder) extent(b []byte) (extent, bool) {
	f, a := &d.layout.Mspan, d.im.arch
	e := extent{
		base:      f.StartAddr.Uint(a, b),
		size:      f.Npages.Uint(a, b) << pageShift,
		elem:      f.Elemsize.Uint(a, b),
		n:         uint32(f.Nelems.Uint(a, b)),
		freeindex: uint32(f.Freeindex.Uint(a, b)),
		allocBits: f.AllocBits.Uint(a, b),
	}
	if e.base%pageSize != 0 || e.base >= maxSpanAddr || e.size == 0 || e.size >= maxSpanAddr || f.Npages.Uint(a, b) >= maxSpanAddr>>pageShift ||
		e.elem == 0 || e.elem%8 != 0 || e.n == 0 || e.elem > e.size/uint64(e.n) || (e.n > 1 && e.elem > maxSmallElem) || e.n > 1<<16-1 {
		return e, false
	}
	e.freeindex = min(e.freeindex, e.n)
	class := f.Spanclass.Uint(a, b)
	noscan, large := class&1 != 0, class>>1 == 0
	arenaBits := d.hasArenaBits()
	inline := uint64(0)
	if size := uint64(d.layout.InlineMarkBits.Size); size > 0 && e.elem >= 16 && e.elem <= d.minHeader() && !large {
		// runtime/mgcmark_greenteagc.go, gcUsesSpanInlineMarkBits: the
		// marks lie at the end of the span's first and only page.
		inline = size
		e.inline = e.base + pageSize - size + d.layout.InlineMarkBits.Marks.Offset
	}
	switch {
	case noscan:
		e.pointers = noPointers
	case arenaBits:
		e.pointers = heapBits // see readArenaBits
	case large:
		e.pointers, e.at = oneType, f.LargeType.Uint(a, b)
	case e.elem <= d.minHeader():
		if e.size != pageSize {
			return e, false // slots of these sizes lie in spans of one page (internal/runtime/gc/sizeclasses.go)
		}
		// runtime/mbitmap.go, spanHeapBitsRange.
		e.pointers, e.at = heapBits, e.base+e.size-e.size/uint64(a.PtrSize)/8-inline
	default:
		e.pointers = headers
	}
	// A span is swept when its generation is the heap's, or 3 more while it is
	// cached; it is 1 less while it is being swept, and 1 more where it is cached
	// and has to be swept (runtime/mheap.go, mspan.sweepgen).
	gen := uint32(f.Sweepgen.Uint(a, b))
	e.swept, e.sweeping = gen == d.sweepgen || gen == d.sweepgen+3, gen == d.sweepgen-1
	if !e.swept {
		e.markBits = f.GCMarkBits.Uint(a, b)
	}
	if gen == d.sweepgen+3 || gen == d.sweepgen+1 {
		// The statistics have what was allocated before the span was cached, or
		// until Go 1.18 all of its slots (runtime/mcache.go, refill).
		counted := int64(e.n)
		if f.CountBeforeCache.Has() {
			counted = int64(f.CountBeforeCache.Uint(a, b))
		}
		uncounted := int64(f.AllocCount.Uint(a, b)) - counted
		d.cachedBytes += uncounted * int64(e.elem)
		d.cachedSlots += uncounted
	}
	return e, true
}

// hasArenaBits reports whether the pointers of objects are described by arena, not
// by span, header or type: until Go 1.21, and with GOEXPERIMENT=noallocheaders in
// Go 1.22.
func (d *coreDecoder) hasArenaBits() bool {
	return d.layout.HeapArena.Bitmap.Has() || d.layout.HeapArena.PtrScalarBitmap.Has()
}

// minHeader is the largest slot whose pointers are described by heap bits
// rather than by a malloc header: a bit for each word in one word
// (internal/runtime/gc, MinSizeForMallocHeader).
func (d *coreDecoder) minHeader() uint64 {
	p := uint64(d.im.arch.PtrSize)
	return p * p * 8
}

// readBits fills the bit sets of slots once nodes have numbers.
func (d *coreDecoder) readBits() {
	im := d.im
	words := (im.nodes + 63) / 64
	im.allocated, im.marked, im.fresh = flat.Make[uint64](words), flat.Make[uint64](words), flat.Make[uint64](words)
	missing := 0
	for i := range im.extents {
		e := &im.extents[i]
		size := (uint64(e.n) + 7) / 8
		switch {
		case e.sweeping:
			im.sweeping.spans++
			im.sweeping.slots += uint64(e.n)
		case !e.swept:
			im.sweeping.unswept++
		}
		alloc, ok := im.mem.Slice(e.allocBits, size)
		if !ok {
			missing++
			alloc = nil
		}
		var marks, inline []byte
		if !e.swept {
			marks, _ = im.mem.Slice(e.markBits, size)
			if e.inline != 0 {
				inline, _ = im.mem.Slice(e.inline, size)
			}
		}
		for at := uint32(0); at < e.n; at += 8 {
			was := byteAt(alloc, at/8)
			now := was | byte(1<<min(8, max(e.freeindex, at)-at)-1)
			valid := byte(1<<min(8, e.n-at) - 1)
			mark := was
			if !e.swept {
				mark = byteAt(marks, at/8) | byteAt(inline, at/8)
			}
			if e.sweeping {
				// The marks become the allocation bits, and nobody can tell
				// whether they have (runtime/mgcsweep.go, sweepLocked.sweep).
				now, mark, was = now|mark, 0, 0
				im.sweeping.fresh += uint64(bits.OnesCount8(now & valid))
			}
			n := uint32(e.first) + at
			put := func(set []uint64, b byte) { set[n/64] |= uint64(b&valid) << (n % 64) }
			put(im.allocated, now)
			put(im.marked, mark)
			if e.swept || e.sweeping {
				put(im.fresh, now&^was)
			}
		}
	}
	d.problem(dump.Error, missing, "spans have no readable allocation bits: some of their objects are missing")
}

func byteAt(b []byte, i uint32) byte {
	if i < uint32(len(b)) {
		return b[i]
	}
	return 0
}

// countSlots returns how many slots are in a set, and their bytes.
func (im *image) countSlots(set []uint64) (slots, size uint64) {
	slots, size, _ = im.difference(0, set)
	return slots, size
}
