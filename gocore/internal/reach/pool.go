package reach

import (
	"context"
	"math/bits"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/waste"
	"goheap/heap"
)

// pooled returns the live objects that are reached through what sync.Pools consist of and
// in no other way: what would be free if all of them were empty. Those that a collection
// will drop next are among them. nil stands for none.
func pooled(ctx context.Context, c Config) (*heap.Bits, error) {
	of := poolTypes(c)
	if len(of) == 0 {
		return nil, ctx.Err()
	}
	var parts []heap.Node
	leads := false // to what is no part itself
	for i := range c.Image.Extents {
		if i%64 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		e := &c.Image.Extents[i]
		if e.Pointers == image.NoPointers {
			continue
		}
		for s, id := range c.IDs[e.First:][:e.N] {
			if n := e.First + heap.Node(s); isPoolPart(of, id) && image.HasBit(c.Live, n) {
				parts = append(parts, n)
				for _, to := range c.Graph.Targets(n) {
					leads = leads || !isPoolPart(of, c.IDs[to])
				}
			}
		}
	}
	if !leads {
		return nil, ctx.Err()
	}
	set, err := c.Graph.Reachable(ctx, parts...)
	if err != nil {
		return nil, err
	}
	for i, w := range set.Words() {
		set.Words()[i] = c.Live[i] &^ w
	}
	return set, nil
}

// poolTypes returns the types of the objects that a sync.Pool consists of: the caches of
// the processors, with the values that each has for itself, and the queues of others
// (sync/pool.go, sync/poolqueue.go).
func poolTypes(c Config) (of []types.ID) {
	l := &c.Space.Layout.Library
	for _, name := range []string{string(l.PoolLocal.Name), string(l.PoolChainElt.Name), string(l.PoolEface.Name)} {
		if id, ok := c.Types.Lookup(name); ok {
			of = append(of, id)
		}
	}
	return of
}

func isPoolPart(of []types.ID, id heap.TypeID) bool {
	if id == 0 || id >= typing.FirstFit {
		return false
	}
	t, _ := typing.SplitTypeID(id)
	for _, x := range of {
		if x == t {
			return true
		}
	}
	return false
}

// room tells of what an object has room for, unless a pool has all of it.
func (w *walker) room(f waste.Finding) {
	if !w.inPool(f.Node) {
		w.found(f)
	}
}

// throughPool reports whether a shortest way to an object leads through a pool: else pools
// are not all that keeps it.
func throughPool(c Config, n heap.Node) bool {
	of := poolTypes(c)
	for _, on := range c.Heap.PathTo(n) {
		if !c.Graph.IsRoot(on) && isPoolPart(of, c.IDs[on]) {
			return true
		}
	}
	return false
}

// inPool reports whether nothing but pools keep an object.
func (w *walker) inPool(n heap.Node) bool { return w.pooled != nil && w.pooled.Has(n) }

// chargePools calls f with the objects that only pools keep and that are not told of yet,
// by address: all of their slots.
func (w *walker) chargePools(f func(waste.Finding), told map[heap.Node]bool) {
	if w.pooled == nil {
		return
	}
	for i, word := range w.pooled.Words() {
		for ; word != 0; word &= word - 1 {
			n := heap.Node(i*64 + bits.TrailingZeros64(word))
			if !told[n] && n != heap.SuperRoot && !w.Graph.IsRoot(n) {
				f(waste.Finding{Rule: waste.Pool, Node: n, Bytes: w.Graph.Size(n)})
			}
		}
	}
}
