package image

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"
	"sort"

	"goheap/heap"
	"goheap/internal/progress"
)

// ScanGraph turns the image, whose nodes have numbers, into a graph that lacks the
// rows of SuperRoot and of the roots: the numbers of len(im.Specials) roots are
// kept free for specials that become some.
func (im *Image) ScanGraph(ctx context.Context, types *GCTypes) (*heap.Graph, error) {
	keeps, gap := im.keepsEdges()
	e, err := im.scanHeap(ctx, types, keeps, gap)
	if err != nil {
		return nil, err
	}
	extents := make([]heap.Extent, len(im.Extents))
	for i, x := range im.Extents {
		extents[i] = heap.Extent{First: x.First, Count: x.N, Size: x.Elem}
	}
	return heap.NewGraph(len(im.Roots)+len(im.Specials), e.offset, e.target, extents), nil
}

// RootGraph completes a graph of ScanGraph. A special is an edge of the object
// that it belongs to; if nothing else reaches that object the special becomes a
// Root of its own. Pointers that are but ways of the runtime's are left out: see ways.
// live is the set of nodes that are reached; the caller closes it.
func (im *Image) RootGraph(ctx context.Context, types *GCTypes, g *heap.Graph) (live *heap.Marker, err error) {
	phase := progress.Start(ctx, "live set", 0)
	defer phase.Finish()
	live = heap.NewMarker(g)
	w := im.newWays(g, live)
	defer w.free()
	if err := w.mark(ctx); err != nil {
		live.Close()
		return nil, err
	}
	live = im.specialRoots(types, g, live)
	im.writeRootRows(g, w)
	return live, nil
}

// keepsEdges returns the edges that specials add to their objects, sorted by
// object, and how many entries the rows of all roots can take.
func (im *Image) keepsEdges() (keeps []keepsEdge, gap uint64) {
	gap = uint64(len(im.Roots) + len(im.Specials) + len(im.Pieces))
	for _, s := range im.Specials {
		gap += uint64(len(s.Keeps))
		from, ok := im.Pages.Lookup(s.Object)
		if !ok {
			continue
		}
		if s.Kind == FinalizerSpecial {
			e := im.ExtentAt(s.Object)
			gap += e.Elem / uint64(im.Arch.PtrSize)
		}
		for _, p := range s.Keeps {
			if to, ok := im.Pages.Lookup(p); ok {
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
func (im *Image) eachTarget(r *Root, f func(heap.Node)) {
	for _, p := range im.Pieces[r.First : r.First+r.N] {
		if n, ok := im.Pages.Lookup(p.Value); ok && (!p.Conservative || im.mayBeLive(n, p.Value)) {
			f(n)
		}
	}
}

// mayBeLive reports whether a word that happens to look like the address addr in
// the slot of n may be a pointer. In a span that waits to be swept, what the last
// collection did not mark is garbage; nothing was allocated there since.
func (im *Image) mayBeLive(n heap.Node, addr uint64) bool {
	if !HasBit(im.Allocated, n) {
		return false
	}
	e := im.ExtentAt(addr)
	return e == nil || e.Swept || e.Sweeping || HasBit(im.Marked, n)
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
func (im *Image) specialRoots(types *GCTypes, g *heap.Graph, live *heap.Marker) *heap.Marker {
	type candidate struct {
		Root
		object heap.Node // heap.None where there is no such slot
	}
	var candidates []candidate
	for _, s := range im.Specials {
		object, ok := im.Pages.Lookup(s.Object)
		if !ok {
			object = heap.None
		} else if live.Has(object) {
			continue
		}
		c := candidate{im.specialRoot(types, s), object}
		candidates = append(candidates, c)
		im.eachTarget(&c.Root, live.Mark)
	}
	mutual := slices.ContainsFunc(candidates, func(c candidate) bool { return c.object != heap.None && live.Has(c.object) })
	if mutual {
		live.Close()
		live = heap.NewMarker(g)
		for i := range im.Roots {
			im.eachTarget(&im.Roots[i], live.Mark)
		}
		var needed []candidate
		for _, c := range slices.Backward(candidates) {
			if c.object == heap.None || !live.Has(c.object) {
				needed = append(needed, c)
				im.eachTarget(&c.Root, live.Mark)
			}
		}
		slices.Reverse(needed)
		candidates = needed
	}
	first := len(im.Roots)
	for _, c := range candidates {
		im.Roots = append(im.Roots, c.Root)
	}
	NumberNames(im.Roots[first:])
	return live
}

// specialRoot describes a special as a root, and appends what it keeps to the
// pieces.
func (im *Image) specialRoot(types *GCTypes, s Special) Root {
	r := Root{Goroutine: -1, Addr: s.Object, PointerType: s.PointerType, First: len(im.Pieces)}
	switch s.Kind {
	case FinalizerSpecial:
		r.Kind, r.Name = FinalizerRoot, fmt.Sprintf("finalizer of %#x", s.Object)
	case CleanupSpecial:
		r.Kind, r.Name = CleanupRoot, fmt.Sprintf("cleanup of %#x", s.Object)
	case WeakHandleSpecial:
		r.Kind, r.Name = WeakHandleRoot, fmt.Sprintf("weak handle of %#x", s.Object)
	}
	for _, p := range s.Keeps {
		im.Pieces = append(im.Pieces, Piece{Value: p, Frame: -1, Register: -1})
	}
	if e := im.ExtentAt(s.Object); e != nil && s.Kind == FinalizerSpecial && (s.Object-e.Base)/e.Elem < uint64(e.N) {
		slot := e.Base + (s.Object-e.Base)/e.Elem*e.Elem
		for _, off := range im.PointerWords(types, e, slot) {
			// The collector skips pointers of an object to itself (scanObject).
			if p, ok := im.Mem.Word(slot + off); ok && p-slot >= e.Elem {
				im.Pieces = append(im.Pieces, Piece{Slot: slot + off, Value: p, Frame: -1, Register: -1})
			}
		}
	}
	r.N = len(im.Pieces) - r.First
	return r
}

// writeRootRows fills the rows of SuperRoot and of the roots, which nobody knew
// while the heap was scanned, into the gap that was left for them.
func (im *Image) writeRootRows(g *heap.Graph, w *ways) {
	at := uint64(0)
	put := func(n heap.Node) {
		g.Target[at] = n
		at++
	}
	for i := range im.Roots {
		put(heap.Node(1 + i))
	}
	end := g.Offset[im.FirstNode()]
	for i := range im.Roots {
		g.Offset[1+i] = at
		r := &im.Roots[i]
		im.eachTarget(r, func(n heap.Node) {
			if w.holds(r, n) {
				put(n)
			}
		})
	}
	g.Offset[0] = 0
	// The numbers behind the last root are nobody's; the last of them has
	// what is left of the gap for its row.
	for n := 1 + len(im.Roots); n < int(im.FirstNode()); n++ {
		g.Offset[n] = at
	}
	g.Offset[im.FirstNode()] = end
}

// FirstNode returns the number of the lowest slot.
func (im *Image) FirstNode() heap.Node {
	if len(im.Extents) == 0 {
		return heap.Node(im.Nodes)
	}
	return im.Extents[0].First
}

// ExtentAt returns the extent whose span holds addr, or nil. It is asked for each object
// of a container: the search moves no extents about, as one of package slices does.
func (im *Image) ExtentAt(addr uint64) *Extent {
	behind := sort.Search(len(im.Extents), func(i int) bool { return im.Extents[i].Base > addr })
	if behind == 0 {
		return nil
	}
	e := &im.Extents[behind-1]
	if addr-e.Base >= e.Size {
		return nil
	}
	return e
}

// CountIn returns how many slots of an extent are in a set.
func (im *Image) CountIn(e *Extent, set []uint64) (n int) {
	for s := uint32(0); s < e.N; s += heap.ExtentAlign {
		at := e.First + heap.Node(s)
		n += bits.OnesCount8(uint8(set[at/64] >> (at % 64)))
	}
	return n
}
