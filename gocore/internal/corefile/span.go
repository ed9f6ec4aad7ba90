package corefile

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/internal/flat"
)

// Span states (runtime/mheap.go, mSpanState).
const spanInUse = 1

// specialsOf is a span with specials.
type specialsOf struct{ base, list uint64 }

// readSpans fills extents from mheap_.allspans. Spans that contradict
// themselves or are missing from the core are left out and counted.
func (d *decoder) readSpans(ctx context.Context) error {
	rt, im := d.Layout, d.Image
	heapAddr, err := d.Global("runtime.mheap_")
	if err != nil {
		return err
	}
	mheap, ok := im.Mem.Slice(heapAddr, uint64(rt.Mheap.Size))
	if !ok {
		return fmt.Errorf("%w: the page of runtime.mheap_ at %#x is not in the core", dump.ErrTruncated, heapAddr)
	}
	d.sweepgen = uint32(rt.Mheap.Sweepgen.Uint(im.Arch, mheap))
	word := uint64(im.Arch.PtrSize)
	all := rt.Mheap.AllSpans.Offset
	count := im.Arch.Word(mheap[all+word:])
	list, ok := im.Mem.Items(im.Arch.Word(mheap[all:]), count, word, program.MaxList)
	if !ok {
		return fmt.Errorf("%w: the list of %d spans at %#x is not in the core", dump.ErrTruncated, count, im.Arch.Word(mheap[all:]))
	}
	var missing, damaged, absent, repeated int
	var seen map[uint64]bool // nil where nothing stands in the list twice
	if d.repeats(list) {
		seen = map[uint64]bool{}
	}
	// Each extent has a page of memory of its own, whatever the list says.
	im.Extents = make([]image.Extent, 0, min(count, im.Mem.Size()/image.PageSize+1))
	var lists []specialsOf
	for i := range count {
		if err := program.Look(ctx, int(i)); err != nil {
			return err
		}
		addr := im.Arch.Word(list[i*word:])
		if seen[addr] {
			repeated++
			continue
		}
		if seen != nil {
			seen[addr] = true
		}
		b, ok := im.Mem.Slice(addr, uint64(rt.Mspan.Size))
		if !ok {
			missing++
			continue
		}
		if state := rt.Mspan.State.Uint(im.Arch, b) & 0xff; state != spanInUse {
			if state == spanManual {
				d.manualSpan(b)
			}
			continue
		}
		e, ok := d.extent(b)
		if !ok {
			damaged++
			continue
		}
		if rt.Mspan.IsUserArenaChunk.Uint(im.Arch, b) != 0 {
			if e.Pointers == image.NoPointers {
				// It was freed and has no memory: it only waits for the last pointer to
				// it to go (runtime/arena.go, setUserArenaChunkToFault).
				marks := e.MarkBits
				if e.Swept {
					marks = e.AllocBits
				}
				if b, ok := im.Mem.Slice(marks, 1); ok && b[0]&1 != 0 {
					im.FreedMarked += e.Elem
				}
				continue
			}
			im.AddChunk(&e, rt.Mspan.ChunkFree.Uint(im.Arch, b), rt.Mspan.ChunkFreeLimit.Uint(im.Arch, b))
		}
		if !im.Mem.Present(e.Base, e.Size) {
			absent++
			continue
		}
		im.Extents = append(im.Extents, e)
		if list := rt.Mspan.Specials.Uint(im.Arch, b); list != 0 {
			lists = append(lists, specialsOf{e.Base, list})
		}
	}
	slices.SortFunc(im.Extents, func(a, b image.Extent) int { return cmp.Compare(a.Base, b.Base) })
	kept := im.Extents[:0]
	for _, e := range im.Extents {
		if n := len(kept); n > 0 && kept[n-1].Base+kept[n-1].Size > e.Base {
			damaged++
			continue
		}
		kept = append(kept, e)
	}
	im.Extents = kept
	im.SortChunks()
	for _, l := range lists {
		if e := im.ExtentAt(l.base); e != nil && e.Base == l.base {
			if err := d.readSpecials(ctx, *e, l.list); err != nil {
				return err
			}
		}
	}
	d.Problem(dump.Error, d.strayed, "records attached to objects (runtime.special) stand in two lists, or belong to no object of their span: they were left out, with what follows them in their lists")
	d.Problem(dump.Error, repeated, "span records (runtime.mspan) stand in the list of all spans more than once: each was read once, and others are missing perhaps")
	d.Problem(dump.Error, missing, "span records (runtime.mspan) are not in the core: their objects are missing")
	d.Problem(dump.Error, damaged, "span records contradict themselves or overlap: their objects are left out")
	d.Problem(dump.Error, absent, "spans of heap memory are not in the core: their objects are missing")
	slices.SortStableFunc(im.Samples, func(a, b image.Sample) int { return cmp.Compare(a.Object, b.Object) })
	slices.SortStableFunc(im.Specials, func(a, b image.Special) int { return cmp.Compare(a.Object, b.Object) })
	if len(im.Extents) == 0 {
		return fmt.Errorf("%w: none of the %d spans of runtime.mheap_ holds objects that are in the core", dump.ErrTruncated, count)
	}
	if d.hasArenaBits() {
		return d.readArenaBits(ctx)
	}
	return nil
}

// repeats reports whether an address stands in a list more than once. In nearly all
// lists none does, and to sort the addresses takes less time than a set of them.
func (d *decoder) repeats(list []byte) bool {
	arch := d.Image.Arch
	words := make([]uint64, len(list)/arch.PtrSize)
	for i := range words {
		words[i] = arch.Word(list[i*arch.PtrSize:])
	}
	slices.Sort(words)
	return len(slices.Compact(words)) < len(list)/arch.PtrSize
}

// extent decodes one mspan in use, and reports whether it makes sense.
func (d *decoder) extent(b []byte) (image.Extent, bool) {
	f, a := &d.Layout.Mspan, d.Image.Arch
	e := image.Extent{
		Base:      f.StartAddr.Uint(a, b),
		Size:      f.Npages.Uint(a, b) << image.PageShift,
		Elem:      f.Elemsize.Uint(a, b),
		N:         uint32(f.Nelems.Uint(a, b)),
		Freeindex: uint32(f.Freeindex.Uint(a, b)),
		AllocBits: f.AllocBits.Uint(a, b),
	}
	if e.Base%image.PageSize != 0 || e.Base >= image.MaxAddr || e.Size == 0 || e.Size >= image.MaxAddr || f.Npages.Uint(a, b) >= image.MaxAddr>>image.PageShift ||
		e.Elem == 0 || e.Elem%8 != 0 || e.N == 0 || e.Elem > e.Size/uint64(e.N) || e.N > 1<<16-1 || !image.Divisible(e.Elem, uint64(e.N)) {
		return e, false
	}
	e.Freeindex = min(e.Freeindex, e.N)
	class := f.Spanclass.Uint(a, b)
	noscan, large := class&1 != 0, class>>1 == 0
	arenaBits := d.hasArenaBits()
	inline := uint64(0)
	if size := uint64(d.Layout.InlineMarkBits.Size); size > 0 && e.Elem >= 16 && e.Elem <= d.minHeader() && !large {
		// runtime/mgcmark_greenteagc.go, gcUsesSpanInlineMarkBits: the
		// marks lie at the end of the span's first and only page.
		inline = size
		e.Inline = e.Base + image.PageSize - size + d.Layout.InlineMarkBits.Marks.Offset
	}
	switch {
	case noscan:
		e.Pointers = image.NoPointers
	case arenaBits:
		e.Pointers = image.HeapBits // see readArenaBits
	case large:
		e.Pointers, e.At = image.OneType, f.LargeType.Uint(a, b)
	case e.Elem <= d.minHeader():
		if e.Size != image.PageSize {
			return e, false // slots of these sizes lie in spans of one page (internal/runtime/gc/sizeclasses.go)
		}
		// runtime/mbitmap.go, spanHeapBitsRange.
		e.Pointers, e.At = image.HeapBits, e.Base+e.Size-e.Size/uint64(a.PtrSize)/8-inline
	default:
		e.Pointers = image.Headers
	}
	// A span is swept when its generation is the heap's, or 3 more while it is
	// cached; it is 1 less while it is being swept, and 1 more where it is cached
	// and has to be swept (runtime/mheap.go, mspan.sweepgen).
	gen := uint32(f.Sweepgen.Uint(a, b))
	e.Swept, e.Sweeping = gen == d.sweepgen || gen == d.sweepgen+3, gen == d.sweepgen-1
	if !e.Swept {
		e.MarkBits = f.GCMarkBits.Uint(a, b)
	}
	if gen == d.sweepgen+3 || gen == d.sweepgen+1 {
		// The statistics have what was allocated before the span was cached, or
		// until Go 1.18 all of its slots (runtime/mcache.go, refill).
		counted := int64(e.N)
		if f.CountBeforeCache.Has() {
			counted = int64(f.CountBeforeCache.Uint(a, b))
		}
		uncounted := int64(f.AllocCount.Uint(a, b)) - counted
		d.cachedBytes += uncounted * int64(e.Elem)
		d.cachedSlots += uncounted
	} else if e.Swept && e.N > 1 && f.CountBeforeCache.Has() {
		d.uncached = max(d.uncached, int64(f.AllocCount.Uint(a, b))-int64(f.CountBeforeCache.Uint(a, b)))
	}
	return e, true
}

// hasArenaBits reports whether the pointers of objects are described by arena, not
// by span, header or type: until Go 1.21, and with GOEXPERIMENT=noallocheaders in
// Go 1.22.
func (d *decoder) hasArenaBits() bool {
	return d.Layout.HeapArena.Bitmap.Has() || d.Layout.HeapArena.PtrScalarBitmap.Has()
}

// minHeader is the largest slot whose pointers are described by heap bits
// rather than by a malloc header: a bit for each word in one word
// (internal/runtime/gc, MinSizeForMallocHeader).
func (d *decoder) minHeader() uint64 {
	p := uint64(d.Image.Arch.PtrSize)
	return p * p * 8
}

// readBits fills the bit sets of slots once nodes have numbers.
func (d *decoder) readBits() {
	im := d.Image
	words := (im.Nodes + 63) / 64
	im.Allocated, im.Marked, im.Fresh = flat.Make[uint64](words), flat.Make[uint64](words), flat.Make[uint64](words)
	missing := 0
	for i := range im.Extents {
		e := &im.Extents[i]
		size := (uint64(e.N) + 7) / 8
		switch {
		case e.Sweeping:
			im.Sweeping.Spans++
			im.Sweeping.Slots += uint64(e.N)
		case !e.Swept:
			im.Sweeping.Unswept++
		}
		alloc, ok := im.Mem.Slice(e.AllocBits, size)
		if !ok {
			missing++
			alloc = nil
		}
		var marks, inline []byte
		if !e.Swept {
			marks, _ = im.Mem.Slice(e.MarkBits, size)
			if e.Inline != 0 {
				inline, _ = im.Mem.Slice(e.Inline, size)
			}
		}
		for at := uint32(0); at < e.N; at += 8 {
			was := image.ByteAt(alloc, at/8)
			now := was | byte(1<<min(8, max(e.Freeindex, at)-at)-1)
			valid := byte(1<<min(8, e.N-at) - 1)
			mark := was
			if !e.Swept {
				mark = image.ByteAt(marks, at/8) | image.ByteAt(inline, at/8)
			}
			if e.Sweeping {
				// The marks become the allocation bits, and nobody can tell
				// whether they have (runtime/mgcsweep.go, sweepLocked.sweep).
				now, mark, was = now|mark, 0, 0
				im.Sweeping.Fresh += uint64(bits.OnesCount8(now & valid))
			}
			n := uint32(e.First) + at
			put := func(set []uint64, b byte) { set[n/64] |= uint64(b&valid) << (n % 64) }
			put(im.Allocated, now)
			put(im.Marked, mark)
			if e.Swept || e.Sweeping {
				put(im.Fresh, now&^was)
			}
		}
	}
	d.Problem(dump.Error, missing, "spans have no readable allocation bits: some of their objects are missing")
}
