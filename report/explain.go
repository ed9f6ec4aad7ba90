package report

import (
	"context"
	"strings"

	"goheap/gocore"
	"goheap/heap"
)

// floorPart is the part of live heap and stacks below which nothing is suspect.
const floorPart = 20

// finding is a place that a rule about one kind of thing has found. Where it explains a
// suspect that holds most of what this holds, it tells what that is; else it is a
// suspect of its own.
type finding struct {
	rule     string
	node     heap.Node // that retains most of it
	name     string    // how it is reached
	count    uint64
	retained uint64
	why, try string
	made     string // what it is made of, in place of its fields
	sentence string // of a suspect of its own; "" where it can only explain another
}

// floor is how many bytes the least suspect has.
func (h *hunt) floor() uint64 {
	stacks := uint64(0)
	for _, g := range h.s.Process.Goroutines() {
		stacks += g.StackBytes
	}
	return max(h.s.LeastSuspect, (h.s.Dominators.LiveBytes()+stacks)/floorPart)
}

// note gives a finding to the suspect that it explains, or makes one of it.
func (h *hunt) note(f finding) {
	const half = 2
	for i := range h.found {
		if s := &h.found[i]; s.Why == "" && f.retained >= s.Retained/half && h.covers(s, f.node) {
			s.Why, s.Try, s.made = f.why, f.try, f.made
			return
		}
	}
	if f.sentence == "" || f.retained <= h.least {
		return
	}
	h.found = append(h.found, Suspect{
		Rule: f.rule, Name: f.name, Type: h.s.Heap.Type(f.node), Node: f.node, Address: h.s.Heap.Addr(f.node), Count: f.count,
		Retained: f.retained, Accumulation: accumulationAt(h.s, f.node), Sentence: f.sentence, Why: f.why, Try: f.try, made: f.made,
	})
}

// covers reports whether a suspect, or one of its members, is or dominates a node.
func (h *hunt) covers(f *Suspect, n heap.Node) bool {
	if f.Members == nil {
		return h.s.Dominators.Dominates(f.Node, n)
	}
	for _, m := range f.Members {
		if h.s.Dominators.Dominates(m, n) {
			return true
		}
	}
	return false
}

// ofType returns the live objects of the types that are chosen by name, where all of one
// type retain enough for a suspect.
func (h *hunt) ofType(ctx context.Context, choose func(name string) bool) ([]heap.Node, error) {
	rows, err := h.s.FoldedTypes(ctx)
	if err != nil {
		return nil, err
	}
	var ids []heap.TypeID
	for _, r := range rows {
		if r.Retained <= h.least {
			break // they are in this order
		}
		if r.Known && choose(r.Name) {
			ids = append(ids, r.IDs...)
		}
	}
	if ids == nil {
		return nil, nil
	}
	return h.s.instances(ctx, ids)
}

// explainSingle says what to do about a variable by the kind of container that most of it
// is in.
func explainSingle(s *Snapshot, f *Suspect) {
	at, list := s.gathering(f.Node)
	typ := goType(s, at)
	switch {
	case typ == "sync.Pool" || ofPool(typ):
		f.Try = "It is a sync.Pool: the next two collections free what nobody takes. A second dump says whether it grows."
	case list > 0:
		f.Try = "Take from the list what is done with, or set a limit: a second dump says whether it grows."
	case strings.HasPrefix(typ, "map[") || ofMap(typ) || s.lengthOf(s.Dominators.PathTo(at)).of == "entries":
		f.Try = "Delete entries that are done with, or set a limit: a second dump says whether it grows."
	case strings.HasPrefix(typ, "chan "):
		f.Try = "Receive as fast as is sent, or drop what nobody waits for."
	case strings.HasPrefix(typ, "[]*") || strings.HasPrefix(typ, "[]"):
		f.Try = "Empty it, or set a limit: a second dump says whether it grows."
	}
}

// goroutineOf returns the goroutine that a suspect is, or the first of those that it is.
func (h *hunt) goroutineOf(f *Suspect) (GoroutineRow, bool) {
	if h.s.Heap.KindOf(f.Node) != gocore.GoroutineRoot {
		return GoroutineRow{}, false
	}
	if h.goroutines == nil {
		h.goroutines = goroutineByNode(h.s)
	}
	g, ok := h.goroutines[f.Node]
	return g, ok
}
