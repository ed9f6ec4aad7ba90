package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"goheap/gocore/waste"
	"goheap/heap"
)

// mostBelow bounds how many objects are looked at to say how much of a suspect is of no use:
// of larger ones goheap waste says it.
const mostBelow = 1 << 19

// explainWaste says of suspects that are one root or object why half of it or more is of no
// use, where one reason does. What a node dominates can only be reached through it, so that
// looking at that is as good as looking at everything.
func (h *hunt) explainWaste(ctx context.Context) error {
	left := mostBelow
	for i := range h.found {
		f := &h.found[i]
		n := f.Node
		if f.Rule != RuleSingle {
			if nodes := foremost(h.s, f); len(nodes) == 1 {
				n = nodes[0]
			} else {
				continue
			}
		}
		if f.Why != "" || n == heap.None || h.retains(n) > uint64(left) {
			continue
		}
		nodes, err := nodesBelow(ctx, h.s, n, left)
		if err != nil {
			return err
		}
		if nodes == nil {
			continue
		}
		left -= len(nodes)
		if err := explainBy(ctx, h.s, f, nodes); err != nil {
			return err
		}
	}
	return nil
}

// retains is how many objects a node retains, where it is a holder by itself, else 0.
func (h *hunt) retains(n heap.Node) uint64 {
	for i := range h.holders {
		if x := &h.holders[i]; x.Node == n && x.Count == 1 {
			return x.Objects
		}
	}
	return 0
}

// nodesBelow are a node and all that it dominates, nil where they are more than so many.
func nodesBelow(ctx context.Context, s *Snapshot, n heap.Node, most int) ([]heap.Node, error) {
	nodes := []heap.Node{n}
	for i := 0; i < len(nodes); i++ {
		if i%pace == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		s.Dominators.EachChild(nodes[i], func(c heap.Node, _ uint64) { nodes = append(nodes, c) })
		if len(nodes) > most {
			return nil, nil
		}
	}
	return nodes, nil
}

// reason is what makes bytes of no use, in the words of a suspect.
type reason struct {
	rule    waste.Rule
	objects uint64
	bytes   uint64
	behind  uint64 // of what only pointers in these bytes lead to
	first   uint64 // of duplicates, how many differ
}

// explainBy says why half of a suspect is of no use, if it is. The nodes are it and all that
// it dominates.
func explainBy(ctx context.Context, s *Snapshot, f *Suspect, nodes []heap.Node) error {
	const half = 2
	var by [waste.Rules]reason
	of := map[heap.Node]waste.Rule{} // the first of an object that leads on
	var edges []heap.Edge
	last, first := heap.None, waste.Rule(0)
	visit := waste.Visitor{Within: nodes, Finding: func(x waste.Finding) {
		rule := x.Rule
		if rule == waste.Empty {
			rule = waste.Capacity // what stands behind the length of a slice, too
			if strings.HasPrefix(s.Heap.Type(x.Node), "map[") {
				rule = waste.MapRoom
			}
		}
		if x.Node != last {
			last, first = x.Node, rule
		}
		r := &by[rule]
		r.rule = rule
		r.objects++
		r.bytes += x.Bytes
		if x.First {
			r.first++
		}
	}, Pointer: func(from, to heap.Node) {
		edges = append(edges, heap.Edge{From: from, To: to})
		of[from] = first
	}}
	if err := s.Heap.Waste(s.within(ctx), visit); err != nil {
		return err
	}
	for n, bytes := range freedBelow(s, nodes, edges) {
		by[of[n]].behind += bytes
	}
	best := reason{}
	for _, r := range by {
		if r.bytes+r.behind > best.bytes+best.behind {
			best = r
		}
	}
	if n := best.bytes + best.behind; n >= f.Retained/half && n > 0 {
		f.Why, f.Try = best.text()
	}
	return nil
}

// freedBelow says how many bytes die without some pointers, by the nodes that these lead
// from. The first of the nodes dominates the others, which are all that it does.
func freedBelow(s *Snapshot, nodes []heap.Node, edges []heap.Edge) map[heap.Node]uint64 {
	if len(edges) == 0 {
		return nil
	}
	slices.SortFunc(edges, compareEdges)
	// Of the nodes that are to be seen yet.
	left, from := heap.NewBits(s.Graph.Len()), heap.NewBits(s.Graph.Len())
	defer left.Close()
	defer from.Close()
	for _, n := range nodes {
		left.Set(n)
	}
	for _, e := range edges {
		from.Set(e.From)
	}
	seen := func(n heap.Node) { left.Words()[n/64] &^= 1 << (n % 64) }
	// mark sees what a node leads to, without the edges where these are cut.
	mark := func(n heap.Node, cut bool) (bytes uint64) {
		seen(n)
		for todo := []heap.Node{n}; len(todo) > 0; {
			n := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			bytes += s.Graph.Size(n)
			for _, to := range s.Graph.Targets(n) {
				if !left.Has(to) {
					continue
				}
				if cut && from.Has(n) {
					if _, found := slices.BinarySearchFunc(edges, heap.Edge{From: n, To: to}, compareEdges); found {
						continue
					}
				}
				seen(to)
				todo = append(todo, to)
			}
		}
		return bytes
	}
	mark(nodes[0], true)
	freed := map[heap.Node]uint64{}
	for _, e := range edges {
		if left.Has(e.To) && !left.Has(e.From) {
			freed[e.From] += mark(e.To, false)
		}
	}
	return freed
}

func compareEdges(a, b heap.Edge) int {
	return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
}

// text is what a suspect says of it, and what to change.
func (r *reason) text() (why, try string) {
	_, change := wasteWord(r.rule)
	objects := func(of string) string { return plural(r.objects, of) }
	switch sum := HumanBytes(r.bytes + r.behind); r.rule {
	case waste.Substring:
		why = fmt.Sprintf("%s of it are dead: the rest of %s of which strings keep a part.", sum, objects("text"))
	case waste.Subslice:
		why = fmt.Sprintf("%s of it are dead: the rest of %s of which slices keep a part.", sum, objects("array"))
	case waste.BeforeStart:
		why = fmt.Sprintf("%s of it are dead: what stands in %s before the start of all their slices.", sum, objects("array"))
	case waste.Part:
		why = fmt.Sprintf("%s of it are dead: the rest of %s of which pointers keep a part.", sum, objects("object"))
	case waste.Capacity:
		why = fmt.Sprintf("%s of it are beyond the length of the slices of %s", sum, objects("array"))
		if r.behind > 0 {
			why += ", and what only pointers there lead to"
		}
		why += "."
		change = "clear what was removed, set to nil what is empty, or copy it with slices.Clone"
	case waste.MapRoom:
		why = fmt.Sprintf("%s of it are room in %s beyond the entries.", sum, objects("map"))
	case waste.ChannelRoom:
		why = fmt.Sprintf("%s of it are places in %s where nothing waits.", sum, objects("channel"))
	case waste.Buffer:
		why = fmt.Sprintf("%s of it are room in %s of bufio.", sum, objects("buffer"))
	case waste.Duplicate:
		why = fmt.Sprintf("%s of it are to gain: of %s %s differ.", sum, objects("text"), comma(r.first))
	default:
		return "", ""
	}
	return why, strings.ToUpper(change[:1]) + change[1:] + "."
}
