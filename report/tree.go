package report

import (
	"cmp"
	"container/heap"
	"context"
	"io"
	"strings"

	graph "goheap/heap"
)

// TreeRow is a node of the dominator tree, below the one that dominates it.
type TreeRow struct {
	Node     graph.Node
	Depth    int    // 0 for the node that was asked for
	Children int    // nodes that it dominates immediately
	Left     int    // of these, those that have no row
	Rest     uint64 // bytes that those without a row retain
	// List is how many elements there are in the list of which the node is the first,
	// 0 for no list: the others are below it, and have no rows.
	List int
}

// Tree returns a part of the dominator tree in preorder, what retains most first
// among siblings: from, and of all that is at most depth below it the rows nodes
// that retain most; of a list below it, the first element alone. From is heap.SuperRoot for the whole tree, which has no row of
// its own then; of nodes that retain the same the one that lies less deep, and then
// the lower one comes first.
func Tree(ctx context.Context, s *Snapshot, from graph.Node, depth, rows int) ([]TreeRow, error) {
	d := s.Dominators
	if !d.Live(from) || rows <= 0 {
		return nil, nil
	}
	chosen := map[graph.Node][]graph.Node{} // children with a row, by parent
	lists := map[graph.Node]int{}
	open := &openNodes{}
	expand := func(n graph.Node, below int) {
		if below <= depth {
			for _, c := range d.TopChildren(n, rows) {
				heap.Push(open, openNode{c, n, below, d.Retained(c)})
			}
		}
	}
	left := rows
	if from != graph.SuperRoot {
		left--
	}
	expand(from, 1)
	for ; left > 0 && open.Len() > 0; left-- {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		next := heap.Pop(open).(openNode)
		chosen[next.parent] = append(chosen[next.parent], next.node)
		if at, list := s.gathering(next.node); list > 0 && at == next.node {
			lists[next.node] = list
			continue
		}
		expand(next.node, next.depth+1)
	}

	var out []TreeRow
	var add func(n graph.Node, at int)
	add = func(n graph.Node, at int) {
		if n != graph.SuperRoot {
			row := TreeRow{Node: n, Depth: at, Children: d.ChildCount(n), Rest: d.Retained(n) - s.Graph.Size(n), List: lists[n]}
			for _, c := range chosen[n] {
				row.Rest -= d.Retained(c)
			}
			row.Left = row.Children - len(chosen[n])
			out = append(out, row)
		}
		for _, c := range chosen[n] {
			add(c, at+1)
		}
	}
	if from == graph.SuperRoot {
		add(from, -1)
	} else {
		add(from, 0)
	}
	return out, nil
}

// WholeTree is Tree from the super-root on.
func WholeTree(ctx context.Context, s *Snapshot, depth, rows int) ([]TreeRow, error) {
	return Tree(ctx, s, graph.SuperRoot, depth, rows)
}

// openNode waits for a row.
type openNode struct {
	node, parent graph.Node
	depth        int
	retained     uint64
}

// openNodes is a heap with the next node to get a row on top.
type openNodes []openNode

func (o openNodes) Len() int      { return len(o) }
func (o openNodes) Swap(i, j int) { o[i], o[j] = o[j], o[i] }
func (o *openNodes) Push(x any)   { *o = append(*o, x.(openNode)) }
func (o openNodes) Less(i, j int) bool {
	a, b := o[i], o[j]
	return cmp.Or(cmp.Compare(b.retained, a.retained), cmp.Compare(a.depth, b.depth), cmp.Compare(a.node, b.node)) < 0
}

func (o *openNodes) Pop() any {
	last := (*o)[len(*o)-1]
	*o = (*o)[:len(*o)-1]
	return last
}

// TreeTable is Tree as a table.
func TreeTable(s *Snapshot, rows []TreeRow) *Table {
	return NewTable(len(rows), func(row int) graph.Node { return rows[row].Node },
		Column{Name: "retained_bytes", Title: "Retained", Kind: Bytes, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Dominators.Retained(rows[row].Node)} }},
		Column{Name: "share", Title: "Share", Kind: Percent, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Share(s.Dominators.Retained(rows[row].Node))} }},
		Column{Name: "objects", Title: "Objects", Kind: Count, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Dominators.Objects(rows[row].Node)} }},
		Column{Name: "shallow_bytes", Title: "Shallow", Kind: Bytes, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Graph.Size(rows[row].Node)} }},
		Column{Name: "depth", Title: "Depth", Kind: Count, Right: true,
			Cell: func(row int) Cell { return Cell{Num: uint64(rows[row].Depth)} }},
		Column{Name: "expression", Title: "Held as",
			Cell: func(row int) Cell { return Cell{Text: s.Expression(s.Dominators.PathTo(rows[row].Node))} }},
		Column{Name: "type", Title: "Type",
			Cell: func(row int) Cell { return textCell(listText(rows[row].List, s.Heap.Type(rows[row].Node))) }},
		Column{Name: "address", Title: "Address", Kind: Addr,
			Cell: func(row int) Cell { return addrCell(s.Heap.ValueAddr(rows[row].Node)) }},
		Column{Name: "children", Title: "Dominates", Kind: Count, Right: true,
			Cell: func(row int) Cell { return Cell{Num: uint64(rows[row].Children)} }},
	)
}

// TreeDocument is a part of the dominator tree in JSON.
type TreeDocument struct {
	Schema string             `json:"schema"`
	Tree   []TreeNodeDocument `json:"tree"` // in preorder
}

// TreeNodeDocument is a node of it.
type TreeNodeDocument struct {
	Depth      int          `json:"depth"`
	Node       NodeDocument `json:"node"`
	Expression Optional     `json:"expression"` // of the shortest path
	Objects    uint64       `json:"objects"`
	Shallow    uint64       `json:"shallow_bytes"`
	Retained   uint64       `json:"retained_bytes"`
	Children   int          `json:"children"`
	More       int          `json:"more"` // of these, those that are left out
	MoreBytes  uint64       `json:"more_bytes"`
	ListLength *int         `json:"list_length"` // null unless it is the first element of a list
}

// NewTreeDocument describes rows of Tree.
func NewTreeDocument(s *Snapshot, rows []TreeRow) *TreeDocument {
	d := &TreeDocument{"goheap/tree/1", []TreeNodeDocument{}}
	for _, r := range rows {
		n := TreeNodeDocument{
			r.Depth, describeNode(s, r.Node), Optional(s.Expression(s.Dominators.PathTo(r.Node))),
			s.Dominators.Objects(r.Node), s.Graph.Size(r.Node), s.Dominators.Retained(r.Node), r.Children, r.Left, r.Rest, nil,
		}
		if r.List > 0 {
			n.ListLength = &r.List
		}
		d.Tree = append(d.Tree, n)
	}
	return d
}

// WriteTree writes rows of Tree for people, indented.
func WriteTree(w io.Writer, s *Snapshot, rows []TreeRow) error {
	p := newPrinter(w, s)
	lines := [][]string{{"Retained", "Share", "Objects", "Held as", "Type", "Address"}}
	indent := func(depth int) string { return strings.Repeat("  ", min(depth, maxIndent)) }
	// open are the rows that have children to come, the outermost first.
	var open []TreeRow
	close := func(depth int) {
		for ; len(open) > 0 && open[len(open)-1].Depth >= depth; open = open[:len(open)-1] {
			if r := open[len(open)-1]; r.Left > 0 && r.Left < r.Children {
				lines = append(lines, []string{HumanBytes(r.Rest), HumanPercent(s.Share(r.Rest)), "", indent(r.Depth+1) + "… " + comma(uint64(r.Left)) + " more"})
			}
		}
	}
	for _, r := range rows {
		close(r.Depth)
		retained := s.Dominators.Retained(r.Node)
		lines = append(lines, []string{
			HumanBytes(retained), HumanPercent(s.Share(retained)), comma(s.Dominators.Objects(r.Node)),
			indent(r.Depth) + Printable(s.Expression(s.Dominators.PathTo(r.Node))),
			orDash(Optional(listText(r.List, s.Heap.Type(r.Node)))), addressText(Address(s.Heap.ValueAddr(r.Node))),
		})
		open = append(open, r)
	}
	close(0)
	const name, typ = 34, 16 // where room is short; the address stands for a name that is cut
	p.columns(lines, []fit{{right: true}, {right: true, priority: 2}, {right: true, priority: 3}, {min: name}, {priority: 1, min: typ}, {}}, "")
	return p.w.Flush()
}
