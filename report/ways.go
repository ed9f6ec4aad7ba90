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

// Ways are all ways by which the members of a set are held, merged: roots that are one
// thing to people are one row, goroutines those with the same stack, and so is below a row
// what its pointers with the same name lead to, if it is of one type.
type Ways struct {
	*heap.Ways
	s *Snapshot
}

// Way is a row of Ways: roots, or what all pointers of one name and type lead to that go on
// from the row above.
type Way struct {
	Up    *Way        // nil for roots
	Nodes []heap.Node // ascending
	Word  string      // of roots their name; else how a path goes on, as Pointee
	Type  string      // "" for roots
	// Leads is which part of the members is among Nodes, or is reached from them by a way
	// that does not come back to this row or one above. What is held in several ways
	// counts in each of them.
	Leads heap.Total
	// Ends says that no way goes on: all those members are among Nodes.
	Ends bool
}

// Most returns the node of the row that retains most, the lowest of several.
func (w *Way) Most(d *heap.Dominators) heap.Node {
	most := w.Nodes[0]
	for _, n := range w.Nodes {
		if d.Retained(n) > d.Retained(most) {
			most = n
		}
	}
	return most
}

// WaysTo finds the ways to those of nodes that are live.
func WaysTo(ctx context.Context, s *Snapshot, nodes []heap.Node) (*Ways, error) {
	w, err := s.Dominators.WaysTo(s.within(ctx), nodes)
	if err != nil {
		return nil, err
	}
	return &Ways{w, s}, nil
}

// wordedPointers is how many pointers of a row are told apart by their names. Where it has
// more, those to one type are one.
const wordedPointers = 4096

// Level returns the rows below a row, the roots for nil: those that lead to most members
// first, then to most bytes, then with the lowest node.
func (w *Ways) Level(ctx context.Context, of *Way) ([]*Way, error) {
	var rows []*Way
	var without []heap.Node
	var err error
	if of == nil {
		rows, err = w.roots(ctx)
	} else {
		rows, err = w.below(ctx, of)
		for up := of; up != nil; up = up.Up {
			without = append(without, up.Nodes...)
		}
	}
	if err != nil {
		return nil, err
	}
	sets := make([][]heap.Node, len(rows))
	for i, row := range rows {
		sets[i] = row.Nodes
	}
	totals, err := w.Count(w.s.within(ctx), sets, without)
	if err != nil {
		return nil, err
	}
	among := make(map[heap.Node]bool)
	for _, n := range w.List() {
		among[n] = true
	}
	for i, row := range rows {
		row.Leads = totals[i]
		own := uint64(0)
		for _, n := range row.Nodes {
			if among[n] {
				own++
			}
		}
		row.Ends = own == row.Leads.Objects
	}
	slices.SortFunc(rows, func(a, b *Way) int {
		return cmp.Or(cmp.Compare(b.Leads.Objects, a.Leads.Objects), cmp.Compare(b.Leads.Bytes, a.Leads.Bytes), cmp.Compare(a.Nodes[0], b.Nodes[0]))
	})
	return rows, nil
}

// roots are the classes of roots (rootClasses), with goroutines by their stacks, of which
// one leads to a member.
func (w *Ways) roots(ctx context.Context) ([]*Way, error) {
	s := w.s
	var rows []*Way
	add := func(nodes []heap.Node, words string) {
		nodes = slices.DeleteFunc(slices.Clone(nodes), func(n heap.Node) bool { return !w.Leads(n) })
		if len(nodes) == 0 {
			return
		}
		slices.Sort(nodes)
		row := &Way{Nodes: nodes, Word: words}
		if len(nodes) == 1 {
			row.Word = s.Heap.Name(nodes[0])
		} else {
			row.Word = comma(uint64(len(nodes))) + " " + words
		}
		rows = append(rows, row)
	}
	c := s.rootsByClass()
	for i := range c.all {
		if k := &c.all[i]; k.kind != RetainerKind(gocore.GoroutineRoot.String()) {
			add(k.roots, k.words)
		}
	}
	groups, err := s.StackGroups(ctx)
	if err != nil {
		return nil, err
	}
	goroutines, err := s.Goroutines(ctx)
	if err != nil {
		return nil, err
	}
	for i := range groups {
		var nodes []heap.Node
		for _, m := range groups[i].Members {
			if n := goroutines[m].Node; !c.all[c.of[n-1]].own {
				nodes = append(nodes, n)
			}
		}
		first := &goroutines[groups[i].Members[0]]
		words, _, _ := strings.Cut(goroutinesIn(first.Goroutine), ", created by ")
		add(nodes, strings.Replace(words, "goroutines", "goroutines ["+groups[i].State+"]", 1))
	}
	return rows, nil
}

// below are the pointers that go on from a row by name and type.
func (w *Ways) below(ctx context.Context, of *Way) ([]*Way, error) {
	s := w.s
	passed := map[heap.Node]bool{}
	for up := of; up != nil; up = up.Up {
		for _, n := range up.Nodes {
			passed[n] = true
		}
	}
	var pointers []heap.Edge
	for _, n := range of.Nodes {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		w.Next(n, func(to heap.Node) {
			if !passed[to] {
				pointers = append(pointers, heap.Edge{From: n, To: to})
			}
		})
	}
	slices.SortFunc(pointers, func(a, b heap.Edge) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	pointers = slices.Compact(pointers)
	type key struct {
		word string
		of   heap.TypeID
	}
	place := map[key]*Way{}
	var rows []*Way
	ids := s.Heap.TypeIDs()
	for i, e := range pointers {
		const pace = 64
		if i%pace == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		k := key{of: ids[e.To]}
		if len(pointers) <= wordedPointers {
			k.word = wayWord(s, e.From, e.To)
		}
		row := place[k]
		if row == nil {
			row = &Way{Up: of, Word: k.word, Type: s.Heap.Type(e.To)}
			if k.word == "" {
				row.Word = wayWord(s, e.From, e.To) // and others
			}
			if s.Graph.IsRoot(e.To) {
				row.Word, row.Type = s.Heap.Name(e.To), ""
			}
			place[k] = row
			rows = append(rows, row)
		}
		row.Nodes = append(row.Nodes, e.To)
	}
	for _, row := range rows {
		slices.Sort(row.Nodes)
		row.Nodes = slices.Compact(row.Nodes)
	}
	return rows, nil
}

// wayWord says how a path goes on from one node to another, whatever the index or key is.
func wayWord(s *Snapshot, from, to heap.Node) string {
	switch word, offset, ok := pointerWord(s, from, to); {
	case word != "":
		return withoutIndices(word)
	case ok && offset > 0 && s.Heap.Count(from) <= 1:
		return fmt.Sprintf("→ +%#x", offset)
	}
	return Pointee
}

// withoutIndices puts * in the place of an index or a key. What stands in brackets within
// parentheses is of a type, as in ".(main.List[int])[3]".
func withoutIndices(word string) string {
	depth, at := 0, -1
	for i := 0; i < len(word) && at < 0; i++ {
		switch word[i] {
		case '(':
			depth++
		case ')':
			depth--
		case '[':
			if depth == 0 {
				at = i
			}
		}
	}
	if at < 0 {
		return word
	}
	// A key may have brackets in it: they go with it.
	end := strings.LastIndexByte(word, ']')
	if i := strings.LastIndex(word, "].("); i > at && strings.HasSuffix(word, ")") {
		end = i
	}
	if end < at {
		return word
	}
	return word[:at] + "[*" + word[end:]
}
