package heap

import (
	"cmp"
	"context"
	"math/bits"
	"slices"

	"goheap/internal/progress"
)

// Merged are the paths of PathTo to the members of a set, laid over each other:
// a tree with SuperRoot at its top, the roots below it, and in which each node
// knows how many of the members' paths pass through it. A member that is held in
// several ways counts for the shortest of them alone.
//
// It takes 28 bytes for each node that is on any of the paths. A Merged is not
// changed once made; it holds nothing of the Dominators.
type Merged struct {
	// Members are the live nodes of the set, each once, and their bytes.
	Members Total

	// By place: the nodes in ascending order, SuperRoot first.
	node  []Node
	count []uint32 // members at the node or below
	bytes []uint64 // of these
	// The children of a place are child[start[i]:start[i+1]], those with
	// most members first, then most bytes, then the lower node.
	start []uint32
	child []uint32
}

// MergePaths merges the paths to the members that are live; SuperRoot is no
// member. The error is the context's.
func (d *Dominators) MergePaths(ctx context.Context, members []Node) (*Merged, error) {
	m, err := d.mergePaths(ctx, members)
	if err != nil {
		return nil, err
	}
	for at := range len(m.node) {
		if at&(checkEvery-1) == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if list := m.child[m.start[at]:m.start[at+1]]; len(list) > 1 {
			slices.SortFunc(list, m.compare)
		}
	}
	return m, nil
}

// compare orders places as children of one.
func (m *Merged) compare(a, b uint32) int {
	return cmp.Or(cmp.Compare(m.count[b], m.count[a]), cmp.Compare(m.bytes[b], m.bytes[a]), cmp.Compare(a, b))
}

// Gather is Merged.Gather of the members' paths, for whom needs no more of these.
func (d *Dominators) Gather(ctx context.Context, members []Node) (Node, error) {
	m, err := d.mergePaths(ctx, members)
	if err != nil {
		return None, err
	}
	return m.Gather(d), nil
}

// mergePaths is MergePaths with the children of a place in no order.
func (d *Dominators) mergePaths(ctx context.Context, members []Node) (*Merged, error) {
	if err := d.PreparePaths(ctx); err != nil {
		return nil, err
	}
	p := progress.Start(ctx, "merged paths", int64(len(members)))
	defer p.Finish()
	on, member := NewBits(d.g.Len()), NewBits(d.g.Len())
	defer on.Close()
	defer member.Close()
	on.Set(SuperRoot)
	steps := 0
	for i, n := range members {
		if n == SuperRoot || d.of(n) == 0 {
			continue
		}
		member.Set(n)
		for ; !on.Has(n); n = d.before(n) {
			on.Set(n)
			if steps++; steps&(checkEvery-1) == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
		if i&(checkEvery-1) == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			p.Add(checkEvery)
		}
	}

	// place of a node is how many nodes of the tree lie before it.
	before := make([]uint32, len(on.word))
	size := uint32(0)
	for i, w := range on.word {
		before[i] = size
		size += uint32(bits.OnesCount64(w))
	}
	place := func(n Node) uint32 {
		return before[n>>6] + uint32(bits.OnesCount64(on.word[n>>6]&(1<<(n&63)-1)))
	}
	m := &Merged{
		node: make([]Node, 0, size), count: make([]uint32, size), bytes: make([]uint64, size),
		start: make([]uint32, size+1), child: make([]uint32, size-1),
	}
	parent := make([]uint32, size)
	for i, w := range on.word {
		for ; w != 0; w &= w - 1 {
			n := Node(i*64 + bits.TrailingZeros64(w))
			at := len(m.node)
			m.node = append(m.node, n)
			if member.Has(n) {
				m.count[at], m.bytes[at] = 1, d.g.Size(n)
			}
			if n != SuperRoot {
				parent[at] = place(d.before(n))
				m.start[parent[at]]++
			}
		}
		if i&(checkEvery/64-1) == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}

	// Sum from the ends of the paths: a node is ready when all below it are.
	left := slices.Clone(m.start[:size])
	for i := range left {
		for at := uint32(i); left[at] == 0 && at != 0; {
			left[at] = ^uint32(0) // done
			up := parent[at]
			m.count[up] += m.count[at]
			m.bytes[up] += m.bytes[at]
			left[up]--
			at = up
		}
	}
	m.Members = Total{uint64(m.count[0]), m.bytes[0]}

	var sum uint32
	for i, n := range m.start {
		m.start[i] = sum
		sum += n
	}
	next := slices.Clone(m.start[:size])
	for at := uint32(1); at < size; at++ {
		up := parent[at]
		m.child[next[up]] = at
		next[up]++
	}
	return m, nil
}

// before returns the node before n on the path of PathTo, which PreparePaths has
// prepared.
func (d *Dominators) before(n Node) Node {
	if d.folded.Has(n) {
		return d.vertex[d.number[n]]
	}
	return d.via[n] - 1
}

// at returns the place of n.
func (m *Merged) at(n Node) (int, bool) { return slices.BinarySearch(m.node, n) }

// Len returns the number of nodes on the paths, SuperRoot included.
func (m *Merged) Len() int { return len(m.node) }

// Of returns how many members have a path that passes through or ends at n, and
// their bytes; nothing for a node that is on none.
func (m *Merged) Of(n Node) Total {
	if i, ok := m.at(n); ok {
		return Total{uint64(m.count[i]), m.bytes[i]}
	}
	return Total{}
}

// ChildCount returns the number of nodes that follow n on the paths.
func (m *Merged) ChildCount(n Node) int {
	i, ok := m.at(n)
	if !ok {
		return 0
	}
	return int(m.start[i+1] - m.start[i])
}

// Child returns number i of the nodes that follow n on the paths: those that
// lead to most members first, then to most bytes, then the lower node. The roots
// follow SuperRoot.
func (m *Merged) Child(n Node, i int) Node {
	at, _ := m.at(n)
	return m.node[m.child[int(m.start[at])+i]]
}

const (
	// gatherMembers is the part of a set's members that a node of the merged
	// paths must lead to for the walk to go on, and gatherRetained the part of
	// the bytes of the node before that it must retain; Eclipse MAT's values
	// for groups.
	gatherMembers  = 0.8
	gatherRetained = 0.7
)

// first returns Child(n, 0), in whatever order the children are.
func (m *Merged) first(n Node) (Node, bool) {
	at, ok := m.at(n)
	if !ok || m.start[at] == m.start[at+1] {
		return None, false
	}
	return m.node[slices.MinFunc(m.child[m.start[at]:m.start[at+1]], m.compare)], true
}

// Gather returns the node at which the paths of the members come together: the
// walk from SuperRoot goes to the child that leads to most members, as long as it
// leads to more than 0.8 of all and retains at least 0.7 of what the node before
// it does. It is SuperRoot where no root holds them so.
func (m *Merged) Gather(d *Dominators) Node {
	n := SuperRoot
	for {
		c, ok := m.first(n)
		if !ok {
			break
		}
		if float64(m.Of(c).Objects) <= gatherMembers*float64(m.Members.Objects) {
			break
		}
		if n != SuperRoot && float64(d.Retained(c)) < gatherRetained*float64(d.Retained(n)) {
			break
		}
		n = c
	}
	return n
}
