package reach

import (
	"cmp"
	"slices"

	"goheap/gocore/internal/image"
	"goheap/gocore/waste"
	"goheap/heap"
)

// charge calls f with what is of no use in an object: what is dead first, then the room
// that slices have. It returns how many bytes are dead.
func (o *object) charge(f func(waste.Finding)) (dead uint64) {
	var of [waste.Rules]uint64
	o.spans = gaps(o.spans[:0], o.value, o.all)
	for _, gap := range o.spans {
		of[o.rule(gap)] += gap.hi - gap.lo
	}
	dead = size(o.spans)
	if !o.pooled {
		// What slices have room for and nothing else covers.
		o.spans = gaps(o.spans[:0], o.value, o.used)
		of[o.roomRule()] = size(o.spans) - dead
	}
	for r, n := range of {
		if n > 0 {
			f(waste.Finding{Rule: waste.Rule(r), Node: o.node, Bytes: n, Least: o.by[perhaps] > 0})
		}
	}
	return dead
}

// roomRule is why the room of slices is of no use.
func (o *object) roomRule() waste.Rule {
	if len(o.used) == 0 {
		return waste.Empty
	}
	return waste.Capacity
}

// rule is why the bytes of a gap are dead.
func (o *object) rule(gap span) waste.Rule {
	switch {
	case o.by[byBytes]+o.by[bySlice]+o.by[byRoom] > 0 && gap.lo == o.value.lo && gap.hi == o.slice:
		return waste.BeforeStart
	case o.by[byBytes]+o.by[bySlice]+o.by[byRoom] > 0:
		return waste.Subslice
	case o.by[byString] > 0:
		return waste.Substring
	}
	return waste.Part
}

// beyond calls f with what the pointers of an object lead to that stand in bytes of no use,
// and its others do not, ascending.
func (w *walker) beyond(o *object, f func(from, to heap.Node)) {
	e := &w.Image.Extents[w.Graph.ExtentOf(o.node)]
	if e.Pointers == image.NoPointers {
		return
	}
	slot := e.Base + uint64(o.node-e.First)*e.Elem
	var used, unused []heap.Node
	for _, off := range w.Image.PointerWords(w.GCTypes, e, slot) {
		p, _ := w.Image.Mem.Word(slot + off)
		to, ok := w.Image.Pages.Lookup(p)
		if !ok || p == 0 {
			continue
		}
		// The first span that ends behind the word.
		i, _ := slices.BinarySearchFunc(o.used, slot+off, func(s span, at uint64) int { return cmp.Compare(s.hi, at+1) })
		if i < len(o.used) && o.used[i].lo <= slot+off {
			used = append(used, to)
		} else {
			unused = append(unused, to)
		}
	}
	if len(unused) == 0 {
		return
	}
	slices.Sort(used)
	slices.Sort(unused)
	for _, to := range slices.Compact(unused) {
		if _, also := slices.BinarySearch(used, to); !also && to != o.node {
			f(o.node, to)
		}
	}
}
