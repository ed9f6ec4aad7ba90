package tui

import (
	"fmt"
	"path"
	"strings"

	"goheap/heap"
	"goheap/report"
)

// words puts what a heap has into words that fit on the screen. But for exact all is
// set before anything is shown, so that workers may ask too.
type words struct {
	snap       *report.Snapshot  // nil while loading
	goroutines map[heap.Node]int // places in the process's Goroutines
	ascii      bool              // nothing but ASCII
	exact      bool              // sizes to the byte; for the event loop alone
}

// nodeText names a node without its address: a root by its name, an object by
// its type, without import paths, and, where it is an array in a slot, how many
// values it holds, or at most.
func (w *words) nodeText(n heap.Node) string {
	p := w.snap.Heap
	if w.snap.Graph.IsRoot(n) {
		return p.Name(n)
	}
	text := report.ShortPaths(p.Type(n))
	if count := p.Count(n); count > 1 {
		text += " × "
		if !p.CountKnown(n) {
			text += "up to "
		}
		text += countText(count)
	}
	return text
}

// nodeTitle names a node with its address, where it has one that its name does
// not say.
func (w *words) nodeTitle(n heap.Node) string {
	text := w.nodeText(n)
	if addr := addrText(w.snap.Heap.ValueAddr(n)); addr != "" && !w.snap.Graph.IsRoot(n) {
		return addr + " " + text
	}
	return text
}

// setOf is the set of one node.
func (w *words) setOf(n heap.Node) rowSet {
	if n == heap.None || n == heap.SuperRoot {
		return rowSet{node: heap.None}
	}
	return rowSet{key: fmt.Sprintf("node %d", n), name: w.nodeTitle(n), node: n}
}

// holderSet is what a row stands for.
func (w *words) holderSet(h *report.Holder) rowSet {
	if h.Members == nil {
		return w.setOf(report.Counted(w.snap, h))
	}
	if h.Single() {
		return w.setOf(h.Node)
	}
	name := h.Name
	if !h.Class {
		name = fmt.Sprintf("%s × %s", countText(h.Count), h.Type)
	}
	return setOfAll(fmt.Sprintf("%s, %s", name, addrText(w.snap.Heap.ValueAddr(h.Node))), h.Node, h.Members)
}

// targetOf is how a node is written in a location.
func (w *words) targetOf(n heap.Node) string {
	if n == heap.None || n == heap.SuperRoot {
		return ""
	}
	if w.snap.Graph.IsRoot(n) {
		if g := w.goroutineOf(n); g >= 0 {
			return fmt.Sprintf("g:%d", w.snap.Process.Goroutines()[g].ID)
		}
		return w.snap.Heap.Name(n)
	}
	return addrText(w.snap.Heap.ValueAddr(n))
}

// goroutineOf returns the place of a goroutine's node in the process's
// Goroutines, -1 if n is none.
func (w *words) goroutineOf(n heap.Node) int {
	if !w.snap.Graph.IsRoot(n) {
		return -1
	}
	if g, ok := w.goroutines[n]; ok {
		return g
	}
	return -1
}

// typeOf returns the type of an object, 0 for a root.
func (w *words) typeOf(n heap.Node) heap.TypeID {
	if ids := w.snap.Heap.TypeIDs(); int(n) < len(ids) {
		return ids[n]
	}
	return 0
}

// siteText says where an object was allocated, if it is one of those that the
// runtime sampled: the program's own function first, then its callers.
func (w *words) siteText(n heap.Node) string {
	site, ok := w.snap.Heap.AllocSite(n)
	if !ok {
		return ""
	}
	var places []string
	for _, f := range site.Stack {
		place := report.ShortPaths(f.Func)
		if f.File != "" {
			place += fmt.Sprintf(" %s:%d", path.Base(f.File), f.Line)
		}
		if strings.HasPrefix(f.Func, "runtime.") && len(places) == 0 {
			continue
		}
		places = append(places, place)
	}
	return w.clean("allocated in " + strings.Join(places, ", called by "))
}
