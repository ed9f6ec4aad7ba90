package report

import (
	"sort"
	"strings"

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
	typ   string // of a map that is a part of something else, or of a slice, where it has a name; "" where the node says it
}

// text is "20,000 entries", "" where the number is not known.
func (l length) text() string {
	if !l.known {
		return ""
	}
	of := l.of
	if l.n == 1 {
		of = strings.TrimSuffix(strings.Replace(of, "ies", "ys", 1), "s")
	}
	return comma(uint64(l.n)) + " " + of
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
	case !ok && at < len(path)-1:
		return trie(s, path[at+1])
	case !ok:
		return length{}
	case v.Map:
		return counted(s, length{n: v.Children, of: "entries", known: !v.More}, s.Graph.Targets(path[at]))
	case at < len(path)-1: // a map within a variable or object
		if _, offset, ok := s.Heap.Edge(path[at], path[at+1]); ok {
			return counted(s, mapAt(s, v, offset, lengthDepth), path[at+1:at+2])
		}
		return length{}
	}
	if l := queued(s, path[:at+1]); l.known || at == 0 {
		return l
	}
	if v, ok = s.Heap.Value(path[at-1]); !ok {
		return length{}
	}
	l := within(s, v, path[at], lengthDepth, isSlice, "elements")
	if strings.HasPrefix(l.typ, "[]") {
		l.typ = "" // that of the array
	}
	return l
}

// queued says how many elements stand in the channel that a path leads to, or to whose
// buffer it leads. What a channel opens into are these, then the goroutines that wait.
func queued(s *Snapshot, path []heap.Node) length {
	at := len(path) - 1
	if elem, ok := strings.CutPrefix(s.Heap.Type(path[at]), "[]"); ok && at > 0 && s.Heap.Type(path[at-1]) == "chan "+elem {
		at--
	}
	elem, ok := strings.CutPrefix(s.Heap.Type(path[at]), "chan ")
	if !ok {
		return length{}
	}
	v, ok := s.Heap.Value(path[at])
	if !ok || v.More {
		return length{}
	}
	n := sort.Search(v.Children, func(i int) bool {
		c := s.Heap.Children(v, i, 1)
		return len(c) == 0 || c[0].Type != elem
	})
	return length{n: n, of: "queued elements", known: true}
}

// isSlice reports whether a value that leads to an array is a slice, of a type with a name
// or not: nothing else that points somewhere has three words (runtime/slice.go).
func isSlice(v gocore.Value) bool {
	const short, long = 3 * 4, 3 * 8
	return !v.InPlace && !v.Map && (v.Size == short || v.Size == long)
}

// counted is the length of a map, by its trie where its value does not know it.
func counted(s *Snapshot, l length, leadsTo []heap.Node) length {
	if l.of != "" && !l.known && len(leadsTo) == 1 {
		l.n, l.known = trieEntries(s, leadsTo[0])
	}
	return l
}

// trie is the length of a sync.Map by the root of its trie, where what holds that is no
// variable that is known: package sync alone has tries of interfaces.
func trie(s *Snapshot, root heap.Node) length {
	if unmarked(s.Heap.Type(root)) != "internal/sync.indirect[interface {},interface {}]" {
		return length{}
	}
	n, known := trieEntries(s, root)
	return length{n: n, of: "entries", known: known, typ: "sync.Map"}
}

// trieEntries counts the entries of a sync.Map from the root of its trie (Go 1.24 and
// later, internal/sync/hashtriemap.go); known is false for anything else.
func trieEntries(s *Snapshot, root heap.Node) (n int, known bool) {
	const pkg = "internal/sync."
	seen := map[heap.Node]bool{root: true}
	for open := []heap.Node{root}; len(open) > 0; {
		at := open[len(open)-1]
		open = open[:len(open)-1]
		if strings.HasPrefix(unmarked(s.Heap.Type(at)), pkg+"entry[") {
			n++
		}
		for _, to := range s.Graph.Targets(at) {
			if typ := unmarked(s.Heap.Type(to)); !seen[to] && strings.HasPrefix(typ, pkg) && ofContainer(typ) {
				seen[to] = true
				open = append(open, to)
			}
		}
	}
	return n, n > 0
}

// within finds the part of a value that leads to a node and is of the kind asked for: the
// only one, so that the number is true whichever part a path is called by.
func within(s *Snapshot, v gocore.Value, to heap.Node, depth int, wanted func(gocore.Value) bool, of string) length {
	if v.Target == to && wanted(v) {
		return length{n: v.Children, of: of, known: true, typ: v.Type}
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
