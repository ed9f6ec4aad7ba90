package heap

import (
	"context"
	"sort"
)

// SubtreeMarker is a set of nodes that grows by reachability, as Marker is, and has the same
// members. It marks each subtree below a child of SuperRoot at once, since its head leads to all
// of it, and follows single pointers only where such a subtree is entered in its middle: what
// all roots together reach costs it the pointers between those subtrees. It is not safe
// for concurrent use.
type SubtreeMarker struct {
	c     *contraction
	t     *tree
	heads Bits     // by vertex: its subtree is marked
	queue []uint32 // vertices whose edges were not followed yet
	parts Bits     // marked nodes that are in no marked subtree
	stack []Node   // of parts, those whose pointers were not followed yet
}

// SubtreeMarker returns a marker that has marked nothing. It belongs to d, and must be
// closed. The error is the context's.
func (d *Dominators) SubtreeMarker(ctx context.Context) (*SubtreeMarker, error) {
	c, err := d.contraction(ctx)
	if err != nil {
		return nil, err
	}
	return &SubtreeMarker{c: c, t: d.dominatorTree(), heads: NewBits(len(c.heads)), parts: NewBits(d.g.Len())}, nil
}

// Mark marks n and all that it reaches.
func (m *SubtreeMarker) Mark(n Node) {
	m.add(n)
	for len(m.queue)+len(m.stack) > 0 {
		if top := len(m.queue) - 1; top >= 0 {
			v := m.queue[top]
			m.queue = m.queue[:top]
			for _, w := range m.c.to[m.c.start[v]:m.c.start[v+1]] {
				m.addSubtree(w)
			}
			continue
		}
		top := len(m.stack) - 1
		n := m.stack[top]
		m.stack = m.stack[:top]
		for _, to := range m.c.d.g.Targets(n) {
			m.add(to)
		}
	}
}

// Has reports whether n is marked.
func (m *SubtreeMarker) Has(n Node) bool {
	if m.parts.Has(n) {
		return true
	}
	v, _, ok := m.vertex(n)
	return ok && m.heads.Has(Node(v))
}

// Close frees the memory of the marker.
func (m *SubtreeMarker) Close() {
	m.heads.Close()
	m.parts.Close()
	m.queue, m.stack = nil, nil
}

func (m *SubtreeMarker) addSubtree(v uint32) {
	if !m.heads.Has(Node(v)) {
		m.heads.Set(Node(v))
		m.queue = append(m.queue, v)
	}
}

func (m *SubtreeMarker) add(n Node) {
	if m.Has(n) {
		return
	}
	if v, head, ok := m.vertex(n); ok && head {
		m.addSubtree(v)
		return
	}
	m.parts.Set(n)
	m.stack = append(m.stack, n)
}

// vertex returns the vertex of the contraction that n is drawn into, and whether it is its
// head. A folded root is in none, and neither is what is not live.
func (m *SubtreeMarker) vertex(n Node) (v uint32, head, ok bool) {
	d := m.c.d
	i := d.of(n)
	if i < 2 {
		return 0, false, false
	}
	// Heads follow each other in the tree as they do in the search.
	at := m.t.position[i]
	v = uint32(sort.Search(len(m.c.heads), func(k int) bool { return m.t.position[m.c.heads[k]] > at }) - 1)
	return v, d.vertex[m.c.heads[v]] == n, true
}
