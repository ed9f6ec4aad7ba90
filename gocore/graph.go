package gocore

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"

	"goheap/heap"
	"goheap/internal/progress"
)

// scanGraph turns the image, whose nodes have numbers, into a graph that lacks the
// rows of SuperRoot and of the roots: the numbers of len(im.specials) roots are
// kept free for specials that become some.
func (im *image) scanGraph(ctx context.Context, t *progress.Tracker, types *gcTypes) (*heap.Graph, error) {
	keeps, gap := im.keepsEdges()
	e, err := im.scanHeap(ctx, t, types, keeps, gap)
	if err != nil {
		return nil, err
	}
	extents := make([]heap.Extent, len(im.extents))
	for i, x := range im.extents {
		extents[i] = heap.Extent{First: x.first, Count: x.n, Size: x.elem}
	}
	return heap.NewGraph(len(im.roots)+len(im.specials), e.offset, e.target, extents), nil
}

// rootGraph completes a graph of scanGraph. A special is an edge of the object
// that it belongs to; if nothing else reaches that object the special becomes a
// root of its own. live is the set of nodes that are reached; the caller closes
// it.
func (im *image) rootGraph(ctx context.Context, t *progress.Tracker, types *gcTypes, g *heap.Graph) (live *heap.Marker, err error) {
	phase := t.Start("live set", 0)
	defer phase.Finish()
	live = heap.NewMarker(g)
	for i := range im.roots {
		if err := ctx.Err(); err != nil {
			live.Close()
			return nil, err
		}
		im.eachTarget(&im.roots[i], live.Mark)
	}
	live = im.specialRoots(types, g, live)
	im.writeRootRows(g)
	return live, nil
}

// keepsEdges returns the edges that specials add to their objects, sorted by
// object, and how many entries the rows of all roots can take.
func (im *image) keepsEdges() (keeps []keepsEdge, gap uint64) {
	gap = uint64(len(im.roots) + len(im.specials) + len(im.pieces))
	for _, s := range im.specials {
		gap += uint64(len(s.keeps))
		from, ok := im.pages.lookup(s.object)
		if !ok {
			continue
		}
		if s.kind == finalizerSpecial {
			e := im.extentAt(s.object)
			gap += e.elem / uint64(im.arch.PtrSize)
		}
		for _, p := range s.keeps {
			if to, ok := im.pages.lookup(p); ok {
				keeps = append(keeps, keepsEdge{from, to})
			}
		}
	}
	slices.SortFunc(keeps, func(a, b keepsEdge) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	return slices.Compact(keeps), gap
}

// eachTarget calls f with the node of every piece of a root that resolves to
// one: a conservative word counts only where it lands in an allocated slot
// (runtime/mgcmark.go, scanConservative) that is not known to be garbage.
func (im *image) eachTarget(r *root, f func(heap.Node)) {
	for _, p := range im.pieces[r.first : r.first+r.n] {
		if n, ok := im.pages.lookup(p.value); ok && (!p.conservative || im.mayBeLive(n, p.value)) {
			f(n)
		}
	}
}

// mayBeLive reports whether a word that happens to look like the address addr in
// the slot of n may be a pointer. In a span that waits to be swept, what the last
// collection did not mark is garbage; nothing was allocated there since.
func (im *image) mayBeLive(n heap.Node, addr uint64) bool {
	if !hasBit(im.allocated, n) {
		return false
	}
	e := im.extentAt(addr)
	return e == nil || e.swept || e.sweeping || hasBit(im.marked, n)
}

// specialRoots makes roots of the specials whose objects nothing else reaches:
// for a finalizer of what the object points to, but not of the object itself, for
// every special of what its record holds (runtime/mgcmark.go, gcScanFinalizer).
// live is what the other roots reach; what all reach is returned in its place.
//
// Specials may reach each other's objects, and their own. Each whose object is
// not reached when its turn comes becomes a candidate. Going back over the
// candidates, one is needed if neither the other roots nor the later candidates
// reach its object: the earlier ones did not, or they would not have left a later
// one to become a candidate.
func (im *image) specialRoots(types *gcTypes, g *heap.Graph, live *heap.Marker) *heap.Marker {
	type candidate struct {
		root
		object heap.Node // heap.None where there is no such slot
	}
	var candidates []candidate
	for _, s := range im.specials {
		object, ok := im.pages.lookup(s.object)
		if !ok {
			object = heap.None
		} else if live.Has(object) {
			continue
		}
		c := candidate{im.specialRoot(types, s), object}
		candidates = append(candidates, c)
		im.eachTarget(&c.root, live.Mark)
	}
	mutual := slices.ContainsFunc(candidates, func(c candidate) bool { return c.object != heap.None && live.Has(c.object) })
	if mutual {
		live.Close()
		live = heap.NewMarker(g)
		for i := range im.roots {
			im.eachTarget(&im.roots[i], live.Mark)
		}
		var needed []candidate
		for _, c := range slices.Backward(candidates) {
			if c.object == heap.None || !live.Has(c.object) {
				needed = append(needed, c)
				im.eachTarget(&c.root, live.Mark)
			}
		}
		slices.Reverse(needed)
		candidates = needed
	}
	for _, c := range candidates {
		im.roots = append(im.roots, c.root)
	}
	return live
}

// specialRoot describes a special as a root, and appends what it keeps to the
// pieces.
func (im *image) specialRoot(types *gcTypes, s special) root {
	r := root{goroutine: -1, addr: s.object, first: len(im.pieces)}
	switch s.kind {
	case finalizerSpecial:
		r.kind, r.name = finalizerRoot, fmt.Sprintf("finalizer of %#x", s.object)
	case cleanupSpecial:
		r.kind, r.name = cleanupRoot, fmt.Sprintf("cleanup of %#x", s.object)
	case weakHandleSpecial:
		r.kind, r.name = weakHandleRoot, fmt.Sprintf("weak handle of %#x", s.object)
	}
	for _, p := range s.keeps {
		im.pieces = append(im.pieces, piece{value: p, frame: -1, register: -1})
	}
	if e := im.extentAt(s.object); e != nil && s.kind == finalizerSpecial {
		slot := e.base + (s.object-e.base)/e.elem*e.elem
		for _, off := range im.pointerWords(types, e, slot) {
			// The collector skips pointers of an object to itself (scanObject).
			if p, ok := im.mem.Word(slot + off); ok && p-slot >= e.elem {
				im.pieces = append(im.pieces, piece{slot: slot + off, value: p, frame: -1, register: -1})
			}
		}
	}
	r.n = len(im.pieces) - r.first
	return r
}

// writeRootRows fills the rows of SuperRoot and of the roots, which nobody knew
// while the heap was scanned, into the gap that was left for them.
func (im *image) writeRootRows(g *heap.Graph) {
	at := uint64(0)
	put := func(n heap.Node) {
		g.Target[at] = n
		at++
	}
	for i := range im.roots {
		put(heap.Node(1 + i))
	}
	end := g.Offset[im.firstNode()]
	for i := range im.roots {
		g.Offset[1+i] = at
		im.eachTarget(&im.roots[i], put)
	}
	g.Offset[0] = 0
	// The numbers behind the last root are nobody's; the last of them has
	// what is left of the gap for its row.
	for n := 1 + len(im.roots); n < int(im.firstNode()); n++ {
		g.Offset[n] = at
	}
	g.Offset[im.firstNode()] = end
}

// firstNode returns the number of the lowest slot.
func (im *image) firstNode() heap.Node {
	if len(im.extents) == 0 {
		return heap.Node(im.nodes)
	}
	return im.extents[0].first
}

// extentAt returns the extent whose span holds addr, or nil.
func (im *image) extentAt(addr uint64) *extent {
	i, ok := slices.BinarySearchFunc(im.extents, addr, func(e extent, a uint64) int { return cmp.Compare(e.base, a) })
	if !ok {
		i--
	}
	if i < 0 || addr-im.extents[i].base >= im.extents[i].size {
		return nil
	}
	return &im.extents[i]
}

// values returns where the values in the slot that holds addr start, and how many bytes
// of the slot they may take.
func (im *image) values(addr uint64) (start, size uint64, ok bool) {
	e := im.extentAt(addr)
	if e == nil {
		return 0, 0, false
	}
	i := (addr - e.base) / e.elem
	if i >= uint64(e.n) {
		return 0, 0, false
	}
	start, size = e.base+i*e.elem, e.elem
	if e.pointers == headers {
		start, size = start+mallocHeader, size-mallocHeader
	}
	return start, size, true
}

// pointerWords returns the offsets in bytes, ascending, of the words of a slot
// that the collector follows.
func (im *image) pointerWords(types *gcTypes, e *extent, slot uint64) []uint64 {
	w := uint64(im.arch.PtrSize)
	var out []uint64
	tiled := func(t *gcType, from uint64) {
		if t == nil {
			return
		}
		for start := from; start < e.elem; start += t.size {
			for _, word := range t.pointers {
				if off := start + uint64(word)*w; off+w <= e.elem {
					out = append(out, off)
				}
			}
		}
	}
	kind := e.pointers
	if im.listed && kind != noPointers {
		kind = heapBits
	}
	switch kind {
	case heapBits:
		bitmap := im.heapBits(e)
		if bitmap == nil {
			return nil
		}
		first := (slot - e.base) / w
		for word := range e.elem / w {
			if bitmap[(first+word)/8]>>((first+word)%8)&1 != 0 {
				out = append(out, word*w)
			}
		}
	case headers:
		if h, ok := im.mem.Word(slot); ok && h != 0 {
			tiled(types.at(h, e.elem), mallocHeader)
		}
	case oneType:
		if e.at != 0 {
			tiled(types.at(e.at, e.elem), 0)
		}
	}
	return out
}

// slotMask returns the heap bits of a slot's first 64 words.
func (im *image) slotMask(e *extent, slot uint64) uint64 { return im.slotMaskFrom(e, slot, 0) }

// slotMaskFrom returns the heap bits of a slot's 64 words that start off bytes
// into it; those behind its end are 0.
func (im *image) slotMaskFrom(e *extent, slot, off uint64) uint64 {
	if off >= e.elem {
		return 0
	}
	w := uint64(im.arch.PtrSize)
	first, n := (slot+off-e.base)/w, min((e.elem-off)/w, 64)
	return gather(im.heapBitsFrom(e, first/8, (first%8+n+7)/8), first%8, n)
}

// pointersEnd returns where behind the start of a slot its last word ends whose
// heap bit is set; 0 where there is none.
func (im *image) pointersEnd(e *extent, slot uint64) uint64 {
	w := uint64(im.arch.PtrSize)
	for off := (e.elem - w) / (64 * w) * (64 * w); ; off -= 64 * w {
		if mask := im.slotMaskFrom(e, slot, off); mask != 0 {
			return off + uint64(bits.Len64(mask))*w
		}
		if off == 0 {
			return 0
		}
	}
}

// gather returns n bits, at most 64, of b from bit first on, which is below 8.
func gather(b []byte, first, n uint64) uint64 {
	var m uint64
	for i := range b {
		if s := uint64(i) * 8; s >= first {
			m |= uint64(b[i]) << (s - first)
		} else {
			m |= uint64(b[i]) >> (first - s)
		}
	}
	return m & lowBits(n)
}

func lowBits(n uint64) uint64 {
	if n >= 64 {
		return ^uint64(0)
	}
	return 1<<n - 1
}

// filled returns how many bytes of a slot's size usable, after its header, can
// hold values of the given size that belong to a slice or a buffer. The allocator
// does not clear what is left over behind the last one, and the heap bits say
// where that is (runtime/mbitmap.go, writeHeapBitsSmall).
func (im *image) filled(e *extent, slot, usable, size uint64) uint64 {
	if e.pointers == heapBits && size > 0 {
		usable = min(usable, alignUp(im.pointersEnd(e, slot), size))
	}
	return usable
}

// countIn returns how many slots of an extent are in a set.
func (im *image) countIn(e *extent, set []uint64) (n int) {
	for s := uint32(0); s < e.n; s += heap.ExtentAlign {
		at := e.first + heap.Node(s)
		n += bits.OnesCount8(uint8(set[at/64] >> (at % 64)))
	}
	return n
}

// difference counts the slots that are in a but in none of the sets without, and
// their bytes, and returns the addresses of the first few.
func (im *image) difference(first int, a []uint64, without ...[]uint64) (slots, size uint64, examples []uint64) {
	for i := range im.extents {
		e := &im.extents[i]
		count := uint64(0)
		for s := uint32(0); s < e.n; s += heap.ExtentAlign {
			n := e.first + heap.Node(s)
			word := a[n/64]
			for _, b := range without {
				word &^= b[n/64]
			}
			rest := uint8(word >> (n % 64)) // what the extent leaves of the last eight is in no set
			count += uint64(bits.OnesCount8(rest))
			for ; rest != 0 && len(examples) < first; rest &= rest - 1 {
				examples = append(examples, e.base+uint64(s+uint32(bits.TrailingZeros8(rest)))*e.elem)
			}
		}
		slots += count
		size += count * e.elem
	}
	return slots, size, examples
}
