// Package heaptest has graphs to test with and slow, plain answers to compare
// the ones of package heap with.
package heaptest

import (
	"math/rand/v2"

	"goheap/heap"
)

// Edge is a pointer of a graph under construction.
type Edge struct{ From, To heap.Node }

// Build returns the graph with the given number of roots, extents and edges.
// SuperRoot's edges to the roots are added. The targets of a node are in the
// order of edges.
func Build(roots int, extents []heap.Extent, edges []Edge) *heap.Graph {
	n := roots + 1
	for _, e := range extents {
		n = max(n, int(e.First)+int(e.Count))
	}
	offset := make([]uint64, n+1)
	offset[1] = uint64(roots)
	for _, e := range edges {
		offset[e.From+1]++
	}
	for i := range n {
		offset[i+1] += offset[i]
	}
	target := make([]heap.Node, offset[n])
	next := append([]uint64(nil), offset...)
	for r := 1; r <= roots; r++ {
		target[next[0]] = heap.Node(r)
		next[0]++
	}
	for _, e := range edges {
		target[next[e.From]] = e.To
		next[e.From]++
	}
	return heap.NewGraph(roots, offset, target, extents)
}

// After returns the first node after those of extents and roots that can be
// the First of another extent.
func After(roots int, extents []heap.Extent) heap.Node {
	n := heap.Node(roots + 1)
	if len(extents) > 0 {
		last := extents[len(extents)-1]
		n = last.First + heap.Node(last.Count)
	}
	return (n + heap.ExtentAlign - 1) / heap.ExtentAlign * heap.ExtentAlign
}

// Nodes returns all nodes of g in order, without the numbers between extents.
func Nodes(g *heap.Graph) []heap.Node {
	var nodes []heap.Node
	for n := range heap.Node(g.Roots + 1) {
		nodes = append(nodes, n)
	}
	for _, e := range g.Extents {
		for i := range e.Count {
			nodes = append(nodes, e.First+heap.Node(i))
		}
	}
	return nodes
}

// Random returns a graph of at most size slots, with roots, several extents of
// different sizes, cycles, self edges, double edges, leaves, slots nothing
// points to, and edges from one root to another.
func Random(r *rand.Rand, size int) *heap.Graph {
	roots := r.IntN(6)
	var extents []heap.Extent
	for left := 1 + r.IntN(size); left > 0; {
		count := 1 + r.IntN(left)
		extents = append(extents, heap.Extent{
			First: After(roots, extents),
			Count: uint32(count),
			Size:  uint64(8 * (1 + r.IntN(20))),
		})
		left -= count
	}
	all := Nodes(Build(roots, extents, nil))[1:]
	pick := func() heap.Node { return all[r.IntN(len(all))] }
	slot := func() heap.Node { return all[roots+r.IntN(len(all)-roots)] }
	var edges []Edge
	// Between a forest and a graph where everything reaches everything.
	for range r.IntN(1 + len(all)*(1+r.IntN(4))) {
		from, to := pick(), slot()
		switch r.IntN(10) {
		case 0:
			to = from
		case 1:
			if len(edges) > 0 {
				edges = append(edges, edges[len(edges)-1])
			}
		case 2:
			// Close by: long chains.
			if i := r.IntN(len(all)); i+1 < len(all) && i+1 > roots {
				from, to = all[i], all[i+1]
			}
		case 3:
			if r.IntN(5) == 0 {
				to = pick()
			}
		case 4:
			// A root's own.
			if roots > 0 {
				from = all[r.IntN(roots)]
			}
		}
		edges = append(edges, Edge{from, to})
	}
	return Build(roots, extents, edges)
}

// Reach returns by node whether from reaches it without passing through any
// node of walls. A from that is itself a wall reaches nothing.
func Reach(g *heap.Graph, from heap.Node, walls ...heap.Node) []bool {
	wall := make(map[heap.Node]bool)
	for _, w := range walls {
		wall[w] = true
	}
	seen := make([]bool, g.Len())
	if wall[from] {
		return seen
	}
	seen[from] = true
	for queue := []heap.Node{from}; len(queue) > 0; queue = queue[1:] {
		for _, t := range g.Targets(queue[0]) {
			if !seen[t] && !wall[t] {
				seen[t] = true
				queue = append(queue, t)
			}
		}
	}
	return seen
}

// Retained returns the bytes and the slots that SuperRoot reaches, but not
// without passing through one of nodes.
func Retained(g *heap.Graph, nodes ...heap.Node) (bytes, objects uint64) {
	with, without := Reach(g, heap.SuperRoot), Reach(g, heap.SuperRoot, nodes...)
	for n, live := range with {
		if live && !without[n] && n > g.Roots {
			bytes += g.Size(heap.Node(n))
			objects++
		}
	}
	return bytes, objects
}

// RetainedBruteForce returns the bytes that n retains: what SuperRoot no longer
// reaches once n is removed.
func RetainedBruteForce(g *heap.Graph, n heap.Node) uint64 {
	bytes, _ := Retained(g, n)
	return bytes
}
