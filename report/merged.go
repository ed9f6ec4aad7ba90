package report

import (
	"context"
	"fmt"

	"goheap/heap"
)

// MergedPaths are the shortest paths to the members of a set, laid over each
// other: heap.Merged with names. Ways are all of them.
type MergedPaths struct {
	*heap.Merged
	// Gathered is the node at which nearly all paths come together; SuperRoot
	// where none is.
	Gathered heap.Node

	s *Snapshot
}

// MergePaths says which roots hold how many of nodes, and through what. An object
// that several roots hold counts for the one at the start of its shortest path.
func MergePaths(ctx context.Context, s *Snapshot, nodes []heap.Node) (*MergedPaths, error) {
	m, err := s.Dominators.MergePaths(s.within(ctx), nodes)
	if err != nil {
		return nil, err
	}
	return &MergedPaths{m, m.Gather(s.Dominators), s}, nil
}

// Word says how the path goes on from one node to the next: ".Tags", "[3]", for
// a root its name, and "→ +0x10" for what has no name.
func (m *MergedPaths) Word(from, to heap.Node) string {
	if from == heap.SuperRoot {
		return m.s.Heap.Name(to)
	}
	switch word, offset, ok := pointerWord(m.s, from, to); {
	case word != "":
		return word
	case ok && offset > 0:
		return fmt.Sprintf("→ +%#x", offset)
	}
	return Pointee
}

// Table lists what follows n on the paths: the roots after heap.SuperRoot.
func (m *MergedPaths) Table(n heap.Node) *Table {
	s := m.s
	return NewTable(m.ChildCount(n), func(row int) heap.Node { return m.Child(n, row) },
		Column{Name: "members", Title: "Members", Kind: Count, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: m.Of(m.Child(n, row)).Objects} }},
		Column{Name: "members_share", Title: "Of them", Kind: Percent, MinWidth: 7, Right: true,
			Cell: func(row int) Cell { return Cell{Num: share(m.Of(m.Child(n, row)).Objects, m.Members.Objects)} }},
		Column{Name: "members_bytes", Title: "Shallow", Kind: Bytes, Priority: 1, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: m.Of(m.Child(n, row)).Bytes} }},
		Column{Name: "through", Title: "Through", MinWidth: 20,
			Cell: func(row int) Cell { return Cell{Text: m.Word(n, m.Child(n, row))} }},
		Column{Name: "type", Title: "Type", Priority: 1, MinWidth: 12,
			Cell: func(row int) Cell { return textCell(s.Heap.Type(m.Child(n, row))) }},
		Column{Name: "retained_bytes", Title: "Retained", Kind: Bytes, Priority: 2, MinWidth: 9, Right: true,
			Cell: func(row int) Cell { return Cell{Num: s.Dominators.Retained(m.Child(n, row))} }},
		Column{Name: "address", Title: "Address", Kind: Addr, Priority: 3, MinWidth: 12,
			Cell: func(row int) Cell { return addrCell(s.Heap.ValueAddr(m.Child(n, row))) }},
	)
}
