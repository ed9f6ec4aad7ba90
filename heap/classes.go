package heap

import (
	"context"

	"goheap/internal/flat"
	"goheap/internal/progress"
)

// RetainedByClass returns what each class of roots retains as a set: what would
// be freed if none of its roots were there. Classes is indexed by root less one
// and its numbers are below n; every root is in one class. The results are those
// of RetainedSet with all roots of a class, for all classes in one pass over the
// graph. The error is the context's.
func (d *Dominators) RetainedByClass(ctx context.Context, classes []uint32, n int) ([]Total, error) {
	p := progress.Start(ctx, "retained by class", 0)
	defer p.Finish()
	c, err := d.partition(ctx, classes, n)
	if err != nil {
		return nil, err
	}
	defer c.free()
	totals := make([]Total, n)
	for v, s := range c.state {
		if s >= firstClass {
			head := c.head(uint32(v))
			totals[s-firstClass].Objects += d.Objects(head)
			totals[s-firstClass].Bytes += d.Retained(head)
		}
	}
	return totals, nil
}

// The states of a vertex: no class reaches it yet, several do, or one alone, which is
// added to firstClass.
const (
	noClass = iota
	several
	firstClass
)

// classify finds for each vertex the class of roots that alone reaches it.
//
// An object dies with a class if every path to it passes through a root of the
// class. Roots apart, it does so if that holds for all that points to it: the
// class flows along the edges, and where two different ones meet, several stand.
// A root is where its own class begins, whatever points to it.
func (c *partition) classify(ctx context.Context) error {
	c.state = flat.Make[uint32](len(c.heads))
	state := c.state
	var queue []uint32
	for v := range state {
		if r := c.root(v); r != None {
			state[v] = c.classes[r-1] + firstClass
			queue = append(queue, uint32(v))
		}
	}
	// A vertex changes twice at most: from none to a class, and to several.
	for steps := 0; len(queue) > 0; steps++ {
		if steps&(checkEvery-1) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		v := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, w := range c.to[c.start[v]:c.start[v+1]] {
			joined := state[v]
			if state[w] != noClass && state[w] != joined {
				joined = several
			}
			if joined != state[w] && c.root(int(w)) == None {
				state[w] = joined
				queue = append(queue, w)
			}
		}
	}
	return nil
}
