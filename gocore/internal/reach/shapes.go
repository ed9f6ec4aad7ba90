package reach

import (
	"context"
	"strings"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/waste"
	"goheap/heap"
)

// shape is what is summed up of the objects of a type.
type shape struct {
	waste.Type
	size, packed uint64 // of a value, and if its fields stood in a better order
	words        uint64 // that hold pointers, of a value
	form         typing.Form

	// Of slots of elem bytes, the ones that were met last.
	elem, rounding, padding uint64
}

// shapes sums up the live objects by type and calls f with each, in the order of their
// first objects.
func (w *walker) shapes(ctx context.Context, f func(waste.Type)) error {
	place := map[heap.TypeID]int{}
	var all []shape
	var last heap.TypeID
	at := 0
	for i := range w.Image.Extents {
		if i%64 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		e := &w.Image.Extents[i]
		for s, id := range w.IDs[e.First:][:e.N] {
			n := e.First + heap.Node(s)
			if id == 0 || id >= typing.FirstFit || !image.HasBit(w.Live, n) {
				continue
			}
			if id != last {
				var seen bool
				if at, seen = place[id]; !seen {
					at = len(all)
					place[id] = at
					all = append(all, w.shapeOf(id, n))
				}
				last = id
			}
			w.add(&all[at], e, e.Base+uint64(s)*e.Elem)
		}
	}
	for i := range all {
		x := &all[i].Type
		t, _ := typing.SplitTypeID(x.ID)
		if name := w.Types.Type(t).Name; strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "internal/runtime/") {
			x.Rounding, x.Padding = 0, 0 // not the program's to change
		}
		f(*x)
	}
	return nil
}

func (w *walker) shapeOf(id heap.TypeID, n heap.Node) shape {
	t, form := typing.SplitTypeID(id)
	c := w.compile(t)
	x := shape{Type: waste.Type{ID: id, First: n}, size: c.size, packed: types.Packed(w.Types, t), form: form}
	if form == typing.OneValue || form == typing.ManyValues {
		x.words = pointers(w, c.steps)
	}
	return x
}

// pointers counts the words of a value that the collector follows.
func pointers(w *walker, steps []step) (n uint64) {
	for i := range steps {
		if x := &steps[i]; x.kind == types.RepeatWord {
			n += x.count * pointers(w, x.sub)
		} else {
			n++
		}
	}
	return n
}

// add adds the object in a slot.
func (w *walker) add(x *shape, e *image.Extent, slot uint64) {
	x.Objects++
	head := uint64(0)
	if e.Pointers == image.Headers {
		head = image.MallocHeader
	}
	switch {
	case x.size == 0:
	case x.form == typing.OneValue:
		if x.elem != e.Elem {
			x.elem = e.Elem
			// Values below tiny bytes share slots.
			if x.rounding = 0; x.size <= e.Elem && (e.Elem > tiny || e.Pointers != image.NoPointers) {
				x.rounding = e.Elem - x.size
			}
			x.padding = e.Elem - min(e.Elem, w.Image.SlotFor(x.packed, x.words > 0))
		}
		x.Words += x.words
		x.Rounding += x.rounding
		if x.packed < x.size {
			x.Padding += x.padding
		}
	case x.form == typing.ManyValues && (x.words > 0 || x.packed < x.size):
		n := w.Image.Filled(e, slot, e.Elem-head, x.size) / x.size
		x.Words += n * x.words
		x.Padding += n * (x.size - x.packed)
	}
}
