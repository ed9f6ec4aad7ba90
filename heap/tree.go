package heap

import (
	"cmp"
	"slices"
	"sync"

	"goheap/internal/flat"
)

// lazy holds what is built when a question first needs it.
type lazy struct {
	treeOnce, objectsOnce sync.Once

	tree    tree
	objects []uint32 // by preorder number: live slots retained

	pathsMu   sync.Mutex
	via       []Node // by node: its predecessor on the first path, plus 1; 0 for none
	referrers *Referrers
	distance  []uint32 // by node: scratch of Paths, all 0 between calls

	contractMu sync.Mutex
	contracted *contraction
}

func (l *lazy) close() {
	flat.Free(l.tree.position)
	flat.Free(l.tree.at)
	flat.Free(l.tree.size)
	flat.Free(l.objects)
	flat.Free(l.via)
	flat.Free(l.distance)
	l.referrers.free()
	l.contracted.free()
	l.tree, l.objects, l.via, l.distance, l.referrers, l.contracted = tree{}, nil, nil, nil, nil, nil
}

// tree is a preorder of the dominator tree without its folded leaves: 12 bytes
// per node of it. The subtree of i lies at position[i] to
// position[i]+size[i]-1, and its children follow each other from
// position[i]+1, each after the subtree of the one before: neither lists of
// children nor a stack is needed to walk it.
type tree struct {
	position []uint32 // by number of the search
	at       []uint32 // by position: the number
	size     []uint32 // by number: nodes in the subtree
}

// dominatorTree builds the tree in two sweeps when it is first needed.
func (d *Dominators) dominatorTree() *tree {
	d.treeOnce.Do(func() {
		n, idom := len(d.idom), d.idom
		t := tree{flat.Make[uint32](n), flat.Make[uint32](n), flat.Make[uint32](n)}
		next := flat.Make[uint32](n) // where the next child of a node goes
		defer flat.Free(next)
		for i := n - 1; i > 1; i-- {
			t.size[i]++
			t.size[idom[i]] += t.size[i]
		}
		t.size[1]++
		t.at[0], next[1] = 1, 1
		for i := 2; i < n; i++ {
			up := idom[i]
			p := next[up]
			next[up] = p + t.size[i]
			t.position[i], t.at[p], next[i] = p, uint32(i), p+1
		}
		d.tree = t
	})
	return &d.tree
}

// EachChild calls f for the nodes whose immediate dominator is n, in no
// particular order.
func (d *Dominators) EachChild(n Node, f func(c Node, retained uint64)) {
	i := d.of(n)
	if i == 0 || d.folded.Has(n) {
		return
	}
	if i == 1 {
		// One look at all dominators is faster than the first use of
		// the tree.
		for c := 2; c < len(d.idom); c++ {
			if d.idom[c] == 1 {
				f(d.vertex[c], d.retained[c])
			}
		}
	} else {
		t := d.dominatorTree()
		p := t.position[i]
		for end := p + t.size[i]; p+1 < end; {
			c := t.at[p+1]
			f(d.vertex[c], d.retained[c])
			p += t.size[c]
		}
	}
	// A folded node has its dominator as its only predecessor, by one edge.
	for _, c := range d.g.Targets(n) {
		if d.folded.Has(c) {
			f(c, d.g.Size(c))
		}
	}
}

// ChildCount returns the number of nodes whose immediate dominator is n. It
// takes time in proportion to it.
func (d *Dominators) ChildCount(n Node) int {
	count := 0
	d.EachChild(n, func(Node, uint64) { count++ })
	return count
}

// Children returns the nodes whose immediate dominator is n: what retains most
// first, then the lower node. The slice is the caller's. SuperRoot can have
// millions: TopChildren returns the first few without sorting them all.
func (d *Dominators) Children(n Node) []Node {
	var all []ranked
	d.EachChild(n, func(c Node, retained uint64) { all = append(all, ranked{c, retained}) })
	slices.SortFunc(all, ranked.compare)
	return nodes(all)
}

// TopChildren returns the first k of Children(n), all if there are fewer.
func (d *Dominators) TopChildren(n Node, k int) []Node {
	if k <= 0 {
		return nil
	}
	// The best k so far are a heap with the worst of them at its root.
	var best []ranked
	d.EachChild(n, func(c Node, retained uint64) {
		r := ranked{c, retained}
		switch {
		case len(best) < k:
			best = append(best, r)
			siftUp(best)
		case r.compare(best[0]) < 0:
			best[0] = r
			siftDown(best)
		}
	})
	slices.SortFunc(best, ranked.compare)
	return nodes(best)
}

// Largest returns the k nodes that retain most among those that nothing but
// SuperRoot dominates.
func (d *Dominators) Largest(k int) []Node { return d.TopChildren(SuperRoot, k) }

// ranked is a node in the order of Children.
type ranked struct {
	node     Node
	retained uint64
}

func (a ranked) compare(b ranked) int {
	return cmp.Or(cmp.Compare(b.retained, a.retained), cmp.Compare(a.node, b.node))
}

// siftUp puts the last element in its place in a heap whose root compares
// last.
func siftUp(h []ranked) {
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if h[i].compare(h[up]) <= 0 {
			return
		}
		h[i], h[up] = h[up], h[i]
		i = up
	}
}

// siftDown puts the root of such a heap in its place.
func siftDown(h []ranked) {
	for i := 0; ; {
		c := 2*i + 1
		if c >= len(h) {
			return
		}
		if c+1 < len(h) && h[c+1].compare(h[c]) > 0 {
			c++
		}
		if h[c].compare(h[i]) <= 0 {
			return
		}
		h[i], h[c] = h[c], h[i]
		i = c
	}
}

func nodes(all []ranked) []Node {
	ns := make([]Node, len(all))
	for i, r := range all {
		ns[i] = r.node
	}
	return ns
}

// Dominates reports whether a dominates b. A live node dominates itself; a node
// that is not live neither dominates nor is dominated. The first call builds
// the dominator tree, later ones take constant time.
func (d *Dominators) Dominates(a, b Node) bool {
	i, j := d.of(a), d.of(b)
	if i == 0 || j == 0 {
		return false
	}
	if d.folded.Has(a) {
		return a == b
	}
	// Where b is folded, j is its dominator.
	t := d.dominatorTree()
	return t.position[j]-t.position[i] < t.size[i]
}

// Outermost returns of each node the child of SuperRoot in the dominator tree that stands
// above it, or that it is; None for SuperRoot and what is not live. It takes one pass over
// the dominators, however deep the tree is.
func (d *Dominators) Outermost(nodes []Node) []Node {
	t := d.Tops()
	defer t.Close()
	out := make([]Node, len(nodes))
	for k, n := range nodes {
		out[k] = t.Of(n)
	}
	return out
}

// Tops is Outermost for those who ask node by node: it keeps 4 bytes for each live node
// that is not folded, until it is closed.
type Tops struct {
	d          *Dominators
	top, heads []uint32
}

// Tops makes them in one pass over the dominators.
func (d *Dominators) Tops() *Tops {
	t := &Tops{d: d}
	t.top, t.heads = d.topLevel()
	return t
}

// Of returns what Outermost does of a node.
func (t *Tops) Of(n Node) Node {
	switch i := t.d.of(n); {
	case i == 0 || n == SuperRoot:
		return None
	case i == 1: // folded, below SuperRoot
		return n
	default:
		return t.d.vertex[t.heads[t.top[i]]]
	}
}

// Close gives the memory back.
func (t *Tops) Close() {
	flat.Free(t.top)
	flat.Free(t.heads)
	*t = Tops{}
}

// Objects returns the number of live slots that n retains, itself included if
// it is one; 0 for a node that is not live. The first call counts them for all
// nodes and keeps 4 bytes for each that is not folded.
func (d *Dominators) Objects(n Node) uint64 {
	i := d.of(n)
	switch {
	case i == 0:
		return 0
	case d.folded.Has(n):
		return d.slot(n)
	}
	d.objectsOnce.Do(func() {
		objects := flat.Make[uint32](len(d.idom))
		for n := d.g.Roots + 1; n < len(d.number); n++ {
			objects[d.number[n]]++
		}
		objects[0] = 0
		for i := len(objects) - 1; i > 1; i-- {
			objects[d.idom[i]] += objects[i]
		}
		d.objects = objects
	})
	return uint64(d.objects[i])
}

// slot returns 1 for a slot of the heap and 0 for SuperRoot and the roots.
func (d *Dominators) slot(n Node) uint64 {
	if int(n) > d.g.Roots {
		return 1
	}
	return 0
}

// Chain returns the dominators of n from the outermost to n itself, without
// SuperRoot; nil for SuperRoot and for a node that is not live. It can be as
// long as the longest list of the program.
func (d *Dominators) Chain(n Node) []Node {
	var chain []Node
	for ; d.of(n) != 0 && n != SuperRoot; n = d.Idom(n) {
		chain = append(chain, n)
	}
	slices.Reverse(chain)
	return chain
}

const (
	// accumulationShare is the part of a node's retained bytes that a child
	// must retain to be where they accumulate; Eclipse MAT's default.
	accumulationShare = 0.7
	// accumulationDepth bounds the walk: a list has a child that retains
	// nearly everything at each of its elements.
	accumulationDepth = 1000
)

// Accumulation returns the accumulation point of n: the node that is reached by
// walking to the dominated child that retains most (the lower node if there are
// several) as long as it retains at least 0.7 of what its dominator retains,
// over 1000 nodes at most. It is n itself if nothing accumulates below it, and
// None if n is not live.
func (d *Dominators) Accumulation(n Node) Node {
	if d.of(n) == 0 {
		return None
	}
	retained := d.Retained(n)
	for range accumulationDepth {
		best := ranked{node: None}
		d.EachChild(n, func(c Node, retained uint64) {
			if r := (ranked{c, retained}); best.node == None || r.compare(best) < 0 {
				best = r
			}
		})
		if best.node == None || best.retained == 0 || float64(best.retained) < accumulationShare*float64(retained) {
			break
		}
		n, retained = best.node, best.retained
	}
	return n
}
