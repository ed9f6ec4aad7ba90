package heap

import (
	"cmp"
	"context"
	"math/bits"
	"slices"

	"goheap/internal/flat"
)

// sparse is the part of all nodes from which on a subtree is looked through in the order of
// addresses, with all others, in place of its own: what lies in order is read faster.
const sparse = 4

// maxPointers is how many pointers of a node ByPointers tells apart.
const maxPointers = 64

// PointerSet is what some pointers of a node hold together: the nodes below it in the dominator
// tree that all of these pointers lead to, and no other one of the node's.
type PointerSet struct {
	Pointers uint64 // a bit for each place in the list that was asked for
	Nodes    []Node // the children in the dominator tree
	Total    Total  // what they retain; they are disjoint
}

// ByPointers says through which of its pointers a node holds what it dominates: of all children
// of n in the dominator tree those that the same ones of the given targets lead to
// together, the sets in the order of their bits. Targets are nodes that n points to, 64 at
// most, ok is false for more; those that n does not dominate have no part in it, and what
// no target leads to is left out. The error is the context's.
//
// The cost is that of looking once at the pointers of all that n dominates.
func (d *Dominators) ByPointers(ctx context.Context, n Node, targets []Node) (sets []PointerSet, ok bool, err error) {
	i := d.of(n)
	if i == 0 || d.folded.Has(n) || len(targets) > maxPointers {
		return nil, false, nil
	}
	t := d.dominatorTree()
	begin, end := t.position[i], t.position[i]+t.size[i]
	// Children are numbered in the order of their positions, from 0. above has by position
	// in the subtree the number of the child that stands there or above.
	above := flat.Make[uint32](int(end - begin))
	defer flat.Free(above)
	children := 0
	for p := begin + 1; p < end; children++ {
		for size, q := t.size[t.at[p]], uint32(0); q < size; q++ {
			above[p-begin+q] = uint32(children)
		}
		p += t.size[t.at[p]]
	}
	mask := flat.Make[uint64](children)
	defer flat.Free(mask)
	place := func(m Node) uint32 { return above[t.position[d.number[m]]-begin] }
	folded := map[Node]uint64{}
	for bit, m := range targets {
		switch {
		case d.of(m) == 0 || d.Idom(m) != n:
		case d.folded.Has(m):
			folded[m] |= 1 << bit
		default:
			mask[place(m)] |= 1 << bit
		}
	}
	// Pointers from one child's subtree to another child. Nearly all targets are dominated
	// by another node: a bit tells, without a look at their numbers.
	isChild := NewBits(d.g.Len())
	defer isChild.Close()
	for p := begin + 1; p < end; p += t.size[t.at[p]] {
		isChild.Set(d.vertex[t.at[p]])
	}
	var pairs []uint64
	pointer := func(m, to Node) {
		if d.of(m) == 0 || d.folded.Has(m) {
			return
		}
		at := t.position[d.number[m]]
		if at <= begin || at >= end {
			return
		}
		if from, to := above[at-begin], place(to); from != to {
			pairs = append(pairs, uint64(from)<<32|uint64(to))
		}
	}
	offset, target := d.g.Offset, d.g.Target
	if int(end-begin) > d.g.Len()/sparse {
		for m := range Node(d.g.Len()) {
			if m&(checkEvery-1) == 0 && ctx.Err() != nil {
				return nil, false, ctx.Err()
			}
			for _, to := range target[offset[m]:offset[m+1]] {
				if isChild.Has(to) {
					pointer(m, to)
				}
			}
		}
	} else {
		for p := begin + 1; p < end; p++ {
			if p&(checkEvery-1) == 0 && ctx.Err() != nil {
				return nil, false, ctx.Err()
			}
			m := d.vertex[t.at[p]]
			for _, to := range target[offset[m]:offset[m+1]] {
				if isChild.Has(to) {
					pointer(m, to)
				}
			}
		}
	}
	start := flat.Make[uint32](children + 2)
	defer flat.Free(start)
	for _, e := range pairs {
		start[e>>32+2]++
	}
	for k := range len(start) - 1 {
		start[k+1] += start[k]
	}
	to := flat.Make[uint32](len(pairs))
	defer flat.Free(to)
	for _, e := range pairs {
		to[start[e>>32+1]] = uint32(e)
		start[e>>32+1]++
	}
	var queue []uint32
	for k, m := range mask {
		if m != 0 {
			queue = append(queue, uint32(k))
		}
	}
	for steps := 1; len(queue) > 0; steps++ {
		if steps&(checkEvery-1) == 0 && ctx.Err() != nil {
			return nil, false, ctx.Err()
		}
		v := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, w := range to[start[v]:start[v+1]] {
			if joined := mask[w] | mask[v]; joined != mask[w] {
				mask[w] = joined
				queue = append(queue, w)
			}
		}
	}
	totals := map[uint64]*PointerSet{}
	add := func(m Node, mask uint64) {
		if mask == 0 {
			return
		}
		w := totals[mask]
		if w == nil {
			w = &PointerSet{Pointers: mask}
			totals[mask] = w
		}
		w.Nodes = append(w.Nodes, m)
		w.Total.Objects += d.Objects(m)
		w.Total.Bytes += d.Retained(m)
	}
	for p, k := begin+1, 0; p < end; k++ {
		add(d.vertex[t.at[p]], mask[k])
		p += t.size[t.at[p]]
	}
	for _, m := range targets {
		add(m, folded[m])
		delete(folded, m) // it may be there twice
	}
	for _, w := range totals {
		sets = append(sets, *w)
	}
	slices.SortFunc(sets, func(a, b PointerSet) int { return cmp.Compare(a.Pointers, b.Pointers) })
	return sets, true, nil
}

// Several reports whether more than one pointer leads there.
func (w *PointerSet) Several() bool { return bits.OnesCount64(w.Pointers) > 1 }
