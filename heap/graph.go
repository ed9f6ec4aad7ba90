// Package heap is the graph of a program's memory: who points to whom, what is
// reachable, what dominates what, and how many bytes each node retains.
//
// It works on integers alone. A Node is a slot of the Go heap or a root; what
// stands at its address, what it is called and where it came from is known to
// package gocore, which builds the Graph.
package heap

// Node numbers a vertex of a Graph. SuperRoot is 0, the roots follow, then all
// slots of the heap in address order, so that a smaller object number means a
// lower address.
type Node uint32

const (
	// SuperRoot points to every root and to nothing else, and nothing points
	// to it.
	SuperRoot Node = 0
	// None is no node.
	None Node = ^Node(0)
	// MaxNodes is the largest number of nodes a Graph can have.
	MaxNodes = 1<<32 - 2
)

// TypeID numbers a type of a program. The graph only compares them.
type TypeID uint32

// Extent is a run of nodes of the same shallow size. Extents are sorted by
// First, do not overlap, and each First is a multiple of ExtentAlign; numbers
// between the end of one extent and the start of the next belong to no node
// and have no edges.
type Extent struct {
	First Node
	Count uint32
	Size  uint64 // shallow size of each node, in bytes
}

// ExtentAlign is what the First of an extent is a multiple of. It makes the
// extent of a node one array access (Graph.ExtentOf).
const ExtentAlign = 8

// Graph is a directed graph in compressed sparse rows. It has len(Offset)-1
// nodes: SuperRoot, then Roots roots, then the slots of the heap. Slots that
// are free or unreachable are nodes without a way to them.
//
// A Graph is not changed once built; all its methods may be called from several
// goroutines.
type Graph struct {
	Roots int

	// Offset has one entry more than there are nodes: the targets of n are
	// Target[Offset[n]:Offset[n+1]], in the order of the pointers in n. An
	// object with several pointers to the same target has as many edges. A
	// target is a root or a slot, below Len.
	Offset []uint64
	Target []Node

	// Extents describe the slots; SuperRoot and the roots lie before the
	// first extent and have size 0.
	Extents []Extent

	extentOf []uint32 // by node / ExtentAlign; len(Extents) for none
}

// NewGraph checks the shape of extents and returns a graph over the given
// arrays, which it keeps. It does not look at the edges.
func NewGraph(roots int, offset []uint64, target []Node, extents []Extent) *Graph {
	g := &Graph{Roots: roots, Offset: offset, Target: target, Extents: extents}
	g.extentOf = make([]uint32, (g.Len()+ExtentAlign-1)/ExtentAlign)
	for i := range g.extentOf {
		g.extentOf[i] = uint32(len(extents))
	}
	for i, e := range extents {
		if e.First%ExtentAlign != 0 {
			panic("heap: extent does not start at a multiple of ExtentAlign")
		}
		for b := uint64(e.First) / ExtentAlign; b*ExtentAlign < uint64(e.First)+uint64(e.Count); b++ {
			g.extentOf[b] = uint32(i)
		}
	}
	return g
}

// Len returns the number of nodes, SuperRoot and free slots included.
func (g *Graph) Len() int { return len(g.Offset) - 1 }

// IsRoot reports whether n is one of the roots (SuperRoot is none).
func (g *Graph) IsRoot(n Node) bool { return n != SuperRoot && int(n) <= g.Roots }

// ExtentOf returns the index in Extents of the extent that holds n, or -1 for
// a root, for SuperRoot and for a number that belongs to no node.
func (g *Graph) ExtentOf(n Node) int {
	i := int(g.extentOf[n/ExtentAlign])
	if i == len(g.Extents) || uint32(n-g.Extents[i].First) >= g.Extents[i].Count {
		return -1
	}
	return i
}

// Size returns the shallow size of n in bytes.
func (g *Graph) Size(n Node) uint64 {
	if i := g.ExtentOf(n); i >= 0 {
		return g.Extents[i].Size
	}
	return 0
}

// SlotBytes returns the bytes of all slots, free ones included.
func (g *Graph) SlotBytes() (bytes uint64) {
	for _, e := range g.Extents {
		bytes += uint64(e.Count) * e.Size
	}
	return bytes
}

// Targets returns what n points to. The slice belongs to the graph.
func (g *Graph) Targets(n Node) []Node { return g.Target[g.Offset[n]:g.Offset[n+1]] }
