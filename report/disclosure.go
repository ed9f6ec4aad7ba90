package report

import (
	"strings"

	"goheap/heap"
)

// Disclosure says what may be printed of the data that a program had in memory: keys
// of maps, the insides of objects, what stands around a text that was found. Names,
// types, sizes and addresses are printed whatever it is. A Snapshot has one, which
// all its tables, documents and texts obey.
type Disclosure uint8

const (
	// Hidden prints none of it, so that an answer can be passed on: a key is […].
	Hidden Disclosure = iota
	Shown
)

// Expression names a path as a Go expression. Where values are hidden the keys of
// maps are: `main.cache.byID[…].Tags[3]`.
func (s *Snapshot) Expression(nodes []heap.Node) string {
	path := s.Heap.Path(nodes)
	if s.Disclosure == Hidden {
		return path.WithoutKeys
	}
	return path.Expression
}

// edge is the Edge of the process, without the key of a map where values are hidden.
func (s *Snapshot) edge(from, to heap.Node) (expr string, offset uint64, ok bool) {
	expr, offset, ok = s.Heap.Edge(from, to)
	if s.Disclosure == Hidden && strings.Contains(expr, "[") {
		// Edge does not tell keys from places in an array.
		if hops := s.Heap.Path([]heap.Node{from, to}).Hops; hops[1].Key {
			expr = withoutKey(expr)
		}
	}
	return expr, offset, ok
}

// withoutKey hides the key of a map in a step of a path. Where the step has other
// indices too, they go with it: a key may contain brackets.
func withoutKey(expr string) string {
	from, to := strings.Index(expr, "["), strings.LastIndex(expr, "]")
	if from < 0 || to < from {
		return "[…]"
	}
	return expr[:from] + "[…" + expr[to:]
}
