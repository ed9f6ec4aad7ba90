package report

import (
	"context"
	"fmt"
	"slices"

	"goheap/heap"
)

// References returns the nodes that n points to, each once, in the order of its
// pointers; those of an object that is not live too.
func (s *Snapshot) References(ctx context.Context, n heap.Node) ([]heap.Node, error) {
	targets := s.Graph.Targets(n)
	to := make([]heap.Node, 0, len(targets))
	seen := heap.NewBits(s.Graph.Len())
	defer seen.Close()
	for i, t := range targets {
		if i%pace == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if !seen.Has(t) {
			seen.Set(t)
			if t == n && !s.pointsToItself(n) {
				continue
			}
			to = append(to, t)
		}
	}
	return slices.Clip(to), nil
}

// ReferrerTable lists who points to n: the live nodes of Referrers, in its order.
func ReferrerTable(ctx context.Context, s *Snapshot, n heap.Node) (*Table, error) {
	from, err := s.Referrers(ctx, n)
	if err != nil {
		return nil, err
	}
	return neighbourTable(s, "Held by", from, func(m heap.Node) (heap.Node, heap.Node) { return m, n }), nil
}

// ReferenceTable lists what n points to: the nodes of References, in its order.
func ReferenceTable(ctx context.Context, s *Snapshot, n heap.Node) (*Table, error) {
	to, err := s.References(ctx, n)
	if err != nil {
		return nil, err
	}
	return neighbourTable(s, "Points to", to, func(m heap.Node) (heap.Node, heap.Node) { return n, m }), nil
}

// neighbourTable lists nodes with what the pointer is called that edge returns
// the ends of.
func neighbourTable(s *Snapshot, title string, nodes []heap.Node, edge func(heap.Node) (from, to heap.Node)) *Table {
	return NewTable(len(nodes), func(row int) heap.Node { return nodes[row] },
		Column{Name: "retained_bytes", Title: "Retained", Kind: Bytes, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Dominators.Retained(nodes[row])} }},
		Column{Name: "share", Title: "Share", Kind: Percent, Priority: 1, MinWidth: 7, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Share(s.Dominators.Retained(nodes[row]))} }},
		Column{Name: "shallow_bytes", Title: "Shallow", Kind: Bytes, Priority: 2, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Graph.Size(nodes[row])} }},
		Column{Name: "through", Title: "Through", MinWidth: 12,
			Cell: func(row int) Cell {
				expr, offset, ok := s.edge(edge(nodes[row]))
				if ok && expr == "" {
					expr = fmt.Sprintf("→ +%#x", offset)
				}
				return textCell(expr)
			}},
		Column{Name: "name", Title: title, MinWidth: 16,
			Cell: func(row int) Cell { return Cell{Text: s.Heap.Name(nodes[row])} }},
		Column{Name: "type", Title: "Type", Priority: 1, MinWidth: 12,
			Cell: func(row int) Cell { return textCell(s.Heap.Type(nodes[row])) }},
		Column{Name: "address", Title: "Address", Kind: Addr, Priority: 1, MinWidth: 12,
			Cell: func(row int) Cell { return addrCell(s.Heap.ValueAddr(nodes[row])) }},
	)
}

// InstanceTable lists the live objects of some types, those that retain most
// first: Instances as a NodeTable WithFields. Of its rows it keeps 4 bytes each.
func InstanceTable(ctx context.Context, s *Snapshot, ids []heap.TypeID) (*Table, error) {
	nodes, err := s.Instances(ctx, ids)
	if err != nil {
		return nil, err
	}
	return WithFields(NodeTable(s, nodes), ids), nil
}
