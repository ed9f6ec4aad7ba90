package heap

import (
	"context"
	"math/bits"
	"slices"

	"goheap/internal/flat"
	"goheap/internal/progress"
)

// Cut is the graph without some of its edges: what is still reachable, how, and
// what is not. It holds one bit per node. Its methods may be called from
// several goroutines; Close comes after them, and before that of the Dominators.
type Cut struct {
	// Freed is what is live and would not be without the edges.
	Freed Total

	d      *Dominators
	banned map[Edge]bool
	from   Bits // sources of the banned edges
	kept   Bits // what SuperRoot still reaches
}

// Cut marks the graph once more, without the given edges. An edge stands for all
// pointers from one node to another; one from SuperRoot cuts off that root; one
// that is not there changes nothing. The caller closes the result. The error is
// the context's.
func (d *Dominators) Cut(ctx context.Context, edges []Edge) (*Cut, error) {
	p := progress.Start(ctx, "cut", int64(d.g.Len()))
	defer p.Finish()
	c := &Cut{d: d, banned: make(map[Edge]bool), from: NewBits(d.g.Len()), kept: NewBits(d.g.Len())}
	for _, e := range edges {
		if int(e.From) < d.g.Len() {
			c.banned[e] = true
			c.from.Set(e.From)
		}
	}
	if err := c.mark(ctx, p); err != nil {
		c.Close()
		return nil, err
	}
	c.Freed = d.liveTotal().minus(d.g.slots(c.kept))
	return c, nil
}

// mark is Marker.mark with a look at each node whether edges of it are banned.
func (c *Cut) mark(ctx context.Context, p *progress.Phase) error {
	offset, target := c.d.g.Offset, c.d.g.Target
	stack := flat.Make[Node](c.d.g.Len())
	defer flat.Free(stack)
	kept := c.kept.word
	c.kept.Set(SuperRoot)
	top := 1 // stack[0] is SuperRoot
	push := func(t Node) {
		if w, bit := &kept[t>>6], uint64(1)<<(t&63); *w&bit == 0 {
			*w |= bit
			stack[top] = t
			top++
		}
	}
	type row struct{ begin, end uint64 }
	var rows [32]row // as in Marker.mark
	for done := 0; top > 0; {
		k := min(top, len(rows))
		top -= k
		taken := stack[top : top+k]
		for i, n := range taken {
			rows[i] = row{offset[n], offset[n+1]}
		}
		var cut []Node
		for i, n := range taken {
			if c.from.Has(n) {
				rows[i] = row{}
				cut = append(cut, n)
			}
		}
		for _, r := range rows[:k] {
			for _, t := range target[r.begin:r.end] {
				push(t)
			}
		}
		for _, n := range cut {
			for _, t := range target[offset[n]:offset[n+1]] {
				if !c.banned[Edge{n, t}] {
					push(t)
				}
			}
		}
		if done += k; done >= checkEvery {
			if err := ctx.Err(); err != nil {
				return err
			}
			p.Add(int64(done))
			done = 0
		}
	}
	return nil
}

// Live reports whether SuperRoot reaches n without the edges.
func (c *Cut) Live(n Node) bool { return c.kept.Has(n) }

// Path returns the shortest path from a root to n without the edges, as PathTo
// does with them; nil if there is none. It searches the graph from the roots on:
// where Paths answers, that is faster. The error is the context's.
func (c *Cut) Path(ctx context.Context, n Node) ([]Node, error) {
	if !c.Live(n) || n == SuperRoot {
		return nil, nil
	}
	g := c.d.g
	via := flat.Make[Node](g.Len()) // by node: its predecessor plus 1
	defer flat.Free(via)
	queue := flat.Make[Node](g.Len())
	defer flat.Free(queue)
	tail := 1 // queue[0] is SuperRoot
	via[SuperRoot] = None
	for head := 0; head < tail && via[n] == 0; head++ {
		if head&(checkEvery-1) == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		from := queue[head]
		some, begin := c.from.Has(from), tail
		for _, t := range g.Targets(from) {
			if via[t] == 0 && !(some && c.banned[Edge{from, t}]) {
				via[t] = from + 1
				queue[tail] = t
				tail++
			}
		}
		slices.Sort(queue[begin:tail]) // see breadthFirst
	}
	var path []Node
	for ; n != SuperRoot; n = via[n] - 1 {
		path = append(path, n)
	}
	slices.Reverse(path)
	return path, nil
}

// FreedBelow returns what is freed by the node that would be left and dominates it most
// closely: of an object from which edges were cut, what hung on these alone. The error is
// the context's.
func (c *Cut) FreedBelow(ctx context.Context) (map[Node]Total, error) {
	d := c.d
	below := map[Node]Total{}
	note := func(owner, n Node) {
		t := below[owner]
		below[owner] = Total{t.Objects + d.slot(n), t.Bytes + d.g.Size(n)}
	}
	// A dominator has a lower number than what it dominates. By number, 0 for what is kept.
	owner := flat.Make[uint32](len(d.idom))
	defer flat.Free(owner)
	for i := 2; i < len(d.idom); i++ {
		if i&(checkEvery-1) == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		n := d.vertex[i]
		if c.kept.Has(n) {
			continue
		}
		if owner[i] = d.idom[i]; owner[d.idom[i]] != 0 {
			owner[i] = owner[d.idom[i]]
		}
		note(d.vertex[owner[i]], n)
	}
	for w, word := range d.folded.word {
		if w&(checkEvery-1) == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for word &^= c.kept.word[w]; word != 0; word &= word - 1 {
			n := Node(w*64 + bits.TrailingZeros64(word))
			at := d.number[n]
			if at == 0 {
				continue
			}
			if owner[at] != 0 {
				at = owner[at]
			}
			note(d.vertex[at], n)
		}
	}
	return below, nil
}

// Close frees the memory of the cut.
func (c *Cut) Close() {
	c.from.Close()
	c.kept.Close()
}
