package heap

import (
	"context"
	"math/bits"
	"runtime"

	"goheap/internal/flat"
	"goheap/internal/progress"
)

// fold finds the nodes without targets that have exactly one edge pointing to
// them, be it from a live node or not, and notes them in d.folded. kept are
// SuperRoot and the other nodes to which there is an edge; it is for the caller
// to close. words is the size of the stream of search.
func (d *Dominators) fold(ctx context.Context) (kept Bits, words uint64, err error) {
	g, n := d.g, d.g.Len()
	d.folded, kept = NewBits(n), NewBits(n)
	// Two bits per node, 32 nodes per word: the lower is set by the first
	// edge, the upper by the second. Each worker has its own array, because
	// a few megabytes stay in its cache and atomic writes cost more.
	workers := maxWorkers()
	seen := make([][]uint64, workers)
	for w := range seen {
		seen[w] = flat.Make[uint64]((n + 31) / 32)
	}
	defer func() {
		for w := range seen {
			flat.Free(seen[w])
		}
	}()
	err = inParts(ctx, workers, len(g.Target), 4*checkEvery, func(w, lo, hi int) {
		in := seen[w]
		for _, t := range g.Target[lo:hi] {
			p, shift := &in[t/32], t%32*2
			*p |= (*p>>shift&1)<<(shift+1) | 1<<shift
		}
	})
	if err != nil {
		return kept, 0, err
	}
	count := make([]uint64, workers)
	err = inParts(ctx, workers, len(kept.word), checkEvery/16, func(w, lo, hi int) {
		for i := lo; i < hi; i++ {
			var any, once, leaf uint64
			for half := range 2 {
				if j := 2*i + half; j < len(seen[0]) {
					var first, second uint64
					for _, in := range seen {
						second |= in[j] | (in[j]&first)<<1
						first |= in[j]
					}
					any |= evenBits(first) << (32 * half)
					once |= evenBits(first&^(second>>1)) << (32 * half)
				}
			}
			if i == 0 {
				any |= 1 << SuperRoot
				once &^= 1 << SuperRoot
			}
			if once != 0 {
				base := i * 64
				row := g.Offset[base : min(base+64, n)+1]
				for k := range len(row) - 1 {
					if row[k] == row[k+1] {
						leaf |= 1 << k
					}
				}
			}
			d.folded.word[i] = once & leaf
			kept.word[i] = any &^ (once & leaf)
			count[w] += uint64(bits.OnesCount64(kept.word[i]))
		}
	})
	for _, c := range count {
		words += 2 * c
	}
	return kept, words + uint64(len(g.Target)), err
}

// evenBits gathers bits 0, 2, 4, … of x in the lower half of the result.
func evenBits(x uint64) uint64 {
	x &= 0x5555555555555555
	x = (x | x>>1) & 0x3333333333333333
	x = (x | x>>2) & 0x0f0f0f0f0f0f0f0f
	x = (x | x>>4) & 0x00ff00ff00ff00ff
	x = (x | x>>8) & 0x0000ffff0000ffff
	return (x | x>>16) & 0x00000000ffffffff
}

// visit is a node that waits for the search: its position in the stream and
// the number of the node that points to it.
type visit[W uint32 | uint64] struct {
	at   W
	from uint32
}

// search numbers the live nodes in preorder of a depth-first search. Afterwards
// idom holds the parents in the search tree, retained the bytes of each node
// and of the nodes folded into it, and everything else but the dominators is
// complete. W can hold a position in the stream, which has as many as words.
//
// It returns the edges between kept nodes that are not in the search tree, for
// the caller to free: the preorder number of the target in the upper half, of
// the source in the lower half. Self edges are left out.
//
// What takes time is waiting for memory: the next node is known only when the
// row of the last one has arrived. So the kept nodes are first written to a
// stream, [number, count of targets, positions of targets …] for each, in
// passes whose random reads do not depend on each other. In the stream a visit
// is one access, not one for the number, one for the offset and one for the
// row. All targets of a node are pushed together with its number; whether an
// edge belongs to the tree turns out when it is popped, and until then the
// processor fetches what the push touched.
func search[W uint32 | uint64](ctx context.Context, p *progress.Phase, d *Dominators, kept Bits, words uint64) ([]uint64, error) {
	stream, err := newStream[W](ctx, d, kept, words)
	defer flat.Free(stream)
	if err != nil {
		return nil, err
	}
	target := d.g.Target
	nodes := kept.Count()
	step := checkEvery * int64(d.g.Len()) / int64(nodes) // of progress
	parent := flat.Make[uint32](nodes + 1)
	d.idom = parent
	stack := flat.Make[visit[W]](len(target) + 1)
	edges := flat.Make[uint64](len(target))
	last, n := uint32(0), 0 // the number given last; edges found

	var touched W
	for top := 1; top > 0; {
		top--
		at, from := stack[top].at, stack[top].from
		if k := stream[at]; k != 0 {
			if uint32(k) != from {
				edges[n] = uint64(k)<<32 | uint64(from)
				n++
			}
			continue
		}
		last++
		stream[at], parent[last] = W(last), from
		for _, t := range stream[at+2 : at+2+stream[at+1]] {
			stack[top] = visit[W]{t, last}
			top++
			touched += stream[t]
		}
		if last&(checkEvery-1) == 0 {
			if err = ctx.Err(); err != nil {
				break
			}
			p.Add(step)
		}
	}
	runtime.KeepAlive(touched) // or the reads are left out
	flat.Free(stack)
	if err == nil {
		d.idom = parent[:last+1]
		err = number(ctx, d, kept, stream)
	}
	if err != nil {
		flat.Free(edges)
		return nil, err
	}
	return edges[:n], nil
}

// eachKept calls f from the given number of goroutines for the kept nodes, with
// their positions in the stream: twice the number of kept nodes before the node, plus
// its offset in the graph. So the position is known without a look at the
// nodes before, and there is room for all targets; that of folded ones stays
// empty. The error is the context's.
func eachKept(ctx context.Context, workers int, g *Graph, kept Bits, f func(worker int, n Node, at uint64)) error {
	// before[i] is how many kept nodes lie before the part i.
	const part = checkEvery / 64 // words of 64 nodes
	before := make([]uint64, len(kept.word)/part+1)
	var sum uint64
	for i, w := range kept.word {
		if i%part == 0 {
			before[i/part] = sum
		}
		sum += uint64(bits.OnesCount64(w))
	}
	return inParts(ctx, workers, len(kept.word), part, func(worker, lo, hi int) {
		rank := before[lo/part]
		for i := lo; i < hi; i++ {
			for w := kept.word[i]; w != 0; w &= w - 1 {
				n := Node(i*64 + bits.TrailingZeros64(w))
				f(worker, n, 2*rank+g.Offset[n])
				rank++
			}
		}
	})
}

// newStream writes the kept nodes to a stream in which all numbers are 0. It is
// for the caller to free, also after an error.
func newStream[W uint32 | uint64](ctx context.Context, d *Dominators, kept Bits, words uint64) ([]W, error) {
	g, folded := d.g, d.folded.word
	stream := flat.Make[W](int(words))
	position := flat.Make[W](g.Len())
	defer flat.Free(position)
	workers := maxWorkers()
	err := eachKept(ctx, workers, g, kept, func(_ int, n Node, at uint64) { position[n] = W(at) })
	if err != nil {
		return stream, err
	}
	err = eachKept(ctx, workers, g, kept, func(_ int, n Node, at uint64) {
		row := stream[at:]
		k := 2
		for _, t := range g.Target[g.Offset[n]:g.Offset[n+1]] {
			if folded[t>>6]>>(t&63)&1 == 0 {
				row[k] = position[t]
				k++
			}
		}
		row[1] = W(k - 2)
	})
	return stream, err
}

// number takes the numbers of the live nodes from the stream to the arrays by
// node and by number, and adds up their sizes.
func number[W uint32 | uint64](ctx context.Context, d *Dominators, kept Bits, stream []W) error {
	g, folded, extentOf := d.g, d.folded.word, d.g.extentOf
	d.number = flat.Make[uint32](g.Len())
	d.vertex = flat.Make[Node](len(d.idom))
	d.retained = flat.Make[uint64](len(d.idom))
	number, vertex, retained := d.number, d.vertex, d.retained
	vertex[0] = None
	sizes := make([]uint64, len(g.Extents)+1)
	for i, e := range g.Extents {
		sizes[i] = e.Size
	}
	type total struct {
		bytes uint64
		slots int
		_     [48]byte // a cache line for each worker
	}
	totals := make([]total, maxWorkers())
	err := eachKept(ctx, len(totals), g, kept, func(worker int, n Node, at uint64) {
		k := uint32(stream[at])
		if k == 0 {
			return
		}
		number[n], vertex[k] = k, n
		own := sizes[extentOf[n/ExtentAlign]]
		slots := 0
		if int(n) > g.Roots {
			slots = 1
		}
		for _, t := range g.Target[g.Offset[n]:g.Offset[n+1]] {
			if folded[t>>6]>>(t&63)&1 != 0 {
				number[t] = k
				own += sizes[extentOf[t/ExtentAlign]]
				if int(t) > g.Roots {
					slots++
				}
			}
		}
		retained[k] = own
		totals[worker].bytes += own
		totals[worker].slots += slots
	})
	for _, t := range totals {
		d.liveBytes += t.bytes
		d.liveCount += t.slots
	}
	return err
}
