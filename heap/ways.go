package heap

import (
	"context"
	"math/bits"
	"slices"

	"goheap/internal/flat"
	"goheap/internal/progress"
)

// Ways are all ways by which the members of a set are held, unlike Merged, which knows the
// shortest to each. It takes two bits for each node of the graph, and holds the Dominators.
type Ways struct {
	// Members are the live nodes of the set, each once, and their bytes.
	Members Total

	d      *Dominators
	member []Node // ascending
	leads  Bits   // the live nodes from which a member is reached, members among them
}

// WaysTo finds what leads to the members that are live; SuperRoot is no member. The first
// call builds the referrers. The error is the context's.
func (d *Dominators) WaysTo(ctx context.Context, members []Node) (*Ways, error) {
	r, err := d.Referrers(ctx)
	if err != nil {
		return nil, err
	}
	p := progress.Start(ctx, "ways", int64(d.liveCount))
	defer p.Finish()
	// Not from flat: nobody closes it.
	w := &Ways{d: d, leads: Bits{make([]uint64, (d.g.Len()+63)/64)}}
	var queue []Node
	for _, n := range slices.Compact(slices.Sorted(slices.Values(members))) {
		if n == SuperRoot || d.of(n) == 0 {
			continue
		}
		w.member = append(w.member, n)
		w.Members.Objects++
		w.Members.Bytes += d.g.Size(n)
		w.leads.Set(n)
		queue = append(queue, n)
	}
	for steps := 1; len(queue) > 0; steps++ {
		if steps&(checkEvery-1) == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			p.Add(checkEvery)
		}
		n := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, from := range r.Of(n) {
			if from != SuperRoot && !w.leads.Has(from) {
				w.leads.Set(from)
				queue = append(queue, from)
			}
		}
	}
	return w, ctx.Err()
}

// Leads reports whether a member is reached from n, or n is one.
func (w *Ways) Leads(n Node) bool { return w.leads.Has(n) }

// List returns the members, ascending. It is for reading.
func (w *Ways) List() []Node { return w.member }

// Next calls f for each pointer from a node to one that leads to a member, in the order of
// Targets, double ones included.
func (w *Ways) Next(n Node, f func(to Node)) {
	for _, t := range w.d.g.Targets(n) {
		if w.leads.Has(t) {
			f(t)
		}
	}
}

// Count returns for each of some sets of nodes which part of the members is in it or is
// reached from it by a way that passes no node of without; what is in without counts
// nowhere. A member that is reached from several sets counts for each. The error is the
// context's.
//
// 64 sets at a time go through what leads to members, each pointer of which is looked at
// once for each of these sets at most.
func (w *Ways) Count(ctx context.Context, sets [][]Node, without []Node) ([]Total, error) {
	const batch = 64
	p := progress.Start(ctx, "ways", int64(len(sets)))
	defer p.Finish()
	g := w.d.g
	totals := make([]Total, len(sets))
	open := NewBits(g.Len()) // where a way may go on
	defer open.Close()
	copy(open.word, w.leads.word)
	for _, n := range without {
		open.word[n>>6] &^= 1 << (n & 63)
	}
	waits := NewBits(g.Len()) // for its turn, in the queue
	defer waits.Close()
	held := flat.Make[uint64](g.Len()) // by node: the sets that lead there
	defer flat.Free(held)
	for first := 0; first < len(sets); first += batch {
		some := sets[first:min(first+batch, len(sets))]
		clear(held)
		var queue []Node
		add := func(n Node, mask uint64) {
			if held[n]|mask == held[n] || !open.Has(n) {
				return
			}
			held[n] |= mask
			if !waits.Has(n) {
				waits.Set(n)
				queue = append(queue, n)
			}
		}
		for i, set := range some {
			for _, n := range set {
				add(n, 1<<i)
			}
		}
		for steps := 1; len(queue) > 0; steps++ {
			if steps&(checkEvery-1) == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			// Those that came in one round before those that they lead to.
			round := queue
			queue = nil
			for _, n := range round {
				waits.word[n>>6] &^= 1 << (n & 63)
				mask := held[n]
				for _, t := range g.Targets(n) {
					add(t, mask)
				}
			}
		}
		for _, n := range w.member {
			for mask := held[n]; mask != 0; mask &= mask - 1 {
				t := &totals[first+bits.TrailingZeros64(mask)]
				t.Objects++
				t.Bytes += g.Size(n)
			}
		}
		p.Add(int64(len(some)))
	}
	return totals, ctx.Err()
}
