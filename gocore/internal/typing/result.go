package typing

import (
	"errors"
	"fmt"
	"math/bits"
	"runtime"
	"slices"
	"sync"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/heap"
	"goheap/internal/flat"
)

// Result holds what is known of the types of live objects, by node.
type Result struct {
	IDs      []heap.TypeID  // 0 where the node is no live object
	Evidence []Evidence     // set when all types have been found
	Unknown  []UnknownShape // by TypeID - FirstUnknown
	// Nodes are those of unknown type, and chunks of user arenas with words that lead to
	// an object and are in no part, ascending.
	Nodes  []heap.Node
	Chunks []Chunk // live ones, ascending
	// Fits has the types of which several fit an object without a type, as far as there
	// is room.
	Fits map[heap.Node][]Fit

	Conflicts uint64
	Rejected  []Rejection // the first of them
	Totals    Totals
}

// Rejection is a claim that contradicted a pointer map: where, and in words what it said
// and what is so.
type Rejection struct {
	Addr uint64
	Said string
}

// Clear takes back all types.
func (r *Result) Clear() {
	clear(r.IDs)
	clear(r.Evidence)
	*r = Result{IDs: r.IDs, Evidence: r.Evidence}
}

// Free gives back the arrays. Nothing may be looked up afterwards.
func (r *Result) Free() {
	flat.Free(r.IDs)
	flat.Free(r.Evidence)
	*r = Result{}
}

// UnknownShape groups objects without a type: by the slot's size, by the words
// that are pointers, and by the type of a part where one is known.
type UnknownShape struct {
	Size uint64
	Mask uint64 // of the first 64 words
	Part types.ID
}

// UnknownName describes an unknown type, from FirstUnknown up.
func (r *Result) UnknownName(table *types.Table, id heap.TypeID) string {
	u := r.Unknown[id-FirstUnknown]
	what := "no pointers"
	if n := bits.OnesCount64(u.Mask); n > 0 {
		what = fmt.Sprintf("pointers %#x", u.Mask)
	}
	if u.Part != 0 {
		what += ", contains " + table.Type(u.Part).Name
	}
	return fmt.Sprintf("(unknown %d B, %s)", u.Size, what)
}

// FitNames returns the names of the types in Fits of an object, in order.
func (r *Result) FitNames(table *types.Table, n heap.Node) []string {
	var names []string
	for _, f := range r.Fits[n] {
		name := table.Type(f.Type).Name
		if f.Form == ManyValues {
			name = "[]" + name
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// finish adds up what is typed, and gives the objects without a type the number
// of their shape.
func (t *Typer) finish() error {
	sums := make([]tally, runtime.GOMAXPROCS(0))
	errs := make([]error, len(sums))
	var wg sync.WaitGroup
	for i := range sums {
		s := &sums[i]
		s.extents = t.im.Extents[len(t.im.Extents)*i/len(sums) : len(t.im.Extents)*(i+1)/len(sums)]
		wg.Go(func() { errs[i] = dump.Guard(func() error { return t.tally(s) }) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	t.Out.Conflicts = t.conflicts
	for _, c := range t.rejected {
		t.Out.Rejected = append(t.Out.Rejected, Rejection{c.p, t.rejection(c)})
	}
	out := &t.Out.Totals
	out.Conflicts = t.Out.Conflicts
	out.EvidenceBytes = map[Evidence]uint64{}
	shapes := map[UnknownShape]heap.TypeID{}
	for i := range sums {
		s := &sums[i]
		for ev := ByHeader; ev <= ByNothing; ev++ {
			out.EvidenceBytes[ev] += s.byEvidence[ev]
		}
		t.Out.Nodes = append(t.Out.Nodes, s.nodes...)
		out.FitObjects += s.fitObjects
		out.FitBytes += s.byEvidence[ByFit]
		out.TypedObjects += s.typedObjects
		out.TypedBytes += s.typedBytes
		out.CoveredBytes += s.coveredBytes
		global := make([]heap.TypeID, len(s.unknown))
		same := true
		for local, shape := range s.unknown {
			id, ok := shapes[shape]
			if !ok {
				id = FirstUnknown + heap.TypeID(len(t.Out.Unknown))
				shapes[shape] = id
				t.Out.Unknown = append(t.Out.Unknown, shape)
			}
			global[local] = id
			same = same && id == FirstUnknown+heap.TypeID(local)
		}
		if !same {
			t.renumber(s.extents, global)
		}
	}
	finishChunks(t)
	return nil
}

// renumber gives the unknown objects of extents the numbers of their shapes that
// hold for all of the heap.
func (t *Typer) renumber(extents []image.Extent, global []heap.TypeID) {
	for i := range extents {
		e := &extents[i]
		ids := t.id[e.First:][:e.N]
		for k, id := range ids {
			if id >= FirstUnknown {
				ids[k] = global[id-FirstUnknown]
			}
		}
	}
}

// tally is what finish finds out about a part of the heap. The types of its unknown
// objects are numbers in its own list of shapes at first.
type tally struct {
	extents                                []image.Extent
	typedObjects, typedBytes, coveredBytes uint64
	fitObjects                             uint64
	nodes                                  []heap.Node // of unknown type
	byEvidence                             [ByNothing + 1]uint64
	unknown                                []UnknownShape // in the order in which they are met
}

func (t *Typer) tally(sum *tally) error {
	shapes := map[UnknownShape]heap.TypeID{}
	var lastShape UnknownShape // neighbours are alike
	var lastID heap.TypeID
	var covered uint64 // by the type looked at last, which last says, in slots of elem bytes
	var last heap.TypeID
	var elem uint64
	for i := range sum.extents {
		e := &sum.extents[i]
		ids := t.id[e.First:][:e.N]
		evidence := t.Out.Evidence[e.First:][:e.N]
		var count [ByNothing + 1]uint64
		for s := range ids {
			n := e.First + heap.Node(s)
			if !image.HasBit(t.Alive, n) {
				if image.HasBit(t.im.Allocated, n) {
					ids[s] = 0 // what the leaf typer took for alive
				}
				continue
			}
			ev, id := Evidence(ids[s]>>evidenceShift), ids[s]&(1<<evidenceShift-1)
			if ev == 0 {
				ev = ByNothing
			}
			evidence[s] = ev
			count[ev]++
			if ev < ByFit {
				if id != last || e.Elem != elem {
					covered, last, elem = t.covered(e, id), id, e.Elem
				}
				sum.coveredBytes += covered
				ids[s] = id
				continue
			}
			if ev == ByFit {
				ids[s] = id | FirstFit
				continue
			}
			sum.nodes = append(sum.nodes, n)
			shape := UnknownShape{Size: e.Elem}
			if ev == ByInterior {
				shape.Part, _ = SplitTypeID(id)
			}
			if e.Pointers == image.HeapBits || t.im.Listed && e.Pointers != image.NoPointers {
				shape.Mask = t.im.SlotMask(e, e.Base+uint64(s)*e.Elem)
			}
			if shape != lastShape || lastID == 0 {
				id, ok := shapes[shape]
				if !ok {
					id = FirstUnknown + heap.TypeID(len(sum.unknown))
					shapes[shape] = id
					sum.unknown = append(sum.unknown, shape)
				}
				lastShape, lastID = shape, id
			}
			ids[s] = lastID
		}
		for ev, n := range count {
			sum.byEvidence[ev] += n * e.Elem
			if Evidence(ev) < ByFit {
				sum.typedObjects += n
				sum.typedBytes += n * e.Elem
			}
		}
		sum.fitObjects += count[ByFit]
	}
	return nil
}

// covered returns how many bytes of a slot its type explains.
func (t *Typer) covered(e *image.Extent, id heap.TypeID) uint64 {
	typ, f := SplitTypeID(id)
	usable := t.usable(e)
	size := t.table.Type(typ).Size
	switch f {
	case StringData, Container:
		return usable
	case ManyValues:
		if size > 0 {
			return usable / size * size
		}
	}
	return min(usable, size)
}

// Totals sums up how much of the live heap has a type.
type Totals struct {
	TypedObjects, TypedBytes uint64
	CoveredBytes             uint64 // of TypedBytes, what the types explain
	FitObjects, FitBytes     uint64 // that the only type that fits was found for; not typed
	Conflicts                uint64 // claims that contradicted a pointer map
	EvidenceBytes            map[Evidence]uint64
}
