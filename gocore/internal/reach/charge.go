package reach

import (
	"goheap/gocore/internal/typing"
	"goheap/gocore/waste"
)

// charge calls f with what is of no use in an object: what is dead first, then the room
// that slices have.
func (o *object) charge(f func(waste.Finding)) {
	var of [waste.Rules]uint64
	o.spans = gaps(o.spans[:0], o.value, o.all)
	for _, gap := range o.spans {
		of[o.rule(gap)] += gap.hi - gap.lo
	}
	// What slices have room for and nothing else covers.
	o.spans = gaps(o.spans[:0], o.value, o.used)
	room := size(o.spans)
	for _, n := range of {
		room -= n
	}
	if len(o.used) == 0 {
		of[waste.Empty] = room
	} else {
		of[waste.Capacity] = room
	}
	for r, n := range of {
		if n > 0 {
			f(waste.Finding{Rule: waste.Rule(r), Node: o.node, Bytes: n, Least: o.by[perhaps] > 0})
		}
	}
}

// rule is why the bytes of a gap are dead.
func (o *object) rule(gap span) waste.Rule {
	switch {
	case o.by[bySlice]+o.by[byRoom] > 0 && gap.lo == o.value.lo && gap.hi == o.slice:
		return waste.BeforeStart
	case o.by[bySlice]+o.by[byRoom] > 0:
		return waste.Subslice
	case o.by[byString] > 0:
		return waste.Substring
	case o.known && o.form == typing.OneValue:
		return waste.Field
	}
	return waste.Survivor
}
