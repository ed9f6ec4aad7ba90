package report

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"goheap/gocore"
	"goheap/heap"
)

// Parts says what is shown of a value: not the first From of its parts, which are fields,
// elements or entries; of a map those entries that Entries chooses.
type Parts struct {
	From    int
	Entries Entries
}

// NewShowDocument says what is known of the objects that targets name. Where values are
// hidden, it says of the fields how many there are. What a target is wrong about is among
// the errors of the document, beside the others' objects.
func NewShowDocument(ctx context.Context, s *Snapshot, targets []string, parts Parts, limits Limits) (*ShowDocument, error) {
	d := &ShowDocument{Schema: "goheap/show/1", Objects: []ObjectDocument{}, Errors: []ErrorDocument{}}
	for _, target := range targets {
		place, err := s.Resolve(ctx, target)
		if errors.Is(err, ErrTarget) {
			d.Errors = append(d.Errors, ErrorDocument{Escaped(target), Escaped(err.Error())})
			continue
		}
		if err != nil {
			return nil, err
		}
		object, err := newPlaceDocument(ctx, s, place, parts, limits)
		if err != nil {
			return nil, err
		}
		if object.Asked = Escaped(target); object.part {
			object.name = target
		}
		d.Objects = append(d.Objects, *object)
	}
	return d, nil
}

func newObjectDocument(ctx context.Context, s *Snapshot, n heap.Node, parts Parts, limits Limits) (*ObjectDocument, error) {
	p := s.Heap
	d := &ObjectDocument{
		Address: Address(p.Addr(n)), ValueAddress: Address(p.ValueAddr(n)), Size: s.Graph.Size(n), Type: Optional(p.Type(n)),
		Evidence: Optional(p.Evidence(n).String()), Live: s.Dominators.Live(n), Retained: retainedBy(s, n),
		Fits: []Escaped{}, Fields: []FieldDocument{}, Referrers: []ReferrerDocument{},
		kind: p.KindOf(n), name: p.Name(n),
	}
	for _, name := range p.Fits(n) {
		d.Fits = append(d.Fits, Escaped(name))
	}
	if s.Graph.IsRoot(n) {
		if d.UsedBy = usedBy(s, n); d.UsedBy != nil {
			d.used = p.UsedBy(n).Words
		}
		for _, r := range p.Roots() {
			if r.Node == n {
				d.Size = r.Size
			}
		}
	}
	if idom := s.Dominators.Idom(n); idom != heap.None && idom != heap.SuperRoot {
		node := describeNode(s, idom)
		d.Dominator = &node
	}
	if site, ok := s.Heap.AllocSite(n); ok {
		d.Allocation = allocationDocument(site)
	}
	if p.KindOf(n) == gocore.GoroutineRoot {
		var err error
		if d.Goroutine, err = newStackDocument(ctx, s, n, limits.Calls); err != nil {
			return nil, err
		}
	}
	most := limits.Fields
	if most < 0 {
		most = int(^uint(0) >> 1)
	}
	referrers, err := s.Referrers(ctx, n)
	if err != nil {
		return nil, err
	}
	var fields []gocore.Field
	value, ok := p.Value(n)
	d.Count, d.CountKnown = countOf(p, n, referrers)
	if value, err = d.choose(ctx, s, value, parts.Entries); err != nil {
		return nil, err
	}
	if ok {
		fields, d.MoreFields = p.FieldsOf(p.First(value, d.Count), parts.From, most)
	}
	// Without an executable a type may be known by its name alone.
	if len(fields) == 0 && !s.Graph.IsRoot(n) && (!p.TypeOf(n).Known || s.Process.Source().Symbols == "none") {
		d.Fields, d.MoreFields = wordLines(s, n, parts.From, most)
	}
	if s.Disclosure == Hidden {
		d.MoreFields, d.Fields, fields = d.MoreFields+len(d.Fields)+len(fields), []FieldDocument{}, nil
	}
	d.addFields(s, fields)
	if d.Live && !s.Graph.IsRoot(n) {
		if d.Waste, err = objectWaste(ctx, s, n, referrers, limits.Fields); err != nil {
			return nil, err
		}
	}
	shown := head(referrers, limits.Referrers)
	d.MoreReferrers = len(referrers) - len(shown)
	for _, from := range shown {
		r := ReferrerDocument{Node: describeNode(s, from), retained: s.Dominators.Retained(from)}
		if expr, offset, ok := s.edge(from, n); ok {
			r.Expression, r.Offset = Optional(expr), &offset
		}
		r.AlsoHeldBy, r.also, r.MoreHoldings = alsoHeldBy(s, []heap.Node{from, n})
		d.Referrers = append(d.Referrers, r)
	}
	return d, nil
}

// Value is the value of an object or global variable, as Heap.Value has it. An array in a
// slot has the elements that the slices reach that lead to it, where these are known.
func (s *Snapshot) Value(ctx context.Context, n heap.Node) (v gocore.Value, ok bool, err error) {
	p := s.Heap
	if v, ok = p.Value(n); !ok || p.CountKnown(n) {
		return v, ok, nil
	}
	holders, err := s.Referrers(ctx, n)
	if err != nil {
		return v, false, err
	}
	count, _ := countOf(p, n, holders)
	return p.First(v, count), true, nil
}

// countOf returns how many values an object holds, and whether that is known: else it is
// the most. holders are all that point to it.
func countOf(p Heap, n heap.Node, holders []heap.Node) (count uint64, known bool) {
	if p.CountKnown(n) {
		return p.Count(n), true
	}
	if count, known = p.HeldCount(n, holders); known {
		return count, true
	}
	return p.Count(n), false
}

// wordSize is that of the processors with 64 bits and the lower byte first.
const wordSize = 8

// wordLines shows an object without a type: up to limit of its words from the one with
// the given number on, and how many follow. The pointers among them say what they
// point to; the other words may be anything. There are none for a processor whose
// words are of another kind.
func wordLines(s *Snapshot, n heap.Node, from, limit int) (words []FieldDocument, more int) {
	words = []FieldDocument{}
	start := s.Heap.ValueAddr(n)
	size := s.Graph.Size(n) - (start - s.Heap.Addr(n))
	if arch := s.Process.Source().Arch; arch != "amd64" && arch != "arm64" || uint64(from) > size/wordSize {
		return words, 0
	}
	pointers := map[heap.Node]bool{}
	for _, to := range s.Graph.Targets(n) {
		pointers[to] = true
	}
	for off := uint64(from) * wordSize; off+wordSize <= size; off += wordSize {
		if len(words) >= limit {
			return words, int((size - off) / wordSize)
		}
		b := s.Heap.Hex(n, off, wordSize)
		if len(b) < wordSize {
			return words, 0 // not in the file
		}
		w := binary.LittleEndian.Uint64(b)
		word := FieldDocument{Offset: &off, Address: Address(start + off), Size: wordSize}
		value := fmt.Sprintf("%#x", w)
		if to, ok := s.Heap.NodeAt(w); ok && pointers[to] {
			word.Target = Address(s.Heap.ValueAddr(to))
			value += " → " + cmp.Or(s.Heap.Type(to), s.Heap.Name(to))
			if inner := w - s.Heap.ValueAddr(to); inner > 0 {
				value += fmt.Sprintf(" +%#x", inner)
			}
		}
		word.Value = Optional(value)
		words = append(words, word)
	}
	return words, 0
}

// Referrers returns the live nodes that point to n, each once, those that
// retain most first, then the lower node. The super-root is none of them.
func (s *Snapshot) Referrers(ctx context.Context, n heap.Node) ([]heap.Node, error) {
	all, err := s.Dominators.Referrers(s.within(ctx))
	if err != nil {
		return nil, err
	}
	from := slices.Compact(slices.Clone(all.Of(n)))
	if len(from) > 0 && from[0] == heap.SuperRoot {
		from = from[1:]
	}
	if i := slices.Index(from, n); i >= 0 && !s.pointsToItself(n) {
		from = slices.Delete(from, i, i+1)
	}
	return from, s.byRetained(ctx, from)
}

// pointsToItself reports whether an edge from n to itself is a pointer of the program: one
// that gocore takes for a way of the runtime's is in the graph as such an edge.
func (s *Snapshot) pointsToItself(n heap.Node) bool {
	_, _, ok := s.edge(n, n)
	return ok
}

// NewWhyDocument says what keeps the object that target names alive, along up to n
// paths, as Paths has them, with the parts of maps and channels as hops of their own
// where physical is set.
func NewWhyDocument(ctx context.Context, s *Snapshot, target string, n int, physical bool) (*WhyDocument, error) {
	place, err := s.Resolve(ctx, target)
	if err != nil {
		return nil, err
	}
	node := place.Node
	if node == heap.None {
		return whyData(s, target, place), nil
	}
	d := &WhyDocument{Schema: "goheap/why/1", Live: s.Dominators.Live(node), Paths: []PathDocument{}, node: node}
	if place.Part {
		d.part = fmt.Sprintf("%s is a part of %s.", Printable(target), Printable(s.Heap.Name(node)))
	}
	paths, more, err := s.Paths(ctx, node, n)
	if err != nil {
		return nil, err
	}
	d.more = more
	d.shortest = len(paths) > 0 && slices.Equal(paths[0], s.Dominators.PathTo(node))
	for i, path := range paths {
		p := newPathDocument(s, path, physical)
		p.Disjoint = disjoint(path, paths[:i])
		d.Paths = append(d.Paths, p)
	}
	return d, nil
}

// Paths returns up to n paths from a root to node, the root first, the shortest path
// first; none if node is not live. The first ones share no inner node. Where there are
// fewer than n of them and the outermost dominator of node is an object, which several
// roots then hold, paths follow that reach this object in other ways. If there is a
// path from a global variable, one of them is: where the others are not, the last is,
// and may share nodes with them; one of the runtime counts only if there is no other.
// No path uses an edge of cut. More says that the search was cut short, so that there
// may be others.
func (s *Snapshot) Paths(ctx context.Context, node heap.Node, n int, cut ...heap.Edge) (paths [][]heap.Node, more bool, err error) {
	paths, more, err = s.shortPaths(ctx, node, n, cut)
	if err != nil || n <= 0 || !s.Dominators.Live(node) || node == heap.SuperRoot {
		return paths, more, err
	}
	roots, err := s.Roots(ctx)
	if err != nil {
		return nil, false, err
	}
	for _, ofTheRuntime := range []bool{false, true} {
		wanted := map[heap.Node]bool{}
		for i := range roots {
			if r := &roots[i]; r.Kind == gocore.GlobalRoot && (r.Package == "runtime") == ofTheRuntime {
				wanted[r.Node] = true
			}
		}
		if slices.ContainsFunc(paths, func(p []heap.Node) bool { return wanted[p[0]] }) {
			break
		}
		path, err := s.Dominators.PathFrom(s.within(ctx), node, func(root heap.Node) bool { return wanted[root] }, cut)
		if err != nil {
			return nil, false, err
		}
		if path != nil {
			paths = append(paths[:min(len(paths), n-1)], path)
			break
		}
	}
	return paths, more, nil
}

// shortPaths is Paths, from whatever roots.
func (s *Snapshot) shortPaths(ctx context.Context, node heap.Node, n int, cut []heap.Edge) (paths [][]heap.Node, more bool, err error) {
	d := s.Dominators
	if !d.Live(node) || node == heap.SuperRoot {
		return nil, false, nil
	}
	if err := d.PreparePaths(s.within(ctx)); err != nil {
		return nil, false, err
	}
	if _, err := d.Referrers(s.within(ctx)); err != nil {
		return nil, false, err
	}
	if paths, more, err = d.Paths(ctx, node, n, cut); err != nil {
		return nil, false, err
	}
	top := d.Chain(node)[0]
	if len(paths) == 0 || len(paths) >= n || top == node || s.Graph.IsRoot(top) {
		return paths, more, nil
	}
	below := paths[0][slices.Index(paths[0], top)+1:]
	above, bounded, err := d.Paths(ctx, top, n, cut)
	if err != nil {
		return nil, false, err
	}
	for _, path := range above {
		path = slices.Concat(path, below)
		if len(paths) < n && !slices.ContainsFunc(paths, func(p []heap.Node) bool { return slices.Equal(p, path) }) {
			paths = append(paths, path)
		}
	}
	return paths, more || bounded, nil
}

// HopWord is what hop i of a path adds to its expression or, where that is nothing,
// the pointer as it stands in memory: ".groups.data", "[0]", "→ +0x10" for one that
// has no name. It is Pointee where the pointer is all there is.
func (s *Snapshot) HopWord(path gocore.Path, i int) string {
	h := path.Hops[i]
	if word := s.hopExpr(h); word != "" || i == 0 {
		return word
	}
	word, offset, ok := pointerWord(s, path.Hops[i-1].Node, h.Node)
	switch {
	case word != "":
		return word
	case ok && h.Internal:
		return fmt.Sprintf("→ +%#x", offset)
	}
	return Pointee
}

// hopExpr is what a hop adds to the expression, without the key of a map where values
// are hidden.
func (s *Snapshot) hopExpr(h gocore.Hop) string {
	if h.Key && s.Disclosure == Hidden {
		return withoutKey(h.Expr)
	}
	return h.Expr
}

// pointerWord returns what the pointer between two nodes adds to an expression, ""
// where it has no name or is all of its value, and where in from it stands.
func pointerWord(s *Snapshot, from, to heap.Node) (word string, offset uint64, ok bool) {
	const whole = "*" // says Edge of a pointer that is all of a value
	word, offset, ok = s.edge(from, to)
	if !ok || word == whole {
		word = ""
	}
	return word, offset, ok
}

// Pointee stands for a hop that adds nothing to an expression.
const Pointee = "(what it points to)"

// shownHoldings is how many words are named by which a goroutine also holds an object: a
// recursion has thousands.
const shownHoldings = 8

// alsoHeldBy names the words of the root of a path that hold its first object, but for the
// one that the path goes through, and counts those that are not named. links are what they
// add to the name of the root.
func alsoHeldBy(s *Snapshot, path []heap.Node) (also []Escaped, links []string, more int) {
	also = []Escaped{}
	if len(path) < 2 {
		return also, nil, 0
	}
	list, more := s.Heap.Holdings(path[0], path[1], shownHoldings)
	for _, h := range list[min(len(list), 1):] {
		expr, link := h.Expr, h.Link
		if s.Disclosure == Hidden && h.WithoutKeys != expr {
			expr, link = h.WithoutKeys, withoutKey(link)
		}
		also, links = append(also, Escaped(expr)), append(links, link)
	}
	return also, links, more
}

// newPathDocument describes a path by its logical hops: the parts of a map or channel
// are one hop with it unless physical asks for them. In JSON a hop has a physical
// name only where it is asked for: else the expressions of the hops, each as often as
// it says, make up that of the path.
func newPathDocument(s *Snapshot, nodes []heap.Node, physical bool) PathDocument {
	path := s.Heap.Path(nodes)
	d := PathDocument{Root: describeNode(s, path.Root), Expression: Optional(s.Expression(nodes)), Disjoint: true, Hops: []HopDocument{}}
	d.AlsoHeldBy, _, d.MoreHoldings = alsoHeldBy(s, nodes)
	for _, r := range s.HopRuns(path, physical) {
		h := path.Hops[r.First]
		hop := HopDocument{
			Expression: Optional(r.Expression), Type: Optional(h.Type), Address: Address(h.Addr), ValueAddress: Address(h.ValueAddr),
			Retained: s.Dominators.Retained(h.Node), Dominates: r.Dominates, Fits: h.Fits,
			Times: r.Times, Objects: r.Times * r.Round,
			word: r.Word,
		}
		d.Hops = append(d.Hops, hop)
	}
	return d
}
