package heap_test

import (
	"math/rand/v2"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
)

// TestList has lists of all kinds among other nodes: of elements that point at each
// other or by way of others, with a pointer to their last, with pointers back, closed
// to a ring, and all that hangs on their elements.
func TestList(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 14))
	for range 2000 {
		period, elements := 1+r.IntN(4), 1+r.IntN(12)
		back, ring, tail, hanging := period == 1 && r.IntN(2) == 0, r.IntN(4) == 0, r.IntN(2) == 0, r.IntN(2) == 0
		tail = tail && !back         // else nothing in it dominates the next
		n := period*(elements-1) + 1 // up to the last element
		const first, item = heap.Node(8), heap.TypeID(100)
		types := make([]heap.TypeID, 8+2*n+64)
		edges := []heaptest.Edge{{From: 1, To: 8 + heap.Node(2*n)}, {From: 8 + heap.Node(2*n), To: first}}
		holder := 8 + heap.Node(2*n)
		types[holder] = 50
		for i := range n {
			m := first + heap.Node(i)
			types[m] = item + heap.TypeID(i%period)
			if i > 0 {
				edges = append(edges, heaptest.Edge{From: m - 1, To: m})
				if back {
					edges = append(edges, heaptest.Edge{From: m, To: m - 1})
				}
			}
			if hanging {
				own := first + heap.Node(n+i)
				types[own] = 60
				edges = append(edges, heaptest.Edge{From: m, To: own})
			}
		}
		last := first + heap.Node(n-1)
		if tail {
			edges = append(edges, heaptest.Edge{From: holder, To: last})
		}
		if ring && period == 1 {
			edges = append(edges, heaptest.Edge{From: last, To: first})
		}
		g := heaptest.Build(1, []heap.Extent{{First: 8, Count: uint32(2*n + 1), Size: 8}}, edges)
		d := dominators(t, g)
		for i := range n {
			m := first + heap.Node(i)
			head, length := d.List(m, 1, types)
			// With a pointer to the last, that one is not behind the others.
			in := i >= 4*period && (!tail || m != last)
			if in != (length > 0) || in && (head != first || length != elements) {
				t.Fatalf("node %d of a list of %d with period %d, back %t, ring %t, tail %t: head %d, length %d", m, elements, period, back, ring, tail, head, length)
			}
			if i < 4*period {
				continue
			}
			// Nothing above top is part of it.
			top := first + heap.Node(r.IntN(i+1))
			head, length = d.List(m, top, types)
			if in && m-top >= heap.Node(4*period) {
				want := elements - int(top-first)/period
				if types[top] != item {
					want = 0 // of another type than the elements: as many as there are of it
					for k := top; k <= last; k++ {
						if types[k] == types[top] {
							want++
						}
					}
				}
				if ring && period == 1 {
					want = elements // its pointers lead around top
				}
				if head != top || length != want {
					t.Fatalf("node %d of %d below %d: head %d, length %d, want %d", m, elements, top, head, length, want)
				}
			} else if length != 0 {
				t.Fatalf("node %d, less than four elements below %d, has a list of %d", m, top, length)
			}
		}
		if _, length := d.List(holder, 1, types); length != 0 {
			t.Fatalf("what holds a list is part of one of %d", length)
		}
	}
}

// Where an element leads to two others there is no list.
func TestListTree(t *testing.T) {
	edges := []heaptest.Edge{{From: 1, To: 8}}
	types := make([]heap.TypeID, 8+64)
	for i := range heap.Node(31) {
		types[8+i] = 100
		if i > 0 {
			edges = append(edges, heaptest.Edge{From: 8 + (i-1)/2, To: 8 + i})
		}
	}
	d := dominators(t, heaptest.Build(1, []heap.Extent{{First: 8, Count: 31, Size: 8}}, edges))
	for i := range heap.Node(31) {
		if head, length := d.List(8+i, 1, types); length != 0 {
			t.Errorf("node %d of a tree is in a list of %d from %d", 8+i, length, head)
		}
	}
}

// Nor where a few lead to one that has two: a tree may begin with a stem. A long list may
// end so.
func TestListStem(t *testing.T) {
	for _, stem := range []int{6, 30, 100} {
		var edges []heaptest.Edge
		types := make([]heap.TypeID, 8+stem+64)
		for i := range heap.Node(stem) {
			types[8+i] = 100
			from := 7 + i
			if i == 0 {
				from = 1
			}
			edges = append(edges, heaptest.Edge{From: from, To: 8 + i})
		}
		fork := 8 + heap.Node(stem-1)
		for i := range heap.Node(2) {
			types[fork+1+i] = 100
			edges = append(edges, heaptest.Edge{From: fork, To: fork + 1 + i})
		}
		d := dominators(t, heaptest.Build(1, []heap.Extent{{First: 8, Count: uint32(stem + 2), Size: 8}}, edges))
		if _, length := d.List(fork, 1, types); (length > 0) != (stem > 64) {
			t.Errorf("a stem of %d is a list of %d", stem, length)
		}
	}
}
