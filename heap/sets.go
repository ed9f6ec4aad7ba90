package heap

import (
	"context"
	"slices"

	"goheap/internal/flat"
	"goheap/internal/progress"
)

// TypeTotal sums the live slots of one type.
type TypeTotal struct {
	Objects uint64
	Shallow uint64 // bytes of the slots
	// RetainedMin is what the slots retain that have no dominator of the
	// same type. It is a lower bound of what all slots of the type retain
	// as a set: what several of them hold together, and none alone, is
	// not in it. RetainedSet has the exact value.
	RetainedMin uint64
}

// RetainedByType sums the live slots by type. types is indexed by node, and the
// types of all live slots are below n.
func (d *Dominators) RetainedByType(types []TypeID, n int) []TypeTotal {
	g, folded := d.g, d.folded.word
	totals := make([]TypeTotal, n)
	// A node without targets dominates nothing else: where no slot of a
	// type has targets, none is dominated by another of the type.
	inner := make([]bool, n)
	for _, e := range g.Extents {
		for node := e.First; node < e.First+Node(e.Count); node++ {
			if d.number[node] == 0 {
				continue
			}
			t := &totals[types[node]]
			t.Objects++
			t.Shallow += e.Size
			if g.Offset[node] != g.Offset[node+1] {
				inner[types[node]] = true
			}
		}
	}
	for i := range totals {
		if !inner[i] {
			totals[i].RetainedMin = totals[i].Shallow
		}
	}
	// The folded nodes for which it does make a difference, in the order of
	// their dominators: its position in the tree and the node.
	tree := d.dominatorTree()
	leaves := flat.Make[uint64](d.liveCount)[:0]
	defer func() { flat.Free(leaves) }()
	for _, e := range g.Extents {
		for node := e.First; node < e.First+Node(e.Count); node++ {
			if folded[node>>6]>>(node&63)&1 != 0 && d.number[node] != 0 && inner[types[node]] {
				leaves = append(leaves, uint64(tree.position[d.number[node]])<<32|uint64(node))
			}
		}
	}
	slices.Sort(leaves)

	// One walk in preorder. end[t] is where the subtree ends of the last
	// node of type t that had no dominator of that type.
	end := make([]uint32, n)
	next := 0
	for p := range uint32(len(tree.at) - 1) {
		i := tree.at[p]
		if node := d.vertex[i]; int(node) > g.Roots {
			if t := types[node]; inner[t] && p >= end[t] {
				end[t] = p + tree.size[i]
				totals[t].RetainedMin += d.retained[i]
			}
		}
		for ; next < len(leaves) && leaves[next]>>32 == uint64(p); next++ {
			leaf := Node(leaves[next])
			if t := types[leaf]; p >= end[t] {
				totals[t].RetainedMin += g.Size(leaf)
			}
		}
	}
	return totals
}

// Total is a number of slots of the heap and their bytes.
type Total struct{ Objects, Bytes uint64 }

// RetainedSet returns what the nodes, slots and roots, retain together: what
// would be freed if none of them were there. It marks the graph once more from
// SuperRoot, not through the nodes, and what is live but was not reached so is
// the answer. Nodes may be there twice, or not be live. The error is the
// context's.
func (d *Dominators) RetainedSet(ctx context.Context, nodes []Node) (Total, error) {
	p := progress.Start(ctx, "retained set", int64(d.g.Len()))
	defer p.Finish()
	m := NewMarker(d.g)
	defer m.Close()
	// What is marked beforehand is not passed through.
	walls := NewBits(d.g.Len())
	defer walls.Close()
	for i, n := range nodes {
		if i&(checkEvery-1) == 0 && ctx.Err() != nil {
			return Total{}, ctx.Err()
		}
		if int(n) < d.g.Len() {
			m.seen.Set(n)
			walls.Set(n)
		}
	}
	if err := m.mark(ctx, p, SuperRoot); err != nil {
		return Total{}, err
	}
	kept := d.g.slots(m.seen)
	inside := d.g.slots(walls)
	return d.liveTotal().minus(kept.minus(inside)), nil
}

func (d *Dominators) liveTotal() Total { return Total{uint64(d.liveCount), d.liveBytes} }

func (a Total) minus(b Total) Total { return Total{a.Objects - b.Objects, a.Bytes - b.Bytes} }

// slots counts the slots in a set.
func (g *Graph) slots(set Bits) Total {
	var t Total
	for _, e := range g.Extents {
		n := uint64(set.CountRange(e.First, e.First+Node(e.Count)))
		t.Objects += n
		t.Bytes += n * e.Size
	}
	return t
}

// RetainedByAny returns the bytes of the live slots that one of nodes dominates, or that
// are one of them: what would be freed without that node, for one of the nodes or another.
// Nodes may be there twice, or not be live. The error is the context's.
//
// What several of them hold together, and none alone, is not in it: RetainedSet has that
// too.
func (d *Dominators) RetainedByAny(ctx context.Context, nodes []Node) (uint64, error) {
	below := NewBits(len(d.idom)) // by number of the search
	defer below.Close()
	first := uint32(len(d.idom))
	for _, n := range nodes {
		if i := d.of(n); i != 0 && !d.folded.Has(n) {
			below.Set(Node(i))
			first = min(first, i)
		}
	}
	var sum uint64
	if int(first) < len(d.idom) {
		sum += d.retained[first]
	}
	// What dominates has the lower number.
	word := below.word
	for i := int(first) + 1; i < len(d.idom); i++ {
		if i&(checkEvery-1) == 0 && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		if up := d.idom[i]; word[up>>6]>>(up&63)&1 != 0 {
			below.Set(Node(i))
		} else if word[i>>6]>>(i&63)&1 != 0 {
			sum += d.retained[i]
		}
	}
	leaves := NewBits(d.g.Len())
	defer leaves.Close()
	for _, n := range nodes {
		if i := d.of(n); i != 0 && d.folded.Has(n) && !leaves.Has(n) && !below.Has(Node(i)) { // i is its dominator's
			leaves.Set(n)
			sum += d.g.Size(n)
		}
	}
	return sum, ctx.Err()
}
