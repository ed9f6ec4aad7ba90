package report

import (
	"goheap/gocore"
	"goheap/heap"
)

const (
	// lengthParts is how many parts of a value are looked at to find the slice that leads
	// to an array, lengthDepth how many structs and arrays within each other.
	lengthParts = 64
	lengthDepth = 4
)

// length is how many elements something has.
type length struct {
	n     int
	of    string // what they are: "entries" of a map, "elements" of a slice
	known bool
	typ   string // of a map that is a part of something else; "" where the node says it
}

// text is "20,000 entries", "" where the number is not known.
func (l length) text() string {
	if !l.known {
		return ""
	}
	return comma(uint64(l.n)) + " " + l.of
}

// lengthOf says how many entries the map has whose header or insides a path leads to, or
// how many elements the slice by which it leads to an array. It reads lengths alone.
func (s *Snapshot) lengthOf(path []heap.Node) length {
	at := len(path) - 1
	for at > 0 && ofContainer(s.Heap.Type(path[at])) {
		at--
	}
	if at < 0 {
		return length{}
	}
	v, ok := s.Heap.Value(path[at])
	switch {
	case !ok:
		return length{}
	case v.Map && !v.More:
		return length{n: v.Children, of: "entries", known: true}
	case at < len(path)-1: // a map within a variable or object
		if _, offset, ok := s.Heap.Edge(path[at], path[at+1]); ok {
			return mapAt(s, v, offset, lengthDepth)
		}
		return length{}
	case at == 0:
		return length{}
	}
	if v, ok = s.Heap.Value(path[at-1]); !ok {
		return length{}
	}
	array := "[]"
	return within(s, v, path[at], lengthDepth, func(v gocore.Value) bool {
		return len(v.Type) > len(array) && v.Type[:len(array)] == array
	}, "elements")
}

// within finds the part of a value that leads to a node and is of the kind asked for: the
// only one, so that the number is true whichever part a path is called by.
func within(s *Snapshot, v gocore.Value, to heap.Node, depth int, wanted func(gocore.Value) bool, of string) length {
	if v.Target == to && wanted(v) {
		return length{n: v.Children, of: of, known: true}
	}
	if depth == 0 || !v.InPlace || v.Children > lengthParts {
		return length{}
	}
	var found length
	for _, c := range s.Heap.Children(v, 0, lengthParts) {
		l := within(s, c, to, depth-1, wanted, of)
		if l.known && found.known && l.n != found.n {
			return length{}
		}
		if l.known {
			found = l
		}
	}
	return found
}

// mapAt finds the map, or sync.Map, that has an offset in a value.
func mapAt(s *Snapshot, v gocore.Value, offset uint64, depth int) length {
	if v.Map {
		return length{n: v.Children, of: "entries", known: !v.More, typ: v.Type}
	}
	if depth == 0 || !v.InPlace || v.Children > lengthParts {
		return length{}
	}
	for _, c := range s.Heap.Children(v, 0, lengthParts) {
		if !c.Outside && c.Offset <= offset && offset-c.Offset < c.Size {
			return mapAt(s, c, offset, depth-1)
		}
	}
	return length{}
}
