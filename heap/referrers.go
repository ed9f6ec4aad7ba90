package heap

import (
	"context"
	"sync"

	"goheap/internal/flat"
	"goheap/internal/progress"
)

// Referrers are the predecessors of the live nodes: 8 bytes per live node that
// is not folded and 4 bytes per edge to one. They belong to the Dominators
// they come from.
type Referrers struct {
	d     *Dominators
	start []uint64 // by preorder number
	from  []Node
}

// Of returns the live nodes that point to n, ascending; one that has several
// pointers to n is there as often. SuperRoot is the first referrer of a root.
// A node that is not live has none. The slice is the callee's.
func (r *Referrers) Of(n Node) []Node {
	switch i := r.d.of(n); {
	case i == 0:
		return nil
	case r.d.folded.Has(n):
		return r.d.vertex[i : i+1 : i+1]
	default:
		lo, hi := r.start[i], r.start[i+1]
		return r.from[lo:hi:hi]
	}
}

func (r *Referrers) free() {
	if r != nil {
		flat.Free(r.start)
		flat.Free(r.from)
	}
}

// Referrers returns the predecessors of the live nodes. The first call builds
// them, in about the time of marking; later calls return the same. The error
// is the context's; the next call starts anew.
func (d *Dominators) Referrers(ctx context.Context) (*Referrers, error) {
	d.pathsMu.Lock()
	defer d.pathsMu.Unlock()
	if d.referrers == nil {
		r, err := d.turn(ctx)
		if err != nil {
			r.free()
			return nil, err
		}
		d.referrers = r
	}
	return d.referrers, nil
}

// turn sorts the live edges by target. Each worker has a range of targets and
// reads the edges of all nodes in order: no two write to the same place, and
// the referrers come out ascending.
func (d *Dominators) turn(ctx context.Context) (*Referrers, error) {
	g, number, folded := d.g, d.number, d.folded.word
	workers := maxWorkers()
	p := progress.Start(ctx, "referrers", int64(workers)*2*int64(g.Len()))
	defer p.Finish()

	// As in predecessors, what is counted in start[i+2] ends in start[i].
	r := &Referrers{d: d, start: flat.Make[uint64](len(d.vertex) + 2)}
	start := r.start
	pass := func(f func(from Node, i uint32)) {
		var wait sync.WaitGroup
		for w := range workers {
			lo := uint32(uint64(len(d.vertex)) * uint64(w) / uint64(workers))
			hi := uint32(uint64(len(d.vertex)) * uint64(w+1) / uint64(workers))
			wait.Go(func() {
				for n, k := range number {
					if n&(checkEvery-1) == 0 {
						if ctx.Err() != nil {
							return
						}
						p.Add(checkEvery)
					}
					if k == 0 {
						continue
					}
					for _, t := range g.Target[g.Offset[n]:g.Offset[n+1]] {
						if folded[t>>6]>>(t&63)&1 != 0 {
							continue
						}
						if i := number[t]; i-lo < hi-lo {
							f(Node(n), i)
						}
					}
				}
			})
		}
		wait.Wait()
	}
	pass(func(_ Node, i uint32) { start[i+2]++ })
	if err := ctx.Err(); err != nil {
		return r, err
	}
	var sum uint64
	for i := range start {
		sum += start[i]
		start[i] = sum
	}
	r.from = flat.Make[Node](int(sum))
	from := r.from
	pass(func(n Node, i uint32) {
		from[start[i+1]] = n
		start[i+1]++
	})
	return r, ctx.Err()
}
