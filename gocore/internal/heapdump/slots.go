package heapdump

import (
	"bytes"
	"cmp"
	"slices"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/heap"
	"goheap/internal/flat"
)

// slotReader turns the records of objects into extents. They come span by span, and
// in a span in the order of their addresses, but the spans in any order
// (runtime/heapdump.go, dumpobjs).
type slotReader struct {
	rules heapRules
	im    *image.Image

	offsets []uint32 // of each slot's contents, from extent to extent: see dump.SlotRun
	mask    []byte   // the pointers of each extent: image.arenaBits
	runs    []dump.SlotRun

	open     bool
	extent   image.Extent // that is being read
	run      dump.SlotRun
	period   uint64 // see spanPeriod; 0 for a large object
	pointers int    // of its objects

	phantoms, objects uint64
}

// object takes the record that r is at. Its error is that of r.
func (s *slotReader) object(r *dump.HeapRecords) error {
	p := r.Params()
	addr, elem := r.Addr(), uint64(len(r.Contents))
	switch {
	case elem == 0 || elem%8 != 0:
		return r.Damaged("an object of %d bytes: no slot has this size; a record before is damaged perhaps: write the dump again, to a file that is new and on a disk with space", elem)
	case addr%8 != 0 || addr < p.ArenaStart || addr > p.ArenaEnd || elem > p.ArenaEnd-addr || p.ArenaEnd > image.MaxAddr:
		return r.Damaged("an object of %d bytes at %#x is not in the heap, which is from %#x to %#x: a record before is damaged perhaps, or a part of the file missing; write the dump again, to a file that is new and on a disk with space", elem, addr, p.ArenaStart, p.ArenaEnd)
	}
	e := &s.extent
	if off := addr - e.Base; !s.open || elem != e.Elem || addr < e.Base || off >= s.period || off%elem != 0 {
		base := addr
		if elem <= maxSmallSize {
			var ok bool
			if base, ok = spanBase(addr, elem); !ok {
				return r.Damaged("no span has a slot of %d bytes at %#x: a record before is damaged perhaps, or a part of the file missing; write the dump again, to a file that is new and on a disk with space", elem, addr)
			}
		} else if addr%image.PageSize != 0 {
			return r.Damaged("an object of %d bytes at %#x does not start a page, as large ones do: a record before is damaged perhaps, or a part of the file missing; write the dump again, to a file that is new and on a disk with space", elem, addr)
		}
		s.begin(base, elem, r.Start)
	}
	slot := (addr - e.Base) / elem
	if slot < uint64(e.N) || slot >= 1<<16-1 || !image.Divisible(elem, slot+1) {
		return r.Damaged("the object of %d bytes at %#x overlaps the one before it: a part of the file is missing perhaps; write the dump again, to a file that is new and on a disk with space", elem, addr)
	}
	w := s.rules.word
	first := slot * elem / w
	s.growMask(e.At + (first+elem/w+7)/8)
	s.pointers += r.Pointers(s.mask[e.At:], first)
	if err := r.Err(); err != nil {
		return err
	}
	for ; uint64(e.N) < slot; e.N++ {
		s.offsets = append(s.offsets, 0)
	}
	s.offsets = append(s.offsets, uint32(r.ContentsAt-s.run.At))
	e.N++
	return nil
}

func (s *slotReader) begin(base, elem, at uint64) {
	s.end()
	s.open, s.pointers, s.period = true, 0, 0
	if elem <= maxSmallSize {
		s.period = spanPeriod(elem)
	}
	s.extent = image.Extent{Base: base, Elem: elem, At: uint64(len(s.mask)), Swept: true}
	s.run = dump.SlotRun{Start: base, Elem: elem, First: uint64(len(s.offsets)), At: at}
}

func (s *slotReader) growMask(n uint64) {
	if have := uint64(len(s.mask)); n > have {
		s.mask = slices.Grow(s.mask, int(n-have))[:n]
		clear(s.mask[have:])
	}
}

// end closes the extent that is being read.
func (s *slotReader) end() {
	if !s.open {
		return
	}
	s.open = false
	e := &s.extent
	if s.rules.phantoms && e.Elem <= s.rules.minHeader() {
		s.dropPhantoms()
	}
	slots := s.offsets[s.run.First:]
	live := uint64(0)
	for _, off := range slots {
		if off != 0 {
			live++
		}
	}
	if live == 0 {
		s.offsets, s.mask = s.offsets[:s.run.First], s.mask[:e.At]
		return
	}
	s.objects += live
	e.Size, e.Freeindex = image.AlignUp(e.Elem*uint64(e.N), image.PageSize), e.N
	switch {
	case s.pointers == 0:
		e.Pointers = image.NoPointers
		s.mask = s.mask[:e.At]
	case s.rules.headers && e.Elem > maxSmallSize:
		e.Pointers = image.OneType // repeated over the slot; which it is, the dump does not say
	case s.rules.headers && e.Elem > s.rules.minHeader():
		e.Pointers = image.Headers
	default:
		e.Pointers = image.HeapBits
	}
	if e.Pointers != image.NoPointers {
		n := e.At + e.Size/s.rules.word/8
		s.growMask(n)
		s.mask = s.mask[:n]
	}
	s.run.N = e.N
	s.im.Extents = append(s.im.Extents, *e)
	s.runs = append(s.runs, s.run)
}

// dropPhantoms removes what are no slots from the end of the extent. Only spans
// with pointers list any, so that a record with one tells which kind it is.
func (s *slotReader) dropPhantoms() {
	e := &s.extent
	n := uint32(s.rules.slotsOf(e.Elem, s.pointers > 0))
	for ; e.N > n; e.N-- {
		if last := len(s.offsets) - 1; s.offsets[last] != 0 {
			s.phantoms++
		}
		s.offsets = s.offsets[:len(s.offsets)-1]
	}
}

// finish sorts the extents and gives the image its memory's slots and pointers. It
// returns how many extents overlapped others and were left out.
func (s *slotReader) finish(mem *dump.Memory, file []byte) (overlapping int) {
	s.end()
	byBase := func(a, b image.Extent) int { return cmp.Compare(a.Base, b.Base) }
	slices.SortStableFunc(s.im.Extents, byBase)
	slices.SortStableFunc(s.runs, func(a, b dump.SlotRun) int { return cmp.Compare(a.Start, b.Start) })
	extents, runs := s.im.Extents[:0], s.runs[:0]
	for i, e := range s.im.Extents {
		if n := len(extents); n > 0 && extents[n-1].Base+extents[n-1].Size > e.Base {
			overlapping++
			continue
		}
		extents, runs = append(extents, e), append(runs, s.runs[i])
	}
	s.im.Extents, s.runs = extents, runs
	s.im.ArenaBits, s.im.Listed = s.mask, true
	mem.SetSlots(file, runs, s.offsets)
	return overlapping
}

// settleLargest tells the slots of maxSmallSize bytes that start with a header from
// those that do not: a request of so many bytes has no room for one, and is a large
// object (runtime/malloc.go, mallocgc, Go 1.22). There is a header where the pointers
// in the dump are those of the type that it names.
func (s *slotReader) settleLargest(types *image.GCTypes) {
	for i := range s.im.Extents {
		if e := &s.im.Extents[i]; e.Pointers == image.Headers && e.Elem == maxSmallSize && !s.headed(e, types) {
			e.Pointers = image.OneType
		}
	}
}

func (s *slotReader) headed(e *image.Extent, types *image.GCTypes) bool {
	w := s.rules.word
	h, ok := s.im.Mem.Word(e.Base)
	if !ok || h == 0 {
		return false
	}
	t := types.At(h, e.Elem)
	if t == nil {
		return false
	}
	mask := make([]byte, e.Elem/w/8)
	for start := uint64(image.MallocHeader); start < e.Elem; start += t.Size {
		for _, word := range t.Pointers {
			if off := start + uint64(word)*w; off+w <= e.Elem {
				mask[off/w/8] |= 1 << (off / w % 8)
			}
		}
	}
	return bytes.Equal(mask, s.im.HeapBits(e)[:len(mask)])
}

// allocate fills the set of allocated slots, once they have numbers.
func (s *slotReader) allocate() {
	im := s.im
	words := (im.Nodes + 63) / 64
	im.Allocated, im.Marked, im.Fresh = flat.Make[uint64](words), flat.Make[uint64](words), flat.Make[uint64](words)
	for i := range im.Extents {
		e := &im.Extents[i]
		for k, off := range s.offsets[s.runs[i].First:][:e.N] {
			if off != 0 {
				image.SetBit(im.Allocated, e.First+heap.Node(k))
			}
		}
	}
}
