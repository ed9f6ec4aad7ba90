package report

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
)

// A tree has the nodes that retain most, each below its dominator.
func TestTree(t *testing.T) {
	f := blockstore()
	s := analyse(t, f)
	d := s.Dominators
	for _, from := range []heap.Node{heap.SuperRoot, f.Node["srv"], f.Node["blocks"], f.Node["data0"], f.Node["garbage"]} {
		for _, depth := range []int{0, 1, 2, 100} {
			// depthOf is how far below from a node lies, -1 elsewhere.
			depthOf := func(n heap.Node) int {
				for at := 0; n != heap.None; n, at = d.Idom(n), at+1 {
					if n == from {
						return at
					}
				}
				return -1
			}
			var below []heap.Node
			for _, n := range heaptest.Nodes(s.Graph)[1:] {
				if at := depthOf(n); d.Live(n) && at >= 0 && at <= depth && (n != from || from != heap.SuperRoot) {
					below = append(below, n)
				}
			}
			slices.SortStableFunc(below, func(a, b heap.Node) int {
				if x := cmp.Compare(d.Retained(b), d.Retained(a)); x != 0 {
					return x
				}
				return cmp.Compare(depthOf(a), depthOf(b))
			})
			for _, most := range []int{1, 3, 7, 1000} {
				rows, err := Tree(t.Context(), s, from, depth, most)
				if err != nil {
					t.Fatal(err)
				}
				want := below[:min(most, len(below))]
				var got []heap.Node
				for i, r := range rows {
					got = append(got, r.Node)
					if r.Depth != depthOf(r.Node)-map[bool]int{true: 1}[from == heap.SuperRoot] {
						t.Errorf("node %d has depth %d", r.Node, r.Depth)
					}
					if i > 0 && r.Depth > 0 && !slices.Contains(got[:i], d.Idom(r.Node)) {
						t.Errorf("node %d stands before its dominator", r.Node)
					}
					var rest uint64
					left := 0
					for _, c := range d.Children(r.Node) {
						if !slices.ContainsFunc(rows, func(r TreeRow) bool { return r.Node == c }) {
							rest += d.Retained(c)
							left++
						}
					}
					if r.Left != left || r.Rest != rest || r.Children != d.ChildCount(r.Node) {
						t.Errorf("node %d leaves out %d of %d with %d bytes, want %d with %d", r.Node, r.Left, r.Children, r.Rest, left, rest)
					}
				}
				slices.Sort(got)
				want = slices.Sorted(slices.Values(want))
				if !slices.Equal(got, want) {
					t.Errorf("from %d, depth %d, %d rows: %d, want %d", from, depth, most, got, want)
				}
			}
		}
	}
	rows, err := Tree(t.Context(), s, heap.SuperRoot, 4, 8)
	var text, document bytes.Buffer
	err = errors.Join(err, WriteTree(&text, s, rows), WriteJSON(&document, NewTreeDocument(s, rows[:2])))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "tree.txt", text.Bytes())
	golden(t, "tree.json", document.Bytes())
}
