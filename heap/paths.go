package heap

import (
	"context"
	"math"
	"slices"

	"goheap/internal/flat"
	"goheap/internal/progress"
)

// PathTo returns the shortest path from a root to n, the root first and n
// last; nil for SuperRoot and for a node that is not live. Of several shortest
// paths it is the one with the lowest root, then the lowest second node, and
// so on.
//
// The first call searches the whole live graph, about as long as marking it
// takes, and keeps 4 bytes per node: after that, a path costs as much as it is
// long. PreparePaths does the same under a context.
//
// Reroute may put another path in its place.
func (d *Dominators) PathTo(n Node) []Node { return d.rerouted(d.pathTo(n)) }

// rerouted is a path, or the one that stands in its place.
func (d *Dominators) rerouted(path []Node) []Node {
	if d.Reroute == nil || len(path) == 0 {
		return path
	}
	return d.Reroute(path, d.pathTo)
}

func (d *Dominators) pathTo(n Node) []Node {
	if d.of(n) == 0 || n == SuperRoot {
		return nil
	}
	// A background context is never done: there is no error.
	_ = d.PreparePaths(context.Background())
	var path []Node
	for n != SuperRoot {
		path = append(path, n)
		if d.folded.Has(n) {
			n = d.vertex[d.number[n]]
		} else {
			n = d.via[n] - 1
		}
	}
	slices.Reverse(path)
	return path
}

// PreparePaths does the work of the first call of PathTo, if it is not yet
// done. The error is the context's; the next call starts anew.
func (d *Dominators) PreparePaths(ctx context.Context) error {
	d.pathsMu.Lock()
	defer d.pathsMu.Unlock()
	if d.via != nil {
		return nil
	}
	p := progress.Start(ctx, "paths", int64(len(d.vertex)-1))
	defer p.Finish()
	via, err := d.breadthFirst(ctx, p)
	if err != nil {
		flat.Free(via)
		return err
	}
	d.via = via
	return nil
}

// breadthFirst returns for each live node that is not folded, SuperRoot apart,
// the predecessor on its first path plus 1.
//
// Within one distance the queue is in the order of the first paths: it holds
// the targets of its nodes in turn, those of one node ascending. So the node
// that finds another first lies on the first path to it.
func (d *Dominators) breadthFirst(ctx context.Context, p *progress.Phase) ([]Node, error) {
	g, folded := d.g, d.folded.word
	via := flat.Make[Node](g.Len())
	queue := flat.Make[Node](len(d.vertex))
	defer flat.Free(queue)
	offset, target := g.Offset, g.Target

	tail := 1 // queue[0] is SuperRoot
	via[SuperRoot] = None
	for head := 0; head < tail; head++ {
		n := queue[head]
		begin, sorted := tail, true
		for _, t := range target[offset[n]:offset[n+1]] {
			if folded[t>>6]>>(t&63)&1 != 0 || via[t] != 0 {
				continue
			}
			via[t] = n + 1
			sorted = sorted && (tail == begin || queue[tail-1] < t)
			queue[tail] = t
			tail++
		}
		if !sorted {
			slices.Sort(queue[begin:tail])
		}
		if head&(checkEvery-1) == 0 {
			if err := ctx.Err(); err != nil {
				return via, err
			}
			p.Add(checkEvery)
		}
	}
	return via, nil
}

// Edge is a pointer, or all of several, from one node to another.
type Edge struct{ From, To Node }

// pathWork is the number of edges that one call of Paths looks at, at most.
const pathWork = 1 << 22

// Paths returns up to k paths from a root to n, each as PathTo would: the root
// first and n last, the shortest path first. None of them uses an edge of cut;
// an edge from SuperRoot cuts off that root. A node between the root and n of
// one path is in none of the later ones, so that each path shows another way
// by which n is held; the root may be the same. Each path is the shortest that
// remains, the one with the lower nodes from the root on if there are several.
// That is not always the largest possible number of such paths.
//
// The work is bounded: with bounded true, there may be more paths, or a path
// where none was found; Cut knows whether there is one. The first call builds
// the referrers and what PathTo needs. The error is the context's.
func (d *Dominators) Paths(ctx context.Context, n Node, k int, cut []Edge) (paths [][]Node, bounded bool, err error) {
	if paths, bounded, err = d.paths(ctx, n, k, cut, pathWork); err != nil || d.Reroute == nil {
		return paths, bounded, err
	}
	banned := make(map[Edge]bool)
	for _, e := range cut {
		banned[e] = true
	}
	for i, path := range paths {
		other := d.rerouted(path)
		same := func(p []Node) bool { return slices.Equal(p, other) }
		if !hasEdge(other, banned) && !slices.ContainsFunc(paths, same) {
			paths[i] = other
		}
	}
	return paths, bounded, err
}

func (d *Dominators) paths(ctx context.Context, n Node, k int, cut []Edge, work int) (paths [][]Node, bounded bool, err error) {
	if d.of(n) == 0 || n == SuperRoot || k <= 0 {
		return nil, false, nil
	}
	banned := make(map[Edge]bool)
	for _, e := range cut {
		banned[e] = true
	}
	if err := d.PreparePaths(ctx); err != nil {
		return nil, false, err
	}
	first := d.pathTo(n)
	if !hasEdge(first, banned) {
		paths = append(paths, first)
	}
	r, err := d.Referrers(ctx)
	if err != nil {
		return nil, false, err
	}

	d.pathsMu.Lock()
	defer d.pathsMu.Unlock()
	if d.distance == nil {
		d.distance = flat.Make[uint32](d.g.Len())
	}
	s := backward{ctx: ctx, d: d, r: r, banned: banned, used: make(map[Node]bool), work: work}
	for len(paths) < k {
		if len(paths) > 0 {
			s.use(paths[len(paths)-1])
		}
		path := s.shortest(n)
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		if path == nil {
			return paths, s.work < 0, nil
		}
		paths = append(paths, path)
	}
	return paths, false, nil
}

// PathFrom returns the shortest path to n from one of the roots that wanted accepts,
// the one with the lower nodes from the root on if there are several; nil if no path
// leads to n from any of them. It uses no edge of cut. Unlike those of Paths, it may
// share nodes with other paths.
//
// Each pointer of what leads to n is looked at once at most, however many there are.
// The first call builds the referrers. The error is the context's.
func (d *Dominators) PathFrom(ctx context.Context, n Node, wanted func(root Node) bool, cut []Edge) ([]Node, error) {
	if d.of(n) == 0 || n == SuperRoot {
		return nil, nil
	}
	r, err := d.Referrers(ctx)
	if err != nil {
		return nil, err
	}
	d.pathsMu.Lock()
	defer d.pathsMu.Unlock()
	if d.distance == nil {
		d.distance = flat.Make[uint32](d.g.Len())
	}
	s := backward{ctx: ctx, d: d, r: r, banned: make(map[Edge]bool), wanted: wanted, work: math.MaxInt}
	for _, e := range cut {
		s.banned[e] = true
	}
	path := s.shortest(n)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return path, nil
}

// hasEdge reports whether the path, with SuperRoot before it, has an edge of
// the set.
func hasEdge(path []Node, edges map[Edge]bool) bool {
	if len(edges) == 0 {
		return false
	}
	from := SuperRoot
	for _, n := range path {
		if edges[Edge{from, n}] {
			return true
		}
		from = n
	}
	return false
}

// backward searches for paths from their end.
type backward struct {
	ctx    context.Context
	d      *Dominators
	r      *Referrers
	banned map[Edge]bool
	used   map[Node]bool        // nodes between root and end of earlier paths
	wanted func(root Node) bool // roots that a path may start at; nil for all
	work   int                  // edges that may still be looked at, negative after the last
}

// use keeps the nodes between the ends of a path out of later ones. A path that
// has none is one pointer of a root, or a root: that is banned.
func (s *backward) use(path []Node) {
	switch n := len(path); n {
	case 1:
		s.banned[Edge{SuperRoot, path[0]}] = true
	case 2:
		s.banned[Edge{path[0], path[1]}] = true
	default:
		for _, m := range path[1 : n-1] {
			s.used[m] = true
		}
	}
}

// enters reports whether a path may start at n.
func (s *backward) enters(n Node) bool {
	return s.d.g.IsRoot(n) && !s.banned[Edge{SuperRoot, n}] && (s.wanted == nil || s.wanted(n))
}

// shortest returns the shortest path to end that is not excluded, nil if there
// is none, the work is used up or the context is done.
//
// It finds the distance to end, level by level against the edges, until a
// level has a root, and then walks from that root with the edges, always to
// the lowest node that is closer.
func (s *backward) shortest(end Node) []Node {
	distance := s.d.distance // plus 1; 0 where none is known
	seen := []Node{end}      // in the order of distance
	distance[end] = 1
	defer func() {
		for _, n := range seen {
			distance[n] = 0
		}
	}()
	for begin := 0; begin < len(seen); {
		level := seen[begin:]
		begin = len(seen)
		root := None
		for _, n := range level {
			if s.enters(n) {
				root = min(root, n)
			}
		}
		if root != None {
			return s.walk(root)
		}
		for _, n := range level {
			for _, from := range s.r.Of(n) {
				if s.work--; s.work < 0 || s.work&(checkEvery-1) == 0 && s.ctx.Err() != nil {
					return nil
				}
				if from == SuperRoot || distance[from] != 0 || s.used[from] || s.banned[Edge{from, n}] {
					continue
				}
				distance[from] = distance[n] + 1
				seen = append(seen, from)
			}
		}
	}
	return nil
}

// walk returns the path from root to where the distance is 0.
func (s *backward) walk(root Node) []Node {
	distance := s.d.distance
	path := []Node{root}
	for n := root; distance[n] > 1; {
		next := None
		for _, t := range s.d.g.Targets(n) {
			if distance[t] == distance[n]-1 && t < next && !s.banned[Edge{n, t}] {
				next = t
			}
		}
		path = append(path, next)
		n = next
	}
	return path
}
