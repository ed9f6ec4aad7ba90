package reach

import (
	"context"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/typing"
	"goheap/heap"
	"goheap/internal/progress"
)

// object is one that is not covered whole.
type object struct {
	node  heap.Node
	form  typing.Form
	known bool // it has a type
	// pooled says that only pools keep it.
	pooled bool
	slot   span
	// value is where its value stands: in the slot, behind a header and before what the
	// allocator has rounded up.
	value span
	by    [ways]int // how many spans cover it, by what they come from
	slice uint64    // where the first slice begins
	used  []span    // what is covered, without room
	all   []span    // with room
	spans []span    // buffer
}

// each calls f with the objects that are not covered whole, by address. The object is valid
// until f returns.
func (w *walker) each(ctx context.Context, f func(o *object)) error {
	for k := range w.lists {
		w.lists[k].settle()
	}
	phase := progress.Start(ctx, "waste", int64(len(w.lists[byString].list)))
	defer phase.Finish()
	var o object
	var at [ways]int // in the lists
	for count := 0; ; count++ {
		if count%(1<<12) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		next := ^uint64(0)
		for k := range w.lists {
			if at[k] < len(w.lists[k].list) {
				next = min(next, w.lists[k].list[at[k]].lo)
			}
		}
		if next == ^uint64(0) {
			return nil
		}
		n, ok := w.Image.Pages.Lookup(next)
		lo, hi := w.Image.Bounds(n)
		if !ok {
			lo, hi = next, next+1
		}
		o = object{node: n, slot: span{lo, hi}, pooled: ok && w.inPool(n), slice: ^uint64(0), used: o.used[:0], all: o.all[:0], spans: o.spans}
		for k := range w.lists {
			list := w.lists[k].list
			for at[k] < len(list) && list[at[k]].lo < hi {
				x := list[at[k]]
				at[k]++
				o.by[k]++
				o.all = append(o.all, x)
				if way(k) != byRoom {
					o.used = append(o.used, x)
				}
				if way(k) == bySlice || way(k) == byBytes || way(k) == byRoom {
					o.slice = min(o.slice, x.lo)
				}
			}
		}
		if !ok || w.whole.Has(n) || !image.HasBit(w.Live, n) || w.boxes.also(n) {
			continue
		}
		o.used, o.all = joined(o.used), joined(o.all)
		if w.bound(&o, lo, hi) {
			f(&o)
		}
	}
}

// tiny is the size of the slots in which the allocator puts several small values without
// pointers (runtime/malloc.go, maxTinySize).
const tiny = 16

// bound finds out where the value of an object in the slot [lo, hi) stands. ok is false for
// slots that several values share.
func (w *walker) bound(o *object, lo, hi uint64) (ok bool) {
	e := &w.Image.Extents[w.Graph.ExtentOf(o.node)]
	if e.Pointers == image.NoPointers && e.Elem == tiny {
		return false
	}
	if e.Pointers == image.Headers {
		lo += image.MallocHeader
	}
	o.value = span{lo, hi}
	id := w.IDs[o.node]
	if o.known = id != 0 && id < typing.FirstFit; o.known {
		t, form := typing.SplitTypeID(id)
		size := w.Types.Type(t).Size
		o.form = form
		switch form {
		case typing.OneValue:
			o.value.hi = min(hi, lo+size)
		case typing.ManyValues:
			if size > 0 {
				o.value.hi = lo + w.Image.Filled(e, e.Base+uint64(o.node-e.First)*e.Elem, hi-lo, size)/size*size
			}
		}
	}
	// How much an array was made for is not recorded: what is left behind the last byte that
	// is covered may be what the allocator has rounded up.
	if end := o.all[len(o.all)-1].hi; !o.known || o.form != typing.OneValue {
		if e.Pointers == image.Headers {
			lo -= image.MallocHeader
		}
		if end-lo > w.Image.SmallerClass(e.Elem) {
			o.value.hi = min(o.value.hi, end)
		}
	}
	return true
}
