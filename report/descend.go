package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"goheap/gocore"
	"goheap/heap"
)

// Descendant is a place below a holder at which much of what this keeps is.
type Descendant struct {
	Node     heap.Node
	Depth    int // of those above it that are named too
	Retained uint64
	List     int  // elements of the list that Node is the first of, 0 for none
	Tree     int  // nodes of the tree whose root Node is, of its type; 0 for none
	Inner    bool // most of it is in those below it that are named
	// Fields are those of Node that hold Retained together, where the place is these and
	// not Node: what all of them lead to none of them holds alone. A single one is an array
	// whose elements hold as much each, or has several pointers, as a sync.Map.
	Fields []string
	nodes  []heap.Node // that these hold
	via    heap.Node   // one of them to which the only field leads
	lead   []heap.Node // a path to a node above it by which it is called, nil for the shortest one

	inner *insides // the types of which a tree consists
}

// descendantPart is the part of what is named above it, or of the live heap, from which a
// descendant is named.
const descendantPart = 10

// maxDescendants bounds the places below one holder.
const maxDescendants = 200

// descent looks for the places below nodes.
type descent struct{ *Snapshot }

// Descend names the places below a node of the dominator tree that keep at least a tenth
// of what is named above them, the largest first among those of one parent, each before
// those below it. A place is where the bytes part: as long as one child keeps
// nearly all that parts from a node, the walk goes on. Inner places have others below.
func (s *Snapshot) Descend(ctx context.Context, n heap.Node) ([]Descendant, error) {
	var places []Descendant
	if err := (descent{s}).descend(ctx, n, 0, &places); err != nil {
		return nil, err
	}
	return places, nil
}

func (s descent) descend(ctx context.Context, n heap.Node, depth int, places *[]Descendant) error {
	const nearly = 10 // a rest of less than a tenth parts no way
	d := s.Dominators
	whole := d.Retained(n)
	far, list := s.gathering(n)
	for at, steps := n, 0; ; steps++ {
		if len(*places) >= maxDescendants {
			return nil
		}
		if steps%pace == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if list > 0 && at == far {
			*places = append(*places, Descendant{Node: at, Depth: depth, Retained: d.Retained(at), List: list})
			return nil
		}
		kids := d.TopChildren(at, descendantPart+1)
		kids = slices.DeleteFunc(kids, func(c heap.Node) bool { return d.Retained(c) < whole/descendantPart })
		if len(kids) > 0 && ofContainer(s.Heap.Type(kids[0])) && (ofContainer(s.Heap.Type(at)) || s.isMap(at)) {
			// A map has its entries in several tables, and is a place unless one entry
			// has nearly all.
			if entry, ok := s.entry(at); ok {
				at = entry
				continue
			}
			kids = nil
		}
		if len(kids) != 1 || d.Retained(kids[0]) < d.Retained(at)-d.Retained(at)/nearly {
			tree, err := s.tree(ctx, n, at)
			if err != nil {
				return err
			}
			if tree.Tree > 0 {
				tree.Depth = depth
				*places = append(*places, tree)
				return nil
			}
		}
		if s.alike(at, kids) {
			kids = nil // a slice has its elements, be they few
		}
		if place := s.alikeParts(at, kids); place.Fields != nil {
			place.Depth = depth
			*places = append(*places, place)
			return nil
		}
		switch {
		case len(kids) == 0:
			place, err := s.placeAt(ctx, at, d.Retained(at)/2)
			if err != nil {
				return err
			}
			place.Depth = depth
			*places = append(*places, place)
			return nil
		case len(kids) == 1 && d.Retained(kids[0]) >= d.Retained(at)-d.Retained(at)/nearly:
			at = kids[0]
		default:
			rest := d.Retained(at)
			for _, c := range kids {
				rest -= d.Retained(c)
			}
			*places = append(*places, Descendant{Node: at, Depth: depth, Retained: d.Retained(at), Inner: true})
			// What is in many small ones is told by the fields that lead to these.
			if rest >= whole/descendantPart {
				place, err := s.placeAt(ctx, at, rest/2)
				if err != nil {
					return err
				}
				if place.Fields != nil {
					place.Depth = depth + 1
					*places = append(*places, place)
					kids = slices.DeleteFunc(kids, func(c heap.Node) bool { return s.insideOf(&place, c) })
				} else if rest >= d.Retained(at)/2 {
					(*places)[len(*places)-1].Inner = false
				}
			}
			for _, c := range kids {
				if err := s.descend(ctx, c, depth+1, places); err != nil {
					return err
				}
			}
			return nil
		}
	}
}

// entry is what of a map, or of a part of its insides, keeps nearly all, if one thing does.
func (s descent) entry(n heap.Node) (entry heap.Node, ok bool) {
	const nearly = 10
	d := s.Dominators
	for at := n; ; {
		kids := d.TopChildren(at, 1)
		if len(kids) == 0 || d.Retained(kids[0]) < d.Retained(n)-d.Retained(n)/nearly {
			return heap.None, false
		}
		if at = kids[0]; !ofContainer(s.Heap.Type(at)) {
			return at, true
		}
	}
}

// alike reports whether what a slice keeps is in three of its elements or more, all of one
// type, of which none has half.
func (s descent) alike(n heap.Node, kids []heap.Node) bool {
	const three, half = 3, 2
	types := s.Heap.TypeIDs()
	return strings.HasPrefix(s.Heap.Type(n), "[]") && len(kids) >= three && types[kids[0]] != 0 && !slices.ContainsFunc(kids, func(c heap.Node) bool {
		return types[c] != types[kids[0]] || s.Dominators.Retained(c) > s.Dominators.Retained(n)/half
	})
}

// alikeParts is the array in a struct, or within structs in it, whose elements keep what a node
// does, each as alike would have it. It has no Fields where there is none.
func (s descent) alikeParts(n heap.Node, kids []heap.Node) Descendant {
	const three, half, most = 3, 2, 1 << 12
	types, d := s.Heap.TypeIDs(), s.Dominators
	if len(kids) < three || types[kids[0]] == 0 {
		return Descendant{}
	}
	// element splits ".shards[3].slabs" into what stands before and behind the index.
	element := func(c heap.Node) (before, behind string) {
		name, _, ok := s.Heap.Edge(n, c)
		before, behind, found := strings.Cut(name, "[")
		_, behind, closed := strings.Cut(behind, "]")
		if !ok || !found || !closed || !strings.HasPrefix(before, ".") {
			return "", ""
		}
		return before, behind
	}
	field, rest := element(kids[0])
	of := func(c heap.Node) bool {
		if types[c] != types[kids[0]] || d.Idom(c) != n {
			return false
		}
		before, behind := element(c)
		return before == field && behind == rest
	}
	for _, c := range kids {
		if field == "" || d.Retained(c) > d.Retained(n)/half || !of(c) {
			return Descendant{}
		}
	}
	targets := s.Graph.Targets(n)
	if len(targets) > most {
		return Descendant{}
	}
	place := Descendant{Node: n, Fields: []string{field}, via: heap.None}
	for _, c := range targets {
		if !slices.Contains(place.nodes, c) && of(c) {
			place.nodes = append(place.nodes, c)
			place.Retained += d.Retained(c)
		}
	}
	return place
}

// insideOf reports whether a node is but a part of the only field of a place, as the tables
// of a map are.
func (s descent) insideOf(p *Descendant, c heap.Node) bool {
	if len(p.Fields) != 1 || !ofContainer(s.Heap.Type(c)) && !s.isMap(c) {
		return false
	}
	name, _, ok := s.Heap.Edge(p.Node, c)
	return ok && name == p.Fields[0]
}

// tree finds the tree among the nodes from one that dominates at down to at, where the
// bytes part: the first of them of whose type there are several below it, in its fields,
// slices or maps, that keep half of it. Its Tree is 0 for none.
func (s descent) tree(ctx context.Context, from, at heap.Node) (Descendant, error) {
	const half, several = 2, 2
	var above []heap.Node
	for n := at; ; n = s.Dominators.Idom(n) {
		above = append(above, n)
		if n == from || len(above) == maxDescendants {
			break
		}
	}
	first := map[string]heap.Node{} // the first of a type that has one below it alone
	for _, n := range slices.Backward(above) {
		k := &kinds{s: s.Snapshot, node: s.Heap.Type(n)}
		if !isStruct(k.node) || !s.Graph.IsRoot(n) && !s.Heap.TypeOf(n).Known {
			continue
		}
		branches, within := 0, uint64(0)
		err := s.below(ctx, n, func(c heap.Node) bool {
			kind := k.of(c)
			if kind == treeNode {
				branches++
				within += s.Dominators.Retained(c)
			}
			return kind == treeBranch
		})
		if err != nil {
			return Descendant{}, err
		}
		if within < s.Dominators.Retained(n)/half {
			continue
		}
		root, seen := first[k.node]
		if !seen {
			root = n
			first[k.node] = n
		}
		if branches < several {
			continue
		}
		place := Descendant{Node: root, Retained: s.Dominators.Retained(root), Tree: 1, inner: &insides{}}
		err = s.below(ctx, root, func(c heap.Node) bool {
			kind := k.of(c)
			if kind == treeNode {
				place.Tree++
			}
			return kind != treeOther
		})
		if err != nil {
			return Descendant{}, err
		}
		if place.Tree <= several*branches {
			continue // one level is no tree: its slice or map says more
		}
		for t, kind := range k.known {
			place.inner.add(t, kind != treeOther)
		}
		return place, nil
	}
	return Descendant{}, nil
}

// below calls open for what a node dominates immediately, and for what each of these does
// of which it says so.
func (s descent) below(ctx context.Context, n heap.Node, open func(heap.Node) bool) error {
	todo := []heap.Node{n}
	for i := 0; len(todo) > 0; i++ {
		if i%pace == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		s.Dominators.EachChild(at, func(c heap.Node, _ uint64) {
			if open(c) {
				todo = append(todo, c)
			}
		})
	}
	return nil
}

// treeKind is what an object below the root of a tree is to the tree.
type treeKind uint8

const (
	treeOther  treeKind = iota + 1 // what it is there for
	treeNode                       // of the type of its root
	treeBranch                     // a slice or map by which a node has others
)

// kinds says of types what they are to a tree whose nodes are of the type called node.
type kinds struct {
	s     *Snapshot
	node  string
	known map[heap.TypeID]treeKind
}

// of decides by the type alone: a slice or map is a branch where a node of the tree, or
// another type that such a thing consists of, is its element.
func (k *kinds) of(n heap.Node) treeKind {
	t := k.s.Heap.TypeIDs()[n]
	kind, ok := k.known[t]
	if ok {
		return kind
	}
	kind = treeOther
	switch typ := k.s.Heap.Type(n); {
	case typ == k.node:
		kind = treeNode
	case ofContainer(typ), strings.HasPrefix(typ, "map["):
		kind = treeBranch
	case strings.HasPrefix(typ, "[]"):
		if typ[2:] == "*"+k.node || k.leads(n) {
			kind = treeBranch
		}
	}
	if k.known == nil {
		k.known = map[heap.TypeID]treeKind{}
	}
	k.known[t] = kind
	return kind
}

// leads reports whether the elements of an array, structs or interfaces, lead to nodes.
func (k *kinds) leads(n heap.Node) (found bool) {
	k.s.Dominators.EachChild(n, func(c heap.Node, _ uint64) { found = found || k.s.Heap.Type(c) == k.node })
	return found
}

// isStruct reports whether a type is none of those that have no name of their own.
func isStruct(typ string) bool {
	return typ != "" && !ofContainer(typ) && !slices.ContainsFunc([]string{"[", "*", "map[", "chan ", "func(", "closure ", "string", "interface "}, func(p string) bool { return strings.HasPrefix(typ, p) })
}

// placeAt is the place of a node, or that of its fields which hold so much together.
func (s descent) placeAt(ctx context.Context, n heap.Node, least uint64) (Descendant, error) {
	shared, err := s.sharedFields(ctx, n)
	if err != nil || shared.Fields != nil && shared.Retained >= least {
		return shared, err
	}
	return Descendant{Node: n, Retained: s.Dominators.Retained(n)}, nil
}

// isMap reports whether a node is the header of a map, or has one.
func (s descent) isMap(n heap.Node) bool {
	v, ok := s.Heap.Value(n)
	return ok && v.Map
}

// sharedFields finds the fields of a struct that hold most of what it keeps together: an
// index and a list of the same elements, each of which leads to all. The place has no
// fields where one of them alone, or something else, does.
func (s descent) sharedFields(ctx context.Context, n heap.Node) (Descendant, error) {
	const most = 16 // fields of a struct: arrays are no such thing
	const tenth = 10
	d := s.Dominators
	if strings.HasPrefix(s.Heap.Type(n), "[]") || ofContainer(s.Heap.Type(n)) || s.isMap(n) {
		return Descendant{}, nil
	}
	var targets []heap.Node
	var names []string
	for _, to := range s.Graph.Targets(n) {
		if d.Idom(to) != n || slices.Contains(targets, to) {
			continue
		}
		name, _, ok := s.Heap.Edge(n, to)
		if !ok || !strings.HasPrefix(name, ".") || len(targets) == most {
			return Descendant{}, nil
		}
		targets, names = append(targets, to), append(names, name)
	}
	if len(targets) < 2 {
		return Descendant{}, nil
	}
	sets, ok, err := d.ByPointers(s.within(ctx), n, targets)
	if err != nil || !ok {
		return Descendant{}, err
	}
	var best heap.PointerSet
	for _, set := range sets {
		if set.Several() && set.Total.Bytes > best.Total.Bytes {
			best = set
		}
	}
	// What shares some of its pointers with others that hold much together belongs to it: a
	// list of all, and indexes of some each.
	together := best.Pointers
	for grown := best.Several(); grown; {
		grown = false
		for _, set := range sets {
			if set.Several() && set.Pointers&together != 0 && set.Pointers&^together != 0 && set.Total.Bytes >= best.Total.Bytes/tenth {
				together |= set.Pointers
				grown = true
			}
		}
	}
	place := Descendant{Node: n}
	for _, set := range sets {
		if set.Pointers&^together == 0 {
			place.Retained += set.Total.Bytes
			place.nodes = append(place.nodes, set.Nodes...)
		}
	}
	for i, name := range names {
		if together>>i&1 != 0 && !slices.Contains(place.Fields, name) {
			place.Fields, place.via = append(place.Fields, name), targets[i]
		}
	}
	return place, nil
}

// common splits the names of fields into the struct that all of them are in and the rest
// of each: ".users" and ".byName", ".order".
func common(fields []string) (prefix string, rest []string) {
	for at, c := range fields[0] {
		if at > 0 && (c == '.' || c == '[') && !slices.ContainsFunc(fields, func(f string) bool {
			return !strings.HasPrefix(f, fields[0][:at]) || len(f) <= at || f[at] != '.' && f[at] != '['
		}) {
			prefix = fields[0][:at]
		}
	}
	for _, f := range fields {
		rest = append(rest, f[len(prefix):])
	}
	return prefix, rest
}

// partType is the type of the field that a path of names leads to below a value, "" where
// it is not known.
func (s descent) partType(n heap.Node, path string) string {
	v, ok := s.Heap.Value(n)
	if !ok {
		return ""
	}
	for name := range strings.SplitSeq(strings.TrimPrefix(path, "."), ".") {
		parts := s.Heap.Children(v, 0, lengthParts)
		i := slices.IndexFunc(parts, func(c gocore.Value) bool { return c.Name == name })
		if i < 0 {
			return ""
		}
		v = parts[i]
	}
	return v.Type
}

// descendantText is the line of a place: what it is called, its bytes, its type and what
// they are in.
// told has the maps that were named in places before it.
func (s descent) descendantText(ctx context.Context, p *Descendant, told map[heap.Node]bool) (string, error) {
	path := calledBy(s.Dominators.PathTo(p.Node), p.lead)
	name, typ := s.Expression(path), ""
	together := ""
	switch {
	case len(p.Fields) == 1:
		name += p.Fields[0]
		typ = s.partType(p.Node, p.Fields[0])
		if p.via != heap.None {
			path = append(path, p.via)
		}
	case p.Fields != nil:
		prefix, rest := common(p.Fields)
		if prefix != "" {
			name += prefix
			typ = s.partType(p.Node, prefix)
		} else {
			typ = goType(s.Snapshot, p.Node)
		}
		together = strings.Join(rest[:len(rest)-1], ", ") + " and " + rest[len(rest)-1] + " together"
	case p.List > 0:
		typ = listText(p.List, s.Heap.Type(p.Node))
	case p.Tree > 0:
		typ = fmt.Sprintf("tree of %s %s", comma(uint64(p.Tree)), s.Heap.Type(p.Node))
	default:
		typ = goType(s.Snapshot, p.Node)
	}
	length := length{}
	if p.Tree == 0 {
		length = s.lengthOf(path)
	}
	if p.Fields == nil && length.typ != "" {
		typ = length.typ
	}
	line := fmt.Sprintf("%s: %s (%s)", ShortPaths(name), HumanBytes(p.Retained), HumanPercent(s.Share(p.Retained)))
	if typ != "" {
		line += ", " + ShortPaths(typ)
	}
	if p.List == 0 && (p.Fields == nil || p.via != heap.None && len(p.Fields) == 1) {
		if length.known {
			line += " of " + length.text()
		}
	}
	line += s.mapText(path, told)
	if together != "" {
		line += ", by " + together
	}
	const longest = 1 << 21 // elements of a list that are looked at once more
	if p.Inner || p.List > longest {
		return line, nil
	}
	nodes := []heap.Node{p.Node}
	if p.Fields != nil {
		nodes = p.nodes
	}
	inner := p.inner
	if inner == nil {
		inner = &insides{}
	}
	parts, err := madeBut(ctx, s.Snapshot, nodes, nil, p.Retained, p.Fields != nil || p.List > 0, inner)
	if p.List > 0 {
		parts = behindList(parts, p.List)
	}
	if err == nil && len(parts) > 0 {
		line += ": " + madeText(parts)
	}
	return line, err
}

// behindList are the parts of what the elements of a list hold: none where these are chained
// otherwise than to each other. The last element may be somebody else's too, who appends.
func behindList(parts []part, elements int) []part {
	if len(parts) < 2 || parts[0].count+1 < uint64(elements) || parts[1].beside {
		return nil
	}
	return parts[1:]
}

// mapText says of which map the place is an entry, or below one, that a path leads to: " in
// a map[string]*main.topic of 20 entries"; "" for none, and for one that was told of.
func (s descent) mapText(path []heap.Node, told map[heap.Node]bool) string {
	i := len(path) - 1
	for i > 0 && ofContainer(s.Heap.Type(path[i])) {
		i-- // of its own
	}
	for i--; i >= 0; i-- {
		if ofContainer(s.Heap.Type(path[i])) {
			break
		}
	}
	if i < 0 || told[path[i]] {
		return ""
	}
	told[path[i]] = true
	text := " in a " + ShortPaths(goType(s.Snapshot, path[i]))
	if length := s.lengthOf(path[:i+1]); length.known {
		text += " of " + length.text()
	}
	return text
}

// fieldParts names the places below roots or objects that keep a tenth of one or more, a
// few of them.
func fieldParts(ctx context.Context, s *Snapshot, nodes ...heap.Node) ([]string, error) {
	return placeParts(ctx, s, nodes, nil, func(p Descendant) bool { return !p.Inner })
}

// variableParts is fieldParts of a goroutine's variables; there are none where its bytes
// are in many small things.
func variableParts(ctx context.Context, s *Snapshot, n heap.Node) ([]string, error) {
	return placeParts(ctx, s, []heap.Node{n}, nil, func(p Descendant) bool { return !p.Inner && (p.Node != n || p.Fields != nil) })
}

// jointParts is fieldParts of what several roots hold, some of which are given.
func jointParts(ctx context.Context, s *Snapshot, holding []heap.Node, nodes ...heap.Node) ([]string, error) {
	return placeParts(ctx, s, nodes, holding, func(p Descendant) bool { return !p.Inner })
}

// placeParts are the lines of some places below nodes that are chosen.
func placeParts(ctx context.Context, s *Snapshot, nodes, holding []heap.Node, choose func(Descendant) bool) ([]string, error) {
	const most = 4
	var places []Descendant
	for _, n := range nodes {
		below, err := s.Descend(ctx, n)
		if err != nil {
			return nil, err
		}
		lead, err := leadTo(ctx, s, holding, n)
		if err != nil {
			return nil, err
		}
		for i := range below {
			below[i].lead = lead
		}
		places = append(places, below...)
	}
	places = slices.DeleteFunc(places, func(p Descendant) bool { return !choose(p) })
	slices.SortStableFunc(places, func(a, b Descendant) int { return cmp.Compare(b.Retained, a.Retained) })
	var lines []string
	told := map[heap.Node]bool{}
	for i := range places[:min(len(places), most)] {
		line, err := descent{s}.descendantText(ctx, &places[i], told)
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}

// leadTo is the path by which a person would call what several roots hold, one of which
// stands at the start of the shortest one: that from a variable of the program, then that
// from a variable of a goroutine. It is nil where the shortest path is as good.
func leadTo(ctx context.Context, s *Snapshot, holding []heap.Node, n heap.Node) ([]heap.Node, error) {
	path := s.Dominators.PathTo(n)
	rank := func(path []heap.Node) int {
		switch kind := s.Heap.KindOf(path[0]); {
		case kind == gocore.GlobalRoot:
			return 0
		case kind == gocore.GoroutineRoot && len(path) > 1 && !strings.Contains(s.Expression(path[:2]), unnamedWord):
			return 1
		}
		return 2
	}
	best, least := []heap.Node(nil), rank(path)
	for _, root := range holding {
		if least == 0 {
			break
		}
		kind := s.Heap.KindOf(root)
		if kind != gocore.GlobalRoot && (kind != gocore.GoroutineRoot || least < 2) {
			continue
		}
		way, err := s.Dominators.WayFrom(s.within(ctx), root, []heap.Node{n}, throughWork)
		if err != nil {
			return nil, err
		}
		if way != nil && way[len(way)-1] == n && rank(way) < least {
			best, least = way, rank(way)
		}
	}
	return best, nil
}

// unnamedWord is what stands in an expression for a word of a frame that is no variable's.
const unnamedWord = " · stack +"

// calledBy is a path that begins as another one does that leads to a node on it.
func calledBy(path, lead []heap.Node) []heap.Node {
	if len(lead) == 0 {
		return path
	}
	at := slices.Index(path, lead[len(lead)-1])
	if at < 0 {
		return path
	}
	return append(slices.Clone(lead), path[at+1:]...)
}
