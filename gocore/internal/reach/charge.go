package reach

import (
	"cmp"
	"slices"

	"goheap/gocore/internal/image"
	"goheap/gocore/waste"
	"goheap/heap"
)

// ranges calls f with the bytes of an object that are of no use: what is dead first, then
// the room that slices have, or all that is not dead where only pools keep it.
func (o *object) ranges(f func(r waste.Rule, s span)) {
	o.spans = gaps(o.spans[:0], o.value, o.all)
	for _, gap := range o.spans {
		f(o.rule(gap), gap)
	}
	if o.pooled {
		dead := len(o.spans)
		o.spans = gaps(o.spans, o.slot, o.spans[:dead])
		for _, rest := range o.spans[dead:] {
			f(waste.Pool, rest)
		}
		return
	}
	// What slices have room for and nothing else covers.
	rule := waste.Capacity
	if len(o.used) == 0 {
		rule = waste.Empty
	}
	o.spans = minus(o.spans[:0], o.all, o.used)
	for _, room := range o.spans {
		if room.hi = min(room.hi, o.value.hi); room.lo < room.hi {
			f(rule, room)
		}
	}
}

// charge calls f with the sums of its ranges.
func (o *object) charge(f func(waste.Finding)) {
	var of [waste.Rules]uint64
	o.ranges(func(r waste.Rule, s span) { of[r] += s.hi - s.lo })
	for r, n := range of {
		if n > 0 {
			f(waste.Finding{Rule: waste.Rule(r), Node: o.node, Bytes: n, Least: o.by[perhaps] > 0})
		}
	}
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
