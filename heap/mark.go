package heap

import (
	"context"

	"goheap/internal/flat"
	"goheap/internal/progress"
)

// checkEvery is the number of nodes, a power of two, after which a long loop
// looks at its context and reports progress.
const checkEvery = 1 << 16

// Marker is a set of nodes that grows by reachability. It is not safe for
// concurrent use. It holds one bit per node, and a stack that is as deep as
// the largest number of marked nodes that waited for their targets at once.
type Marker struct {
	g     *Graph
	seen  Bits
	stack []Node
}

// NewMarker returns a marker that has marked nothing.
func NewMarker(g *Graph) *Marker {
	return &Marker{
		g:    g,
		seen: NewBits(g.Len()),
		// A node is pushed once, when it is marked; what is never
		// touched of the stack takes no memory.
		stack: flat.Make[Node](g.Len()),
	}
}

// Mark marks from and everything that it reaches, in time proportional to the
// edges of the nodes that were not yet marked.
func (m *Marker) Mark(from Node) {
	// Without a context there is nothing that could fail.
	_ = m.mark(context.Background(), nil, from)
}

// Has reports whether n is marked.
func (m *Marker) Has(n Node) bool { return m.seen.Has(n) }

// Bits returns the set of marked nodes. It belongs to the marker, grows with it
// and ends with it.
func (m *Marker) Bits() Bits { return m.seen }

// Close frees the memory of the marker.
func (m *Marker) Close() {
	m.seen.Close()
	flat.Free(m.stack)
	m.stack = nil
}

// mark does Mark's work; a nil phase is allowed. After an error some nodes are
// marked whose targets are not.
func (m *Marker) mark(ctx context.Context, p *progress.Phase, from Node) error {
	if m.seen.Has(from) {
		return nil
	}
	seen, stack := m.seen.word, m.stack
	offset, target := m.g.Offset, m.g.Target
	seen[from>>6] |= 1 << (from & 63)
	stack[0] = from
	// Several nodes are taken at a time: the reads of their offsets, and then
	// of their rows, do not wait for each other.
	type row struct{ begin, end uint64 }
	var rows [32]row
	for top, done := 1, 0; top > 0; {
		k := min(top, len(rows))
		top -= k
		for i, n := range stack[top : top+k] {
			rows[i] = row{offset[n], offset[n+1]}
		}
		for _, r := range rows[:k] {
			for _, t := range target[r.begin:r.end] {
				w, bit := &seen[t>>6], uint64(1)<<(t&63)
				if *w&bit != 0 {
					continue
				}
				*w |= bit
				stack[top] = t
				top++
			}
		}
		if done += k; done >= checkEvery {
			if err := ctx.Err(); err != nil {
				return err
			}
			if p != nil {
				p.Add(int64(done))
			}
			done = 0
		}
	}
	return nil
}

// Reachable returns the set of nodes that SuperRoot reaches, SuperRoot
// included, on ways that do not lead through walls. These are in the set
// themselves, whether they are reached or not. The caller closes it. The
// error is the context's.
func (g *Graph) Reachable(ctx context.Context, walls ...Node) (*Bits, error) {
	p := progress.Start(ctx, "mark", 0)
	defer p.Finish()
	m := NewMarker(g)
	for _, n := range walls {
		m.seen.Set(n)
	}
	if err := m.mark(ctx, p, SuperRoot); err != nil {
		m.Close()
		return nil, err
	}
	flat.Free(m.stack)
	return &m.seen, nil
}
