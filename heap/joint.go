package heap

import (
	"cmp"
	"context"
	"math/bits"
	"slices"

	"goheap/internal/flat"
	"goheap/internal/progress"
)

const (
	// maxHolders is the number of roots that the groups tell apart.
	maxHolders = 64
	// maxCandidates is the number of roots from which these are chosen. It
	// bounds the work to 64 sweeps over the edges between the top-level
	// subtrees of the dominator tree.
	maxCandidates = 4096
)

// Joint is what the roots of a program hold jointly: the slots that only
// SuperRoot dominates, in groups.
type Joint struct {
	// Groups are sorted by Retained, descending, then by Type, then by First.
	Groups []JointGroup
}

// JointGroup is a set of slots of one type that the same roots reach, so that
// none of these roots dominates any of them.
type JointGroup struct {
	Type  TypeID
	Count int    // of members
	First Node   // the lowest member
	Most  Node   // the member that retains most, the lowest of several
	Nodes []Node // all members, ascending; for reading

	Objects uint64 // live slots that the members retain, each on its own
	Shallow uint64 // bytes of the members themselves
	// Retained is the sum of what the members retain. They are disjoint, so
	// nothing counts twice; but the group as a set may retain more: what
	// several members hold together is a member of a group itself.
	Retained uint64

	// Holders are the roots that reach the members, ascending, as far as
	// they are among the 64 roots that Joint tells apart; shared between
	// groups. MoreHolders says that each member is also reached by some
	// other root.
	Holders     []Node
	MoreHolders bool
}

// Joint groups the children of SuperRoot in the dominator tree that are slots,
// by type and by the set of roots that reach them. types is indexed by node;
// nil gives all of them type 0. The error is the context's.
//
// Each of these slots is reached by two roots or more: a single one would
// dominate it. Sets of roots are exact where at most 64 roots hold anything
// jointly. If there are more, 64 of them are told apart, and of the others a
// group says only whether there are any: those that reach the joint slots
// with the greatest sum of retained bytes, the lower root first among equals.
// If more than 4096 roots hold anything jointly, the 64 are chosen among the
// 4096 whose own subtrees of the dominator tree have pointers to the joint
// slots with the greatest sum of retained bytes, counted once per pointer.
func (d *Dominators) Joint(ctx context.Context, types []TypeID) (*Joint, error) {
	classes := make([]uint32, d.g.Roots)
	for i := range classes {
		classes[i] = uint32(i)
	}
	j, err := d.JointByClass(ctx, types, classes, len(classes))
	if err != nil {
		return nil, err
	}
	return &Joint{j.Groups}, nil
}

// ClassTotal is what a class of roots holds.
type ClassTotal struct {
	Retained Total // what would be freed if none of its roots were there
	// Reached is what they lead to, shared with others or not; valid if Told.
	Reached Total
	Told    bool // not of a class that JointByClass does not tell apart
}

// ClassJoint is what the classes of roots of a program hold, alone and jointly: what
// they retain, and the groups, which do not overlap, add up to the live heap.
type ClassJoint struct {
	Classes []ClassTotal // by class
	// Groups are the slots that two classes or more reach and that no other such slot
	// dominates, in the order of Joint. Of each class that holds a group, Holders
	// has the lowest root.
	Groups []JointGroup
	// Within are by class the slots that several of its roots reach, that no root of
	// another one does, and that nothing dominates: with the roots themselves they
	// retain what the class does, each its part. Ascending.
	Within [][]Node

	// told are the classes that the groups tell apart, reach what each set of them alone
	// reaches, by the bits of their places in told; first is the lowest root by class.
	told  []uint32
	reach []maskTotal
	first []Node
}

// maskTotal is what some holders reach, and none else of those that are told apart.
type maskTotal struct {
	mask  uint64
	total Total
}

// JointByClass is Joint for classes of roots, as those of RetainedByClass are, in place of
// single roots, and says what each class retains and reaches.
func (d *Dominators) JointByClass(ctx context.Context, types []TypeID, classes []uint32, n int) (*ClassJoint, error) {
	p := progress.Start(ctx, "joint holders", 0)
	defer p.Finish()
	c, err := d.partition(ctx, classes, n)
	if err != nil {
		return nil, err
	}
	defer c.free()
	c.joint = flat.Make[uint32](len(c.slots))[:0]
	within := make([][]Node, n)
	for _, v := range c.slots {
		switch s := c.state[v]; {
		case s == several:
			c.joint = append(c.joint, v)
		case s >= firstClass:
			within[s-firstClass] = append(within[s-firstClass], c.head(v))
		}
	}
	if err := c.condense(ctx); err != nil {
		return nil, err
	}
	holders, more, err := c.chooseHolders(ctx)
	if err != nil {
		return nil, err
	}
	mask, err := c.reach(ctx, holders)
	defer flat.Free(mask)
	if err != nil {
		return nil, err
	}
	others, err := c.reachAny(ctx, more)
	defer flat.Free(others)
	if err != nil {
		return nil, err
	}
	groups, err := c.group(ctx, types, holders, mask, others)
	if err != nil {
		return nil, err
	}
	classTotals, reach := c.totals(holders, more, mask)
	return &ClassJoint{Classes: classTotals, Groups: groups, Within: within, told: holders, reach: reach, first: c.firstRoots()}, nil
}

// contraction is the live graph with each subtree of the dominator tree below
// a child of SuperRoot drawn together into one vertex. An edge from one subtree
// to another always ends at its head, the child of SuperRoot: else the head
// would not dominate where it ends. So a root reaches a head in the graph if
// and only if it does so in the contraction.
//
// Vertices are numbered by the preorder number of their heads. Roots that are
// folded have no edges and are left out. It does not depend on how the roots are
// classified, and is kept for the next question.
type contraction struct {
	d     *Dominators
	heads []uint32 // by vertex: preorder number
	slots []uint32 // the vertices whose heads are slots, in the order of these

	start []uint64 // by vertex; the edges, double ones included
	to    []uint32
}

func (c *contraction) free() {
	if c == nil {
		return
	}
	flat.Free(c.heads)
	flat.Free(c.slots)
	flat.Free(c.start)
	flat.Free(c.to)
}

// partition is the contraction with the classes of its roots.
type partition struct {
	*contraction
	classes []uint32 // by root, less one
	n       int      // classes
	state   []uint32 // by vertex: the class that alone reaches it, plus firstClass, or several
	joint   []uint32 // those of slots that several classes reach

	// Of condense. Components are strongly connected. Edges between them go from
	// higher numbers to lower ones.
	component  []uint32 // by vertex
	components int
	// cross are the edges between different components, the source in the
	// upper half and the target in the lower one, sources descending:
	// a topological order.
	cross []uint64
}

func (c *partition) free() {
	flat.Free(c.state)
	flat.Free(c.joint)
	flat.Free(c.component)
	flat.Free(c.cross)
}

// root returns the root that is the head of vertex v, None if that is a slot.
func (c *contraction) root(v int) Node {
	if n := c.head(uint32(v)); c.d.g.IsRoot(n) {
		return n
	}
	return None
}

// head returns the head of vertex v.
func (c *contraction) head(v uint32) Node { return c.d.vertex[c.heads[v]] }

// partition classifies the roots. The result is for the caller to free.
func (d *Dominators) partition(ctx context.Context, classes []uint32, n int) (*partition, error) {
	whole, err := d.contraction(ctx)
	if err != nil {
		return nil, err
	}
	c := &partition{contraction: whole, classes: classes, n: n}
	if err := c.classify(ctx); err != nil {
		c.free()
		return nil, err
	}
	return c, nil
}

// contraction contracts the graph when it is first asked.
func (d *Dominators) contraction(ctx context.Context) (*contraction, error) {
	d.contractMu.Lock()
	defer d.contractMu.Unlock()
	if d.contracted == nil {
		c, err := d.contract(ctx)
		if err != nil {
			c.free()
			return nil, err
		}
		d.contracted = c
	}
	return d.contracted, nil
}

// contract finds the vertices and edges. The result must be freed also after
// an error.
func (d *Dominators) contract(ctx context.Context) (*contraction, error) {
	g := d.g
	c := &contraction{d: d}
	top, heads := d.topLevel()
	defer flat.Free(top)
	c.heads = heads
	isHead := NewBits(g.Len())
	defer isHead.Close()
	slots := 0
	for _, i := range c.heads {
		isHead.Set(d.vertex[i])
		if !g.IsRoot(d.vertex[i]) {
			slots++
		}
	}
	c.start = flat.Make[uint64](len(c.heads) + 2)
	c.slots = flat.Make[uint32](slots)[:0]
	pairs := flat.Make[uint64](len(g.Target))[:0]
	defer func() { flat.Free(pairs) }()
	for n := 1; n < g.Len(); n++ {
		if n&(checkEvery-1) == 0 && ctx.Err() != nil {
			return c, ctx.Err()
		}
		i := d.number[n]
		if i == 0 || g.Offset[n] == g.Offset[n+1] && !isHead.Has(Node(n)) {
			continue
		}
		if n > g.Roots && isHead.Has(Node(n)) {
			c.slots = append(c.slots, top[i])
		}
		for _, t := range g.Targets(Node(n)) {
			if isHead.Has(t) {
				if from, to := top[i], top[d.number[t]]; from != to {
					pairs = append(pairs, uint64(from)<<32|uint64(to))
				}
			}
		}
	}
	c.to = flat.Make[uint32](len(pairs))
	for _, e := range pairs {
		c.start[e>>32+2]++
	}
	for v := range len(c.start) - 1 {
		c.start[v+1] += c.start[v]
	}
	for _, e := range pairs {
		c.to[c.start[e>>32+1]] = uint32(e)
		c.start[e>>32+1]++
	}
	return c, ctx.Err()
}

// topLevel returns by preorder number the node below SuperRoot, as an index in
// heads, that dominates it. Both are for the caller to free; heads are preorder
// numbers, ascending.
func (d *Dominators) topLevel() (top, heads []uint32) {
	n, idom := len(d.idom), d.idom
	top = flat.Make[uint32](n)
	heads = flat.Make[uint32](n)[:0]
	for i := 2; i < n; i++ {
		if idom[i] == 1 {
			top[i] = uint32(len(heads))
			heads = append(heads, uint32(i))
		} else {
			top[i] = top[idom[i]]
		}
	}
	return top, heads
}

// condense finds the strongly connected components with R. Tarjan's algorithm
// ("Depth-First Search and Linear Graph Algorithms", SIAM Journal on Computing
// 1(2), 1972), which numbers them in reverse topological order, and sorts the
// edges between them.
func (c *partition) condense(ctx context.Context) error {
	n := len(c.heads)
	c.component = flat.Make[uint32](n)
	// order is the order of discovery from 1, 0 for not yet discovered; low
	// the least order that is known to be reachable.
	order, low := flat.Make[uint32](n), flat.Make[uint32](n)
	defer flat.Free(order)
	defer flat.Free(low)
	next := flat.Make[uint64](n) // by vertex: the edge to follow next
	defer flat.Free(next)
	open := flat.Make[uint32](n)[:0] // vertices without a component yet
	defer func() { flat.Free(open) }()
	path := flat.Make[uint32](n)[:0]
	defer func() { flat.Free(path) }()
	const done = ^uint32(0) // order of a vertex that has its component

	var count uint32
	steps := 0
	for s := range n {
		if order[s] != 0 {
			continue
		}
		path = append(path, uint32(s))
		for len(path) > 0 {
			if steps++; steps&(checkEvery-1) == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			v := path[len(path)-1]
			if order[v] == 0 {
				count++
				order[v], low[v], next[v] = count, count, c.start[v]
				open = append(open, v)
			}
			if next[v] < c.start[v+1] {
				w := c.to[next[v]]
				next[v]++
				switch {
				case order[w] == 0:
					path = append(path, w)
				case order[w] != done:
					low[v] = min(low[v], order[w])
				}
				continue
			}
			path = path[:len(path)-1]
			if len(path) > 0 {
				up := path[len(path)-1]
				low[up] = min(low[up], low[v])
			}
			if low[v] == order[v] {
				for {
					w := open[len(open)-1]
					open = open[:len(open)-1]
					c.component[w] = uint32(c.components)
					order[w] = done
					if w == v {
						break
					}
				}
				c.components++
			}
		}
	}

	// Sort the edges by the component they come from.
	begin := flat.Make[uint64](c.components + 1)
	defer flat.Free(begin)
	each := func(f func(from, to uint32)) {
		for v := range n {
			from := c.component[v]
			for _, w := range c.to[c.start[v]:c.start[v+1]] {
				if to := c.component[w]; to != from {
					f(from, to)
				}
			}
		}
	}
	each(func(from, _ uint32) { begin[from]++ })
	var sum uint64
	for v := c.components - 1; v >= 0; v-- {
		begin[v], sum = sum, sum+begin[v]
	}
	c.cross = flat.Make[uint64](int(sum))
	each(func(from, to uint32) {
		c.cross[begin[from]] = uint64(from)<<32 | uint64(to)
		begin[from]++
	})
	return ctx.Err()
}

// reach returns by component which of at most 64 classes reach it.
func (c *partition) reach(ctx context.Context, classes []uint32) ([]uint64, error) {
	mask := flat.Make[uint64](c.components)
	bit := make([]uint64, c.n)
	for i, k := range classes {
		bit[k] = 1 << i
	}
	for v := range c.heads {
		if r := c.root(v); r != None {
			mask[c.component[v]] |= bit[c.classes[r-1]]
		}
	}
	for i, e := range c.cross {
		mask[uint32(e)] |= mask[e>>32]
		if i&(checkEvery-1) == 0 && ctx.Err() != nil {
			return mask, ctx.Err()
		}
	}
	return mask, ctx.Err()
}

// reachAny returns by component whether any of the classes reaches it; nil if
// there are none.
func (c *partition) reachAny(ctx context.Context, classes []uint32) ([]bool, error) {
	if len(classes) == 0 {
		return nil, nil
	}
	any := flat.Make[bool](c.components)
	chosen := make([]bool, c.n)
	for _, k := range classes {
		chosen[k] = true
	}
	for v := range c.heads {
		if r := c.root(v); r != None && chosen[c.classes[r-1]] {
			any[c.component[v]] = true
		}
	}
	for i, e := range c.cross {
		any[uint32(e)] = any[uint32(e)] || any[e>>32]
		if i&(checkEvery-1) == 0 && ctx.Err() != nil {
			return any, ctx.Err()
		}
	}
	return any, ctx.Err()
}

// chooseHolders returns, both by their lowest root, the classes that the groups tell
// apart and the others that have edges to what is not theirs alone.
func (c *partition) chooseHolders(ctx context.Context) (chosen, others []uint32, err error) {
	type candidate struct {
		class uint32
		bytes uint64
		holds bool
	}
	first := c.firstRoots()
	byRoot := func(a, b candidate) int { return cmp.Compare(first[a.class], first[b.class]) }
	best := func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.bytes, a.bytes), byRoot(a, b))
	}
	all := make([]candidate, c.n)
	for i := range all {
		all[i].class = uint32(i)
	}
	for v, s := range c.state {
		if s < firstClass {
			continue
		}
		k := &all[s-firstClass]
		for _, w := range c.to[c.start[v]:c.start[v+1]] {
			if c.state[w] != s {
				k.holds = true
			}
			if c.state[w] == several {
				k.bytes += c.d.retained[c.heads[w]]
			}
		}
	}
	all = slices.DeleteFunc(all, func(k candidate) bool { return !k.holds })
	slices.SortFunc(all, best)
	few := all[:min(len(all), maxCandidates)]
	if len(few) > maxHolders {
		weight := flat.Make[uint64](c.components)
		defer flat.Free(weight)
		for _, v := range c.joint {
			weight[c.component[v]] += c.d.retained[c.heads[v]]
		}
		for batch := range slices.Chunk(few, maxHolders) {
			var classes []uint32
			for i := range batch {
				classes = append(classes, batch[i].class)
				batch[i].bytes = 0
			}
			mask, err := c.reach(ctx, classes)
			if err != nil {
				flat.Free(mask)
				return nil, nil, err
			}
			for v, m := range mask {
				for ; m != 0 && weight[v] != 0; m &= m - 1 {
					batch[bits.TrailingZeros64(m)].bytes += weight[v]
				}
			}
			flat.Free(mask)
		}
		slices.SortFunc(few, best)
	}
	n := min(len(few), maxHolders)
	slices.SortFunc(all[:n], byRoot)
	slices.SortFunc(all[n:], byRoot)
	for i, k := range all {
		if i < n {
			chosen = append(chosen, k.class)
		} else {
			others = append(others, k.class)
		}
	}
	return chosen, others, nil
}

// firstRoots returns by class the lowest root.
func (c *partition) firstRoots() []Node {
	first := make([]Node, c.n)
	for i, k := range slices.Backward(c.classes) {
		first[k] = Node(i + 1)
	}
	return first
}

// totals returns what the classes hold, and what each set of those that mask tells apart
// reaches; these are the holders, and more are the others that hold something jointly.
func (c *partition) totals(holders, more []uint32, mask []uint64) ([]ClassTotal, []maskTotal) {
	all := make([]ClassTotal, c.n)
	for i := range all {
		all[i].Told = true
	}
	for _, k := range more {
		all[k].Told = false
	}
	place := map[uint64]int{}
	var reach []maskTotal
	at := -1 // of the last mask in reach: neighbours often have the same
	for v, s := range c.state {
		head := c.head(uint32(v))
		objects, bytes := c.d.Objects(head), c.d.Retained(head)
		if bytes == 0 {
			continue
		}
		if s >= firstClass {
			k := &all[s-firstClass]
			k.Retained.Objects += objects
			k.Retained.Bytes += bytes
		}
		m := mask[c.component[v]]
		if m == 0 {
			continue
		}
		if at < 0 || reach[at].mask != m {
			var seen bool
			if at, seen = place[m]; !seen {
				at = len(reach)
				place[m] = at
				reach = append(reach, maskTotal{mask: m})
			}
		}
		reach[at].total.Objects += objects
		reach[at].total.Bytes += bytes
	}
	told := make([]bool, c.n)
	for i, k := range holders {
		told[k] = true
		all[k].Reached = reachedBy(reach, 1<<i)
	}
	for i := range all {
		if all[i].Told && !told[i] {
			all[i].Reached = all[i].Retained
		}
	}
	return all, reach
}

// reachedBy sums what one of some holders reaches, or several.
func reachedBy(reach []maskTotal, holders uint64) (t Total) {
	for _, r := range reach {
		if r.mask&holders != 0 {
			t.Objects += r.total.Objects
			t.Bytes += r.total.Bytes
		}
	}
	return t
}

// group collects the joint slots by type and holders.
func (c *partition) group(ctx context.Context, types []TypeID, holders []uint32, mask []uint64, others []bool) ([]JointGroup, error) {
	type key struct {
		t    TypeID
		mask uint64
		more bool
	}
	d := c.d
	first := c.firstRoots()
	index := make(map[key]uint32)
	sets := make(map[uint64][]Node)
	var groups []JointGroup
	var most []uint64 // by group: what its member Most retains
	member := flat.Make[uint32](len(c.joint))
	defer flat.Free(member)
	var last key
	at, known := uint32(0), false
	for i, v := range c.joint {
		if i&(checkEvery-1) == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		n, v := c.head(v), c.component[v]
		k := key{mask: mask[v], more: others != nil && others[v]}
		if types != nil {
			k.t = types[n]
		}
		// Neighbours are often of one group.
		if k != last || i == 0 {
			last = k
			if at, known = index[k]; !known {
				at = uint32(len(groups))
				index[k] = at
				set, ok := sets[k.mask]
				if !ok {
					for m := k.mask; m != 0; m &= m - 1 {
						set = append(set, first[holders[bits.TrailingZeros64(m)]])
					}
					sets[k.mask] = set
				}
				groups = append(groups, JointGroup{Type: k.t, First: n, Most: n, Holders: set, MoreHolders: k.more})
				most = append(most, d.Retained(n))
			}
		}
		member[i] = at
		group := &groups[at]
		retained := d.Retained(n)
		group.Count++
		group.Objects += d.Objects(n)
		group.Shallow += d.g.Size(n)
		group.Retained += retained
		if retained > most[at] {
			group.Most, most[at] = n, retained
		}
	}
	all := make([]Node, len(c.joint))
	begin := 0
	for i := range groups {
		end := begin + groups[i].Count
		groups[i].Nodes = all[begin:begin:end]
		begin = end
	}
	for i, v := range c.joint {
		group := &groups[member[i]]
		group.Nodes = append(group.Nodes, c.head(v))
	}
	slices.SortFunc(groups, func(a, b JointGroup) int {
		return cmp.Or(cmp.Compare(b.Retained, a.Retained), cmp.Compare(a.Type, b.Type), cmp.Compare(a.First, b.First))
	})
	return groups, nil
}
