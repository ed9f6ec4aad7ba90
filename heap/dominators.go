package heap

import (
	"context"
	"runtime"
	"sync"

	"goheap/internal/flat"
	"goheap/internal/progress"
)

// Dominators knows what is live in a graph, what dominates what, and how many
// bytes each node retains. Its methods may be called from several goroutines;
// Close must come after all of them.
//
// Node a dominates b when every path from SuperRoot to b passes through a; the
// immediate dominator of b is the closest such node other than b. A node
// retains itself and everything it dominates: what would be freed if it were
// not there.
//
// Most objects of a Go program hold no pointers and are pointed to once. Such
// a folded node is dominated by its only predecessor and retains itself; it
// has no entry in the arrays over preorder numbers. Kept between calls are
// 4 bytes and a bit per node and 16 bytes per live node that is not folded;
// what a question needs beyond that is built when it is first asked.
type Dominators struct {
	g *Graph

	// number holds by node, 0 for unreachable: the preorder number of the
	// depth-first search, SuperRoot's being 1; for a folded node its
	// predecessor's number.
	number []uint32
	folded Bits

	// By preorder number; entry 0 is unused, and so is idom[1].
	vertex   []Node
	idom     []uint32
	retained []uint64

	liveCount int
	liveBytes uint64

	// Reroute, where it is set, gives the path that PathTo and Paths return in the place of
	// one: to the same node, along edges. first is PathTo without it. It is called by as
	// many goroutines as these are.
	Reroute func(path []Node, first func(n Node) []Node) []Node

	lazy
}

// Dominators computes the live set, the dominators and the retained sizes. The
// caller closes the result. The error is the context's.
//
// The tree comes from the semi-NCA algorithm (L. Georgiadis, R. E. Tarjan,
// R. F. Werneck, "Finding Dominators in Practice", Journal of Graph Algorithms
// and Applications 10(1), 2006). At its peak the computation takes about 25
// bytes per live node beyond the graph.
func (g *Graph) Dominators(ctx context.Context) (*Dominators, error) {
	d := &Dominators{g: g}
	if err := d.compute(ctx); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *Dominators) compute(ctx context.Context) error {
	p := progress.Start(ctx, "mark", int64(d.g.Len()))
	defer p.Finish()
	kept, words, err := d.fold(ctx)
	if err != nil {
		kept.Close()
		return err
	}
	defer kept.Close()
	var edges []uint64
	if words < 1<<32 {
		edges, err = search[uint32](ctx, p, d, kept, words)
	} else {
		edges, err = search[uint64](ctx, p, d, kept, words)
	}
	if err != nil {
		return err
	}
	kept.Close()
	p.Finish()
	if uint64(len(edges)) < 1<<32 {
		return finish[uint32](ctx, d, edges)
	}
	return finish[uint64](ctx, d, edges)
}

// finish does what follows the search, and frees the edges that it left. O can
// count these edges; half the size of the offsets is worth two instances.
func finish[O uint32 | uint64](ctx context.Context, d *Dominators, edges []uint64) error {
	p := progress.Start(ctx, "predecessors", int64(len(edges)))
	defer p.Finish()
	start, pred, err := predecessors[O](ctx, p, len(d.vertex), edges)
	flat.Free(edges)
	defer flat.Free(start)
	defer flat.Free(pred)
	if err != nil {
		return err
	}
	p.Finish()

	p = progress.Start(ctx, "dominators", int64(len(d.vertex)))
	defer p.Finish()
	if err := semiNCA(ctx, p, d.idom, start, pred); err != nil {
		return err
	}
	p.Finish()

	p = progress.Start(ctx, "retained sizes", int64(len(d.vertex)))
	defer p.Finish()
	return d.sum(ctx)
}

// predecessors sorts edges by target: the sources of the edges to w are
// pred[start[w]:start[w+1]], in the order of edges. Both are for the caller to
// free, also after an error.
func predecessors[O uint32 | uint64](ctx context.Context, p *progress.Phase, n int, edges []uint64) (start []O, pred []uint32, err error) {
	start = flat.Make[O](n + 2)
	pred = flat.Make[uint32](len(edges))
	// Each worker has a range of targets and looks at all edges: reading
	// them in order is cheap, writing at random is not.
	workers := maxWorkers()
	var wait sync.WaitGroup
	bound := func(w int) uint64 { return uint64(n) * uint64(w) / uint64(workers) }
	// Counts go to start[w+2], so that after the sums start[w+1] is where
	// the next edge to w goes, and in the end where they end.
	pass := func(f func(lo, hi uint64, edges []uint64)) {
		for w := range workers {
			wait.Go(func() {
				for i := 0; i < len(edges) && ctx.Err() == nil; i += checkEvery {
					f(bound(w), bound(w+1), edges[i:min(i+checkEvery, len(edges))])
					if w == 0 {
						p.Add(checkEvery / 2)
					}
				}
			})
		}
		wait.Wait()
	}
	pass(func(lo, hi uint64, edges []uint64) {
		for _, e := range edges {
			if w := e >> 32; w-lo < hi-lo {
				start[w+2]++
			}
		}
	})
	var sum O
	for w := range start {
		sum += start[w]
		start[w] = sum
	}
	pass(func(lo, hi uint64, edges []uint64) {
		for _, e := range edges {
			if w := e >> 32; w-lo < hi-lo {
				pred[start[w+1]] = uint32(e)
				start[w+1]++
			}
		}
	})
	return start, pred, ctx.Err()
}

// link is what the evaluation of a path needs of a node, in one cache line.
type link struct {
	up    uint32 // an ancestor in the search tree, first the parent
	label uint32 // the least semidominator from the node up to, and without, up
}

// semiNCA replaces the parents in the search tree by the immediate dominators.
// All numbers are preorder numbers, parent[1] is ignored, and pred are the
// predecessors by edges outside the tree.
func semiNCA[O uint32 | uint64](ctx context.Context, p *progress.Phase, parent []uint32, start []O, pred []uint32) error {
	n := len(parent)
	semi := flat.Make[uint32](n)
	defer flat.Free(semi)
	links := flat.Make[link](n)
	defer flat.Free(links)
	path := flat.Make[uint32](n)
	defer flat.Free(path)

	end := O(len(pred))
	for w := uint32(n - 1); w > 1; w-- {
		up := parent[w]
		least := up
		begin := start[w]
		for _, v := range pred[begin:end] {
			if v > w {
				v = evaluate(links, path, w, v)
			}
			least = min(least, v)
		}
		end = begin
		semi[w] = least
		links[w] = link{up, least}
		if w&(checkEvery-1) == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			p.Add(checkEvery)
		}
	}

	idom := parent
	for w := 2; w < n; w++ {
		// The immediate dominator is the nearest common ancestor, in the
		// dominator tree built so far, of parent and semidominator.
		c := parent[w]
		for s := semi[w]; c > s; {
			c = idom[c]
		}
		idom[w] = c
		if w&(checkEvery-1) == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

// evaluate returns the least semidominator on the path of the search tree from
// v up to the child of the last node that is at or below w, and shortens the
// path. The depth of the tree is that of the longest list: no recursion.
func evaluate(links []link, path []uint32, w, v uint32) uint32 {
	up := links[v].up
	if up <= w {
		return links[v].label
	}
	depth := 0
	for links[up].up > w {
		path[depth] = v
		depth++
		v, up = up, links[up].up
	}
	top := links[up]
	for {
		l := &links[v]
		l.label = min(l.label, top.label)
		l.up = top.up
		if depth == 0 {
			return l.label
		}
		top = *l
		depth--
		v = path[depth]
	}
}

// sum turns the bytes of each node into the bytes it retains. Numbers of
// dominators are smaller than the numbers of what they dominate, so that one
// sweep from the end sees every subtree complete.
func (d *Dominators) sum(ctx context.Context) error {
	idom, retained := d.idom, d.retained
	for i := len(idom) - 1; i > 1; i-- {
		retained[idom[i]] += retained[i]
		if i&(checkEvery-1) == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	return nil
}

// maxWorkers is the number of goroutines that share a pass over the graph. More
// than four would wait for memory.
func maxWorkers() int { return min(runtime.GOMAXPROCS(0), 4) }

// inParts calls f for the numbers 0 to n-1 in parts of the given size, from
// several goroutines; w below workers is the goroutine. The error is the
// context's.
func inParts(ctx context.Context, workers, n, part int, f func(w, lo, hi int)) error {
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			for lo := w * part; lo < n && ctx.Err() == nil; lo += workers * part {
				f(w, lo, min(lo+part, n))
			}
		})
	}
	wait.Wait()
	return ctx.Err()
}

// Close frees the arrays. Nothing may be asked afterwards.
func (d *Dominators) Close() {
	flat.Free(d.number)
	flat.Free(d.vertex)
	flat.Free(d.idom)
	flat.Free(d.retained)
	d.folded.Close()
	d.number, d.vertex, d.idom, d.retained = nil, nil, nil, nil
	d.lazy.close()
}

// Live reports whether SuperRoot reaches n.
func (d *Dominators) Live(n Node) bool { return int(n) < len(d.number) && d.number[n] != 0 }

// LiveCount returns the number of live slots of the heap; roots do not count.
func (d *Dominators) LiveCount() int { return d.liveCount }

// LiveBytes returns the bytes of the live slots.
func (d *Dominators) LiveBytes() uint64 { return d.liveBytes }

// Idom returns the immediate dominator of n; None for SuperRoot and for a node
// that is not live.
func (d *Dominators) Idom(n Node) Node {
	switch i := d.of(n); {
	case i == 0:
		return None
	case d.folded.Has(n):
		return d.vertex[i]
	case i == 1:
		return None
	default:
		return d.vertex[d.idom[i]]
	}
}

// Retained returns the bytes that n retains, its own included; 0 for a node
// that is not live. What SuperRoot retains is LiveBytes.
func (d *Dominators) Retained(n Node) uint64 {
	switch i := d.of(n); {
	case i == 0:
		return 0
	case d.folded.Has(n):
		return d.g.Size(n)
	default:
		return d.retained[i]
	}
}

// of returns number[n], 0 for a number that is no node.
func (d *Dominators) of(n Node) uint32 {
	if int(n) >= len(d.number) {
		return 0
	}
	return d.number[n]
}
