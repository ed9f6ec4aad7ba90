package said

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"goheap/gocore"
	"goheap/heap"
)

// Draw says of how many objects the names are looked up: of all where there are at most
// All, else of Some of them.
type Draw struct{ All, Some int }

// Paths of more nodes than shortPath are looked up along the lists that they go through.
// longHops bounds how many hops they may have together: each object of a list of a million
// has a path.
const (
	shortPath = 200
	longHops  = 300_000_000
)

// longPath is the path to a node, by where it leaves what is short.
type longPath struct {
	to, via heap.Node
	nodes   int
}

// Names says what came of looking up names.
type Names struct {
	Tried int
	Left  int      // paths of objects that were drawn, which would have had too many hops together
	Wrong []string // a sentence for each that does not lead to what it was printed for
}

// RoundTrip looks up the names that are printed: of all roots, and the expressions of the
// paths to live objects. Each must lead to what it was printed for: the object, or what
// leads to it and has the same name, see SameName.
func (p *Process) RoundTrip(d Draw) (names Names) {
	say := func(format string, args ...any) { names.Wrong = append(names.Wrong, fmt.Sprintf(format, args...)) }
	for _, r := range p.Roots() {
		names.Tried++
		if n, err := p.Lookup(r.Name); n != r.Node && !p.leadsTo(r, n) {
			say("the root %s is found to be %s (%v)", r.Name, p.Name(n), err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	draw := func(nodes []heap.Node, n int) []heap.Node {
		n = min(n, len(nodes))
		for i := range n {
			k := i + random.IntN(len(nodes)-i)
			nodes[i], nodes[k] = nodes[k], nodes[i]
		}
		return nodes[:n]
	}
	var objects []heap.Node
	for i := range p.Graph.Extents {
		e := &p.Graph.Extents[i]
		for n := e.First; n < e.First+heap.Node(e.Count); n++ {
			if p.Doms.Live(n) {
				objects = append(objects, n)
			}
		}
	}
	some := len(objects)
	if len(objects) > d.All {
		some = d.Some
	}
	objects = draw(objects, some) // in any order: of a list mostly first what is far from its head
	places := repeated{}
	var long []heap.Node
	far := map[heap.Node]bool{} // nodes whose paths are known to be long
	for i, n := range objects {
		up := n // all paths go through what dominates it
		for k := 0; k < 8 && up != heap.SuperRoot && up != heap.None && !far[up]; k++ {
			up = p.Doms.Idom(up)
		}
		if far[up] {
			long = append(long, n)
			continue
		}
		nodes := p.Doms.PathTo(n)
		if len(nodes) > shortPath {
			long = append(long, n)
			for k := len(nodes) - 1; k >= shortPath && !far[nodes[k]]; k-- {
				far[nodes[k]] = true // a path to one of its nodes is its beginning
			}
			continue
		}
		names.Tried++
		p.lookUp(n, nodes, places, say)
		if i%20 > 0 {
			continue
		}
		for _, name := range []string{p.Name(n), p.Expr([]heap.Node{n})} {
			names.Tried++
			if found, err := p.Lookup(name); err != nil || found != n {
				say("%s is found to be %s (%v)", name, p.Name(found), err)
			}
		}
	}
	hops := 0
	var paths []longPath
	for i, n := range draw(long, len(long)) {
		nodes := p.Doms.PathTo(n)
		if hops += len(nodes); hops > longHops+len(nodes) {
			names.Left = len(long) - i
			break
		}
		paths = append(paths, longPath{n, nodes[shortPath-1], len(nodes)})
	}
	slices.SortFunc(paths, func(a, b longPath) int {
		return cmp.Or(cmp.Compare(a.via, b.via), cmp.Compare(a.nodes, b.nodes), cmp.Compare(a.to, b.to))
	})
	for _, path := range paths {
		names.Tried++
		p.lookUp(path.to, p.Doms.PathTo(path.to), places, say)
	}
	return names
}

// repeated has what names were found to be: all objects inside of a container have its
// name, and one text leads to one place.
type repeated map[string]gocore.Place

// Names that are remembered are no longer than maxRepeated bytes: those that objects have
// in common are names of containers.
const maxRepeated = 100

// resolve is p.Resolve for a name that other objects may have too.
func (r repeated) resolve(p *Process, name string) (gocore.Place, error) {
	if place, ok := r[name]; ok {
		return place, nil
	}
	place, err := p.Resolve(name)
	if err == nil && len(name) <= maxRepeated {
		r[name] = place
	}
	return place, err
}

// lookUp tries the expression of a path.
func (p *Process) lookUp(n heap.Node, nodes []heap.Node, places repeated, say func(string, ...any)) {
	name := p.Expr(nodes)
	place, err := places.resolve(p, name)
	if err != nil || place.Node != n && !p.SameName(nodes, place, name) {
		say("the path to %s is %s, which is found to be %s (%v)", p.Name(n), name, p.Name(place.Node), err)
	}
}

// leadsTo reports whether the root r is data that the variable with its name, found to be
// n, leads to.
func (p *Process) leadsTo(r gocore.Root, n heap.Node) bool {
	return n != heap.None && p.KindOf(n) == gocore.GlobalRoot && p.Name(n) == r.Name
}
