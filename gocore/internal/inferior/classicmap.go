package inferior

import "goheap/gocore/internal/types"

// Classic maps are those until Go 1.23, and with GOEXPERIMENT=noswissmap until 1.25
// (runtime/map.go). A header (runtime.hmap) has an array of buckets, each of which may
// start a chain of overflow buckets. While a map grows it has its old array too. The
// same from Go 1.18 to runtime/map_noswiss.go of Go 1.25:
const (
	sameSizeGrow = 8 // flag: the old buckets are as many as the new ones
	minTopHash   = 5 // of an entry; less is an empty cell, or one that was evacuated

	// A map of less than 1<<preallocFrom buckets is made without overflow
	// buckets behind them (makeBucketArray).
	preallocFrom = 4
	// maxB bounds the logarithm of the number of buckets.
	maxB = 44
)

// classicMap fills in how maps of a type lie in memory.
func (s *Space) classicMap(m *Map) {
	bucket := s.Types.Type(m.Group)
	m.slots = s.bucketOf(bucket)
	m.extra, _ = s.Types.Lookup(string(s.Layout.Mapextra.Name))
	words := s.Types.Words(m.Group)
	m.chained = len(words) > 0
	m.parts = m.Group != 0 && bucket.Size > 0 && s.Types.Type(m.extra).Size > 0
	if overflow, ok := FieldOf(bucket, s.Layout.MapBucket.Overflow); ok && len(words) == 1 && s.Types.Type(overflow.Type).Kind == types.Pointer {
		// A bucket of DWARF points to the next one, while the real one may not:
		// see types.Table.MapGroup.
		m.parts = false
	}
}

// bucketOf reads the type of a bucket: tophash bytes, all keys, all elements, and a
// pointer to the next one (runtime.bmap).
func (s *Space) bucketOf(bucket *types.Type) (l slots) {
	names := &s.Layout.MapBucket
	overflow, ok := FieldOf(bucket, names.Overflow)
	keys, ok1 := FieldOf(bucket, names.Keys)
	elems, ok2 := FieldOf(bucket, names.Elems)
	if !ok2 {
		elems, ok2 = FieldOf(bucket, s.Layout.DWARFBucket.Values)
	}
	k, v := s.Types.Type(keys.Type), s.Types.Type(elems.Type)
	if !ok || !ok1 || !ok2 || k.Kind != types.Array || v.Kind != types.Array || k.Len != v.Len || keys.Offset < k.Len {
		return slots{}
	}
	if k.Elem == 0 || v.Elem == 0 {
		return slots{}
	}
	return slots{
		size: bucket.Size, first: k.Len, count: k.Len,
		key:      run{keys.Offset, s.Types.Type(k.Elem).Size, k.Elem},
		elem:     run{elems.Offset, s.Types.Type(v.Elem).Size, v.Elem},
		overflow: overflow.Offset,
	}
}

// classicHeader is what the header of a classic map says.
type classicHeader struct {
	count               uint64
	b, old              uint8 // logarithms of the numbers of buckets
	buckets, oldbuckets uint64
	extra               uint64
}

func (s *Space) classicHeader(r *Reader, addr uint64) (h classicHeader, ok bool) {
	l, a := &s.Layout.Hmap, s.Arch
	b := s.bytes(r, addr, uint64(l.Size))
	if len(b) == 0 {
		return h, false
	}
	h = classicHeader{
		count: l.Count.Uint(a, b), b: uint8(l.B.Uint(a, b)),
		buckets: l.Buckets.Uint(a, b), oldbuckets: l.Oldbuckets.Uint(a, b), extra: l.Extra.Uint(a, b),
	}
	h.old = h.b
	if l.Flags.Uint(a, b)&sameSizeGrow == 0 && h.b > 0 {
		h.old--
	}
	return h, h.b <= maxB
}

func (s *Space) classicLen(addr uint64) (uint64, bool) {
	h, ok := s.classicHeader(nil, addr)
	return h.count, ok && h.count < maxCount
}

func (s *Space) classicParts(r *Reader, m *Map, addr uint64, f func(Part)) {
	h, ok := s.classicHeader(r, addr)
	if !ok {
		return
	}
	s.bucketParts(m, h.buckets, h.b, f)
	s.bucketParts(m, h.oldbuckets, h.old, f)
	if h.extra == 0 {
		return
	}
	f(Part{Addr: h.extra, N: 1, Type: m.extra})
	if m.chained {
		return // each overflow bucket is found where the one before it points to it
	}
	// Buckets without pointers are not scanned: lists hold the overflow buckets
	// (runtime/map.go, mapextra).
	w := uint64(s.Arch.PtrSize)
	extra := &s.Layout.Mapextra
	for _, list := range []uint64{s.wordAt(h.extra, extra.Overflow), s.wordAt(h.extra, extra.Oldoverflow)} {
		header := r.Bytes(list, 2*w)
		if list == 0 || len(header) == 0 {
			continue
		}
		n := s.Arch.Word(header[w:])
		if n > maxCount {
			continue
		}
		chain := r.Bytes(s.Arch.Word(header), n*w)
		for ; len(chain) > 0; chain = chain[w:] {
			if !r.Take(w) {
				return
			}
			if p := s.Arch.Word(chain); p != 0 {
				f(Part{Addr: p, N: 1, Type: m.Group})
			}
		}
	}
}

// bucketParts tells of an array of 1<<b buckets. One of at least 1<<preallocFrom is
// made with overflow buckets behind it, as many as its slot has room for.
func (s *Space) bucketParts(m *Map, addr uint64, b uint8, f func(Part)) {
	if addr == 0 {
		return
	}
	n := uint64(1) << b
	if b >= preallocFrom {
		if _, size, ok := s.Slot(addr); ok {
			n = max(n, size/s.Types.Type(m.Group).Size)
		}
	}
	f(Part{Addr: addr, N: n, Type: m.Group, Array: true})
}

// Chains in a damaged core may form loops: after firstChain overflow buckets, no
// more than maxChain to each bucket of the array are believed. Maps grow when they
// have one to each (runtime/map.go, tooManyOverflowBuckets).
const (
	firstChain = 1 << 12
	maxChain   = 16
)

// bucketWalk visits the entries of a map's buckets.
type bucketWalk struct {
	s    *Space
	m    *Map
	f    func(Entry) bool
	left uint64 // how many more overflow buckets are believed
}

func (s *Space) classicEntries(m *Map, addr uint64, f func(Entry) bool) {
	h, ok := s.classicHeader(nil, addr)
	if !ok {
		return
	}
	walk := bucketWalk{s: s, m: m, f: f, left: firstChain}
	// An old bucket was emptied into the new ones, or they have nothing of it yet
	// (runtime/map.go, evacuate).
	if h.oldbuckets != 0 && !walk.array(h.oldbuckets, 1<<h.old) {
		return
	}
	if h.buckets != 0 {
		walk.array(h.buckets, 1<<h.b)
	}
}

// array visits n buckets from first and what is chained to them, until f returns
// false or something is not in the core.
func (w *bucketWalk) array(first, n uint64) bool {
	l := &w.m.slots
	for i := range n {
		w.left += maxChain
		for at := first + i*l.size; at != 0 && w.left > 0; w.left-- {
			tophash, ok := w.s.Mem.Slice(at, l.first)
			if !ok {
				return false
			}
			for k, top := range tophash {
				if top >= minTopHash && !w.f(w.m.entry(at, uint64(k))) {
					return false
				}
			}
			if at, ok = w.s.Mem.Word(at + l.overflow); !ok {
				return false
			}
		}
	}
	return true
}
