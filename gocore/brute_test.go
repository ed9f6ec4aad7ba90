package gocore_test

import (
	"math/rand/v2"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
	"goheap/internal/testcore"
)

// removal answers by brute force what a node retains: it walks the graph from
// the roots with the node taken out. Its arrays serve all questions on a graph.
type removal struct {
	g     *heap.Graph
	seen  []uint32 // by node: the round in which it was last reached
	round uint32
	stack []heap.Node
}

// reach returns the slots and bytes that SuperRoot reaches without passing
// through wall.
func (r *removal) reach(wall heap.Node) (objects, size uint64) {
	r.round++
	r.seen[heap.SuperRoot] = r.round
	if wall != heap.None {
		r.seen[wall] = r.round
	}
	first := heap.Node(r.g.Roots)
	r.stack = append(r.stack[:0], heap.SuperRoot)
	for len(r.stack) > 0 {
		n := r.stack[len(r.stack)-1]
		r.stack = r.stack[:len(r.stack)-1]
		if n > first {
			objects++
			size += r.g.Size(n)
		}
		for _, to := range r.g.Targets(n) {
			if r.seen[to] != r.round {
				r.seen[to] = r.round
				r.stack = append(r.stack, to)
			}
		}
	}
	return objects, size
}

func newRemoval(g *heap.Graph) *removal { return &removal{g: g, seen: make([]uint32, g.Len())} }

// compare holds what is known of each node against its removal.
func (r *removal) compare(t *testing.T, d *heap.Dominators, nodes []heap.Node) {
	t.Helper()
	allObjects, allBytes := r.reach(heap.None)
	if allBytes != d.LiveBytes() || allObjects != uint64(d.LiveCount()) {
		t.Errorf("%d objects of %d bytes are live, want %d of %d", d.LiveCount(), d.LiveBytes(), allObjects, allBytes)
	}
	live := append([]uint32(nil), r.seen...)
	whole := r.round
	wrong := 0
	for _, n := range nodes {
		if n == heap.SuperRoot {
			continue
		}
		var objects, size uint64
		if live[n] == whole {
			objects, size = r.reach(n)
			objects, size = allObjects-objects, allBytes-size
		} else if d.Live(n) {
			t.Errorf("node %d is not live", n)
		}
		if got, gotObjects := d.Retained(n), d.Objects(n); got != size || gotObjects != objects {
			if wrong++; wrong <= 10 {
				t.Errorf("node %d retains %d objects of %d bytes, by its removal %d of %d", n, gotObjects, got, objects, size)
			}
		}
		// The immediate dominator dominates: without it the node is gone.
		if id := d.Idom(n); live[n] == whole && id != heap.SuperRoot {
			if id == heap.None || id == n || d.Retained(id) < d.Retained(n) {
				t.Errorf("node %d has the immediate dominator %d, which retains %d of its %d bytes", n, id, d.Retained(id), d.Retained(n))
			}
		}
	}
	if wrong > 10 {
		t.Errorf("%d of %d nodes are wrong", wrong, len(nodes))
	}
}

// The removal used here is heaptest's, only faster.
func TestRemoval(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		g := heaptest.Random(r, 60)
		fast := newRemoval(g)
		_, all := fast.reach(heap.None)
		for _, n := range heaptest.Nodes(g)[1:] {
			_, rest := fast.reach(n)
			if want := heaptest.RetainedBruteForce(g, n); all-rest != want {
				t.Fatalf("node %d retains %d, heaptest says %d", n, all-rest, want)
			}
		}
	}
}

// On every node of small real cores, and on a sample of another, what is
// retained is what its removal frees.
func TestRetainedByRemoval(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		program string
		opt     testcore.Options
		every   int // every so many slots are removed
	}{
		{"probe", testcore.Options{}, 1},
		{"quiet", testcore.Options{}, 1},
		{"typed", testcore.Options{Go: "go1.27.0", PIE: true}, 7},
	} {
		t.Run(c.program, func(t *testing.T) {
			t.Parallel()
			p := open(t, c.program, c.opt, testcore.Kernel)
			var nodes []heap.Node
			skip := rand.New(rand.NewPCG(3, 4))
			for _, n := range heaptest.Nodes(p.graph) {
				if n <= heap.Node(p.graph.Roots) || skip.IntN(c.every) == 0 {
					nodes = append(nodes, n)
				}
			}
			newRemoval(p.graph).compare(t, p.doms, nodes)
		})
	}
}

// A second algorithm finds the same immediate dominators: the iteration of
// Cooper, Harvey and Kennedy ("A Simple, Fast Dominance Algorithm", 2001).
func TestIdomByIteration(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"probe", "quiet", "typed"} {
		for _, kind := range []testcore.Kind{testcore.Gcore, testcore.Kernel} {
			t.Run(program+"-"+string(kind), func(t *testing.T) {
				t.Parallel()
				p := open(t, program, testcore.Options{}, kind)
				want := iterateIdoms(p.graph)
				for _, n := range heaptest.Nodes(p.graph)[1:] {
					if got := p.doms.Idom(n); got != want[n] {
						t.Fatalf("the immediate dominator of node %d is %d, want %d", n, got, want[n])
					}
				}
			})
		}
	}
}

// iterateIdoms returns the immediate dominator by node, None for what is not
// reached.
func iterateIdoms(g *heap.Graph) []heap.Node {
	// Reverse postorder, by an explicit stack.
	const unseen = -1
	order := make([]heap.Node, 0, g.Len()) // postorder
	number := make([]int, g.Len())
	for i := range number {
		number[i] = unseen
	}
	type visit struct {
		n    heap.Node
		next int
	}
	seen := make([]bool, g.Len())
	seen[heap.SuperRoot] = true
	for stack := []visit{{heap.SuperRoot, 0}}; len(stack) > 0; {
		top := &stack[len(stack)-1]
		targets := g.Targets(top.n)
		if top.next == len(targets) {
			number[top.n] = len(order)
			order = append(order, top.n)
			stack = stack[:len(stack)-1]
			continue
		}
		to := targets[top.next]
		top.next++
		if !seen[to] {
			seen[to] = true
			stack = append(stack, visit{to, 0})
		}
	}
	predecessors := make([][]heap.Node, g.Len())
	for _, n := range order {
		for _, to := range g.Targets(n) {
			predecessors[to] = append(predecessors[to], n)
		}
	}
	idom := make([]heap.Node, g.Len())
	for i := range idom {
		idom[i] = heap.None
	}
	idom[heap.SuperRoot] = heap.SuperRoot
	for changed := true; changed; {
		changed = false
		for i := len(order) - 2; i >= 0; i-- {
			n := order[i]
			best := heap.None
			for _, from := range predecessors[n] {
				switch {
				case idom[from] == heap.None:
				case best == heap.None:
					best = from
				default:
					for a := from; a != best; {
						for number[a] < number[best] {
							a = idom[a]
						}
						for number[best] < number[a] {
							best = idom[best]
						}
					}
				}
			}
			if idom[n] != best {
				idom[n], changed = best, true
			}
		}
	}
	idom[heap.SuperRoot] = heap.None
	return idom
}
