package tui

import (
	"context"
	"fmt"

	"github.com/gdamore/tcell/v2"

	"goheap/heap"
	"goheap/report"
)

// rowActions are the questions that can be asked about every row of every view.
func rowActions(a *App) []Action {
	node := func() heap.Node { return a.top().subject().node }
	noNode := func() string {
		return reasonIf(node() == heap.None, "this row is no object and no root")
	}
	noType := func() string {
		if why := noNode(); why != "" {
			return why
		}
		return reasonIf(a.typeOf(node()) == 0, "a root has no type of its own")
	}
	noSet := func() string {
		return reasonIf(a.selectedSet().key == "", "this row stands for no objects")
	}
	return []Action{
		{Keys: []Key{code(tcell.KeyEnter)}, Label: "open", Priority: 1,
			Help: "Open the selected row: its objects, its frames, its fields.",
			Do:   func() { a.top().open() }},
		{Keys: []Key{char('w')}, Label: "why alive", Priority: 2, Disabled: noNode,
			Help: "Show the whole chain from a root to the selected row, every hop a row.",
			Do:   func() { a.push(newPath(a, a.top().subject())) }},
		{Keys: []Key{char('i')}, Label: "inspect", Priority: 3, Disabled: noNode,
			Help: "Show the fields, referrers, references and bytes of the selected object.",
			Do:   func() { a.inspect(node()) }},
		{Keys: []Key{char('<')}, Label: "referrers", Disabled: noNode,
			Help: "List what points to the selected object.",
			Do:   func() { a.inspectAt(node(), pageReferrers) }},
		{Keys: []Key{char('>')}, Label: "references", Disabled: noNode,
			Help: "List what the selected object points to.",
			Do:   func() { a.inspectAt(node(), pageReferences) }},
		{Keys: []Key{char('t')}, Label: "its type", Disabled: noType,
			Help: "List all objects of the selected object's type.",
			Do:   func() { a.instancesOf(node()) }},
		{Keys: []Key{char('T')}, Label: "in types", Disabled: noType,
			Help: "Show the selected object's type in the list of types.",
			Do:   func() { a.revealType(node()) }},
		{Keys: []Key{char('d')}, Label: "dominators", Priority: 9, Disabled: noNode,
			Help: "Show the selected object in the dominator tree.",
			Do:   func() { a.reveal(node()) }},
		{Keys: []Key{char('P')}, Label: "merged paths", Disabled: noSet,
			Help: "Merge all ways to the objects of the selected type, group or mark: which roots lead to how many, goroutines by stack.",
			Do:   a.mergePaths},
		{Keys: []Key{char('X')}, Label: "exact size", Disabled: func() string {
			if len(a.marks.sets) > 0 {
				return ""
			}
			return noSet()
		},
			Help: "Compute what the marked rows retain together, or the selected row if none is marked.",
			Do:   a.exactSize},
		{Keys: []Key{char('m')}, Label: "mark", Disabled: noSet,
			Help: "Mark the selected row, or no longer.",
			Do:   a.turnMark},
		{Keys: []Key{char('M')}, Label: "marks", Disabled: func() string { return reasonIf(len(a.marks.sets) == 0, "nothing is marked; m marks a row") },
			Help: "List the marked rows, with what they retain together.",
			Do:   func() { a.push(newMarks(a)) }},
		{Keys: []Key{char('B')}, Label: "bookmark",
			Help: "Keep this place beside the file, with a note.",
			Do:   func() { a.openPrompt(promptNote, "") }},
		{Keys: []Key{char('y')}, Label: "copy", Priority: 10,
			Help: "Copy the address of the selected row, or its name if it has none.",
			Do:   a.copyAddress},
		{Keys: []Key{char('c')}, Label: "copy row",
			Help: "Copy the selected row as text.",
			Do:   func() { a.copy(a.top().grid().rowText()) }},
		{Keys: []Key{char('Y')}, Label: "copy path",
			Help: "Copy the expression of the path in the why-alive pane.",
			Do:   func() { a.copy(a.why.expression()) }},
	}
}

// selectedSet is what the selected row stands for.
func (a *App) selectedSet() rowSet {
	v := a.top()
	if v.grid().len() == 0 {
		return rowSet{node: heap.None}
	}
	return v.set(v.grid().selected)
}

// copyAddress copies what names the selected row best for another program.
func (a *App) copyAddress() {
	n := a.top().subject().node
	if n == heap.None {
		a.copy(a.top().grid().mainText())
		return
	}
	if addr := a.snap.Heap.ValueAddr(n); addr != 0 {
		a.copy(fmt.Sprintf("0x%x", addr))
		return
	}
	a.copy(a.clean(a.snap.Heap.Name(n)))
}

// instancesOf lists the objects of the type of n.
func (a *App) instancesOf(n heap.Node) {
	id := a.typeOf(n)
	a.push(newInstances(a, []heap.TypeID{id}, a.snap.Heap.TypeInfo(id).Name))
}

// revealType selects the type of n in the list of types.
func (a *App) revealType(n heap.Node) {
	id := a.typeOf(n)
	if a.top() == a.base[tabTypes] {
		a.flash("in types: this is the list of types")
	}
	a.open(tabTypes)
	a.base[tabTypes].(*typesView).reveal(id)
}

// mergePaths shows by which roots the objects are held that the selected row
// stands for: all of its type if it stands for one object.
func (a *App) mergePaths() {
	set := a.selectedSet()
	if id := a.typeOf(set.node); set.nodes == nil && id != 0 {
		s := a.snap
		set = rowSet{key: fmt.Sprintf("type %d", id), name: s.Heap.TypeInfo(id).Name, node: set.node, nodes: func(ctx context.Context) ([]heap.Node, error) {
			return s.Instances(ctx, []heap.TypeID{id})
		}}
	}
	a.push(newMerged(a, set))
}

// exactSize computes what the marked rows, or else the selected one, retain as a
// set.
func (a *App) exactSize() {
	sets, what := []rowSet{a.selectedSet()}, ""
	if len(a.marks.sets) > 0 {
		sets, what = a.marks.sets, plural(uint64(len(a.marks.sets)), "marked row")
	} else {
		what = a.clean(report.ShortPaths(sets[0].name))
	}
	a.start(slotAsk, "computing the exact size", func(ctx context.Context) (func(), error) {
		size, err := a.retainedTogether(ctx, sets)
		if err != nil {
			return nil, err
		}
		return func() {
			a.flash(fmt.Sprintf("%s: %s (%s of the live heap) in %s would be freed with it gone", what,
				exactBytes(size.Retained), report.HumanPercent(a.snap.Share(size.Retained)), plural(size.RetainedObjects, "object")))
		}, nil
	})
}

// retainedTogether returns what becomes free without any of the nodes of some
// sets.
func (w *words) retainedTogether(ctx context.Context, sets []rowSet) (report.SetSize, error) {
	var nodes []heap.Node
	for _, s := range sets {
		some, err := s.all(ctx)
		if err != nil {
			return report.SetSize{}, err
		}
		nodes = append(nodes, some...)
	}
	return w.snap.RetainedSet(ctx, nodes)
}
