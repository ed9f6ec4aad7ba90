package said

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"goheap/gocore"
	"goheap/heap"
)

// Kind is a line of testdata/programs/kinds.
type Kind struct {
	Name, Addr, Type, Path string
	Tiny, Interior, Shape  bool
	Fits                   bool
	Parted, Nameless       bool
	Missing                string
}

// CompareKind says what is wrong about one object.
func (p *Process) CompareKind(o Kind) (why []string) {
	wrong := func(format string, args ...any) { why = append(why, fmt.Sprintf(format, args...)) }
	n, ok := p.NodeAt(Address(o.Addr))
	if !ok {
		return []string{"no object at " + o.Addr}
	}
	if !p.Doms.Live(n) {
		return []string{"not live"}
	}
	switch typ := p.Type(n); {
	case o.Interior:
		if p.Evidence(n) != gocore.EvidenceInterior || !strings.HasSuffix(typ, ", contains "+o.Type+")") {
			wrong("type %s by %s, want a part of type %s", typ, p.Evidence(n), o.Type)
		}
	case o.Fits:
		if p.Evidence(n) != gocore.EvidenceFits || typ != gocore.Approximately+o.Type || p.TypeOf(n).Known {
			wrong("type %s by %s, want %s to be all that fits", typ, p.Evidence(n), o.Type)
		}
	case o.Tiny:
		if !p.TypeOf(n).Known {
			wrong("type %s, want one of a tiny block", typ)
		}
	case (o.Shape || o.Parted || o.Nameless) && !p.TypeOf(n).Known:
	case typ != o.Type:
		wrong("type %s by %s, want %s", typ, p.Evidence(n), o.Type)
	}
	nodes := p.Doms.PathTo(n)
	path := p.Path(nodes)
	if o.Path != "" && !o.samePath(path.Expression) {
		wrong("path %s\n\twant %s", path.Expression, o.Path)
	}
	place, err := p.Resolve(path.Expression)
	if err != nil || place.Node != n && !p.SameName(nodes, place, path.Expression) {
		wrong("%s is found to be %s (%v)", path.Expression, p.Name(place.Node), err)
	}
	return why
}

// samePath reports whether an expression is the one that is wanted, in which [?]
// stands for any index.
func (o Kind) samePath(got string) bool {
	want := regexp.QuoteMeta(o.Path)
	if o.Nameless {
		// Up to the closure, and where in it the variable is; what is behind that
		// has no type, and so no names.
		before, _, _ := strings.Cut(o.Path, " captured ")
		want = regexp.QuoteMeta(before) + ` captured \+0x[0-9a-f]+( → \+0x[0-9a-f]+)*`
	}
	want = strings.ReplaceAll(want, " · deferred\\.", ` · deferred( \d+)?\.`) // by the number of the call
	pattern := "^" + strings.ReplaceAll(want, `\[\?\]`, `\[\d+\]`) + "$"
	if regexp.MustCompile(pattern).MatchString(got) {
		return true
	}
	unknownPart := o.Path[:strings.LastIndexByte(o.Path, '.')+1] + "?"
	return o.Parted && (got == unknownPart || got == unknownPart+"2")
}

// SameName reports whether a place that was found by the name of the path to a node is a
// node of the path with the same name, since what follows it adds nothing to an
// expression: a variable, a pointer, string or slice that is an object by itself, a map in
// front of its parts. Or the node is such a part itself, behind a key. Or it is the value in such a node that the rest is part of.
func (p *Process) SameName(nodes []heap.Node, place gocore.Place, name string) bool {
	i := slices.Index(nodes, place.Node)
	if i < 0 {
		// Behind a key of an older sync.Map stands what holds the value, and the key has the
		// name of what the value leads to.
		const entry = "sync.entry"
		for _, n := range nodes[max(len(nodes)-2, 0):] {
			if p.Type(n) == entry {
				return place.Part || p.leadsOn(n, place.Node, 3)
			}
		}
		return false
	}
	if place.Part {
		return i+1 < len(nodes) && p.Expr(nodes[:i+2]) == name
	}
	return p.Expr(nodes[:i+1]) == name
}

// leadsOn reports whether a node is at most a number of pointers behind another.
func (p *Process) leadsOn(from, to heap.Node, pointers int) bool {
	return from == to || pointers > 0 && slices.ContainsFunc(p.Graph.Targets(from), func(n heap.Node) bool { return p.leadsOn(n, to, pointers-1) })
}

// BoxOf reports whether box is an object that holds nothing but what leads to n,
// and that therefore has the expression of n.
func (p *Process) BoxOf(box, n heap.Node) bool {
	if !slices.Contains(p.Graph.Targets(box), n) {
		return false
	}
	hops := p.Path(append(p.Doms.PathTo(box), n)).Hops
	return hops[len(hops)-1].Expr == ""
}
