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
	Inner    bool // most of it is in those below it that are named
	// Fields are those of Node that hold Retained together, where the place is these and
	// not Node: what all of them lead to none of them holds alone.
	Fields []string
	nodes  []heap.Node // that these hold
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
			kids = nil // a map has its entries in several tables
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
	ways, ok, err := d.Ways(s.within(ctx), n, targets)
	if err != nil || !ok {
		return Descendant{}, err
	}
	var best heap.Way
	for _, w := range ways {
		if w.Several() && w.Total.Bytes > best.Total.Bytes {
			best = w
		}
	}
	place := Descendant{Node: n}
	for _, w := range ways {
		if w.Pointers&^best.Pointers == 0 {
			place.Retained += w.Total.Bytes
			place.nodes = append(place.nodes, w.Nodes...)
		}
	}
	for i, name := range names {
		if best.Pointers>>i&1 != 0 {
			place.Fields = append(place.Fields, name)
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
func (s descent) descendantText(ctx context.Context, p *Descendant) (string, error) {
	path := s.Dominators.PathTo(p.Node)
	name, typ := s.Expression(path), ""
	together := ""
	switch {
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
	default:
		typ = goType(s.Snapshot, p.Node)
	}
	length := s.lengthOf(path)
	if p.Fields == nil && length.typ != "" {
		typ = length.typ
	}
	line := fmt.Sprintf("%s: %s (%s)", ShortPaths(name), HumanBytes(p.Retained), HumanPercent(s.Share(p.Retained)))
	if typ != "" {
		line += ", " + ShortPaths(typ)
	}
	if p.Fields == nil && p.List == 0 {
		if length.known {
			line += " of " + length.text()
		}
	}
	if together != "" {
		line += ", by " + together
	}
	if p.List > 0 || p.Inner {
		return line, nil
	}
	nodes := []heap.Node{p.Node}
	if p.Fields != nil {
		nodes = p.nodes
	}
	parts, err := madeOf(ctx, s.Snapshot, nodes, nil, p.Retained, p.Fields != nil)
	if err == nil && len(parts) > 0 {
		line += ": " + madeText(parts)
	}
	return line, err
}

// fieldParts names the places below a root or object that keep a tenth of it or more, a
// few of them.
func fieldParts(ctx context.Context, s *Snapshot, n heap.Node) ([]string, error) {
	const most = 4
	places, err := s.Descend(ctx, n)
	if err != nil {
		return nil, err
	}
	places = slices.DeleteFunc(places, func(p Descendant) bool { return p.Inner })
	slices.SortStableFunc(places, func(a, b Descendant) int { return cmp.Compare(b.Retained, a.Retained) })
	var lines []string
	for i := range places[:min(len(places), most)] {
		line, err := descent{s}.descendantText(ctx, &places[i])
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}
