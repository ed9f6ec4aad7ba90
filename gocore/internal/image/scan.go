package image

import (
	"context"
	"encoding/binary"
	"math/bits"
	"runtime"
	"sync"
	"sync/atomic"

	"goheap/dump"
	"goheap/heap"
	"goheap/internal/flat"
	"goheap/internal/progress"
)

// edges are the rows of all slots in compressed sparse row form. The first gap
// entries of target are left for the rows of the roots.
type edges struct {
	offset []uint64
	target []heap.Node
}

// keepsEdge is an edge that no word of the object holds: a special of the
// object at from keeps to alive.
type keepsEdge struct{ from, to heap.Node }

// batchBytes is how much heap one worker scans before it hands over its edges.
const batchBytes = 4 << 20

// scanHeap reads every allocated slot in address order, live or not, and
// returns the pointers of each that resolve to a slot. A linear scan of
// everything followed by a mark over integers beats a mark that reads the heap
// at random. keeps is sorted by from.
func (im *Image) scanHeap(ctx context.Context, types *GCTypes, keeps []keepsEdge, gap uint64) (*edges, error) {
	phase := progress.Start(ctx, "scan heap", int64(len(im.Extents)))
	defer phase.Finish()

	// Untouched pages of the target array cost nothing, so that it is made for
	// the case that every word is a pointer.
	words := gap + uint64(len(keeps))
	for i := range im.Extents {
		if e := &im.Extents[i]; e.Pointers != NoPointers {
			words += e.Size / uint64(im.Arch.PtrSize)
		}
	}
	out := &edges{offset: flat.Make[uint64](im.Nodes + 1), target: flat.Make[heap.Node](int(words))}

	batches := im.batches()
	s := &scanner{im: im, types: types, keeps: keeps, out: out, next: gap, turn: make([]chan struct{}, len(batches)+1)}
	for i := range s.turn {
		s.turn[i] = make(chan struct{})
	}
	close(s.turn[0])
	var claimed atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, runtime.GOMAXPROCS(0))
	for worker := range errs {
		wg.Go(func() {
			var buf []heap.Node
			for {
				i := int(claimed.Add(1)) - 1
				if i >= len(batches)-1 {
					return
				}
				if errs[worker] == nil {
					errs[worker] = ctx.Err()
				}
				if errs[worker] == nil {
					errs[worker] = dump.Guard(func() error {
						buf = s.scan(batches[i], batches[i+1], buf[:0])
						return nil
					})
				}
				if errs[worker] != nil {
					buf = buf[:0]
				}
				<-s.turn[i]
				s.put(batches[i], batches[i+1], buf)
				close(s.turn[i+1])
				phase.Add(int64(batches[i+1] - batches[i]))
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			flat.Free(out.offset)
			flat.Free(out.target)
			return nil, err
		}
	}
	// The rows of numbers that belong to no slot are empty.
	first := heap.Node(im.Nodes)
	if len(im.Extents) > 0 {
		first = im.Extents[0].First
	}
	for n := range first {
		out.offset[n] = gap
	}
	im.Blind = int(s.blind.Load())
	out.offset[im.Nodes] = s.next
	out.target = out.target[:s.next]
	return out, nil
}

// batches cuts the extents into runs of about batchBytes: batch i is
// extents[b[i]:b[i+1]].
func (im *Image) batches() []int {
	b := []int{0}
	size := uint64(0)
	for i := range im.Extents {
		size += im.Extents[i].Size
		if size >= batchBytes || i == len(im.Extents)-1 {
			b = append(b, i+1)
			size = 0
		}
	}
	return b
}

// scanner turns extents into edges. Workers scan batches at the same time and
// put the results into the common arrays in order, one after the other, so that
// the outcome does not depend on who was first.
type scanner struct {
	im    *Image
	types *GCTypes
	keeps []keepsEdge
	out   *edges
	next  uint64 // entries of out.target in use
	turn  []chan struct{}
	blind atomic.Int64 // allocated slots whose pointers are not known
}

// scan appends the targets of all slots of extents [from, to) to buf, and sets
// the offsets of their nodes relative to the start of buf.
func (s *scanner) scan(from, to int, buf []heap.Node) []heap.Node {
	im := s.im
	extents := im.Extents[from:to]
	keeps := s.keeps
	if len(keeps) > 0 {
		keeps = keeps[keepsFrom(keeps, extents[0].First):]
	}
	blind := 0
	for i := range extents {
		e := &extents[i]
		var data, bitmap []byte
		var single *GCType
		kind := e.Pointers
		if im.Listed && kind != NoPointers {
			kind = HeapBits
		} else if kind != NoPointers {
			data, _ = im.Mem.Slice(e.Base, e.Size)
		}
		switch kind {
		case HeapBits:
			bitmap = im.HeapBits(e)
		case OneType:
			if e.At != 0 {
				single = s.types.At(e.At, e.Elem)
			}
		}
		var header uint64 // the last header's type, since neighbours are alike
		var headerType *GCType
		for slot := range e.N {
			n := e.First + heap.Node(slot)
			s.out.offset[n] = uint64(len(buf))
			if !HasBit(im.Allocated, n) {
				continue
			}
			off := uint64(slot) * e.Elem
			switch kind {
			case HeapBits:
				in, at := data, off
				if im.Listed {
					in, _ = im.Mem.Slice(e.Base+off, e.Elem)
					at = 0
				}
				if bitmap != nil {
					buf = s.byBits(buf, in[at:], bitmap, off, e.Elem)
				} else {
					blind++
				}
			case Headers:
				if h := im.Arch.Word(data[off:]); h != header || headerType == nil {
					header, headerType = h, nil
					if h != 0 {
						headerType = s.types.At(h, e.Elem)
					}
				}
				if headerType != nil {
					buf = s.byType(buf, data[off+MallocHeader:off+e.Elem], headerType)
				} else if header != 0 {
					blind++
				}
			case OneType:
				if single != nil {
					buf = s.byType(buf, data[:e.Elem], single)
				} else if e.At != 0 {
					blind++
				}
			}
			for len(keeps) > 0 && keeps[0].from <= n {
				if keeps[0].from == n {
					buf = append(buf, keeps[0].to)
				}
				keeps = keeps[1:]
			}
		}
		end := e.First + heap.Node(e.N)
		for pad := end; pad%heap.ExtentAlign != 0; pad++ {
			s.out.offset[pad] = uint64(len(buf))
		}
	}
	s.blind.Add(int64(blind))
	return buf
}

// byBits follows the words of a slot whose heap bits are set. data starts with the
// slot, which is off bytes into the span that the bitmap is for.
func (s *scanner) byBits(buf []heap.Node, data, bitmap []byte, off, elem uint64) []heap.Node {
	im := s.im
	if im.Arch.LittleWords64 {
		return byBits64(&im.Pages, buf, data, bitmap, off, elem)
	}
	w := uint64(im.Arch.PtrSize)
	first := off / w
	for word, end := first, (off+elem)/w; word < end; {
		// The bits of up to eight words at a time.
		b := bitmap[word/8] >> (word % 8)
		n := min(8-word%8, end-word)
		b &= byte(1<<n - 1)
		for ; b != 0; b &= b - 1 {
			p := im.Arch.Word(data[(word-first+uint64(bits.TrailingZeros8(b)))*w:])
			if p == 0 {
				continue
			}
			if to, ok := im.Pages.Lookup(p); ok {
				buf = append(buf, to)
			}
		}
		word += n
	}
	return buf
}

// byBits64 is byBits for little-endian words of 8 bytes. It takes the bits of up to
// 64 words at a time, which is all that a slot with heap bits of its own has.
func byBits64(pages *PageTable, buf []heap.Node, data, bitmap []byte, off, elem uint64) []heap.Node {
	start := off / 8
	for word, end := start, (off+elem)/8; word < end; {
		first := word % 8
		n := min(64-first, end-word)
		var mask uint64
		if b := bitmap[word/8:]; len(b) >= 8 {
			mask = binary.LittleEndian.Uint64(b) >> first & LowBits(n)
		} else {
			mask = Gather(b, first, n)
		}
		words := data[(word-start)*8:]
		for ; mask != 0; mask &= mask - 1 {
			p := binary.LittleEndian.Uint64(words[bits.TrailingZeros64(mask)*8:])
			if p == 0 {
				continue
			}
			if to, ok := pages.Lookup(p); ok {
				buf = append(buf, to)
			}
		}
		word += n
	}
	return buf
}

// byType follows the pointers of a type, repeated over data as
// runtime.typePointers does: a slice's elements share one descriptor.
func (s *scanner) byType(buf []heap.Node, data []byte, t *GCType) []heap.Node {
	im := s.im
	w := uint64(im.Arch.PtrSize)
	for start := uint64(0); start < uint64(len(data)); start += t.Size {
		for _, word := range t.Pointers {
			at := start + uint64(word)*w
			if at+w > uint64(len(data)) {
				return buf
			}
			p := im.Arch.Word(data[at:])
			if p == 0 {
				continue
			}
			if to, ok := im.Pages.Lookup(p); ok {
				buf = append(buf, to)
			}
		}
	}
	return buf
}

// put copies a batch's targets behind those of the batches before it.
func (s *scanner) put(from, to int, buf []heap.Node) {
	base := s.next
	copy(s.out.target[base:], buf)
	s.next += uint64(len(buf))
	first := s.im.Extents[from].First
	last := s.im.Extents[to-1]
	offsets := s.out.offset[first:AlignUp(uint64(last.First)+uint64(last.N), heap.ExtentAlign)]
	for i := range offsets {
		offsets[i] += base
	}
}

// keepsFrom returns the index of the first edge from n or a later node.
func keepsFrom(keeps []keepsEdge, n heap.Node) int {
	lo, hi := 0, len(keeps)
	for lo < hi {
		if mid := (lo + hi) / 2; keeps[mid].from < n {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}
