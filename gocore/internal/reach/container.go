package reach

import (
	"slices"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/types"
	"goheap/gocore/waste"
	"goheap/heap"
)

// container covers the parts of the map or channel in a slot, and what else its header
// leads to, and finds out how much room it has.
func (w *walker) container(e *image.Extent, n heap.Node, slot uint64, t types.ID) {
	at := slot
	if e.Pointers == image.Headers {
		at += image.MallocHeader
	}
	if e.Pointers != image.NoPointers {
		w.unknown(e, slot, 0)
	}
	if w.Types.Type(t).Kind == types.Map {
		w.mapAt(n, at, t)
	} else {
		w.channel(n, at, t)
	}
}

// mapAt covers the parts of a map. Maps grow by half of what they have then: one that is
// more than twice as large as a fresh one was larger once.
func (w *walker) mapAt(n heap.Node, at uint64, t types.ID) {
	m, ok := w.maps[t]
	if !ok {
		m = w.Space.Map(t)
		w.maps[t] = m
	}
	if m == nil {
		return
	}
	w.parts = w.parts[:0]
	w.Space.MapParts(&w.mem, m, at, func(p inferior.Part) {
		if n, ok := w.Image.Pages.Lookup(p.Addr); ok {
			w.whole.Set(n)
			w.parts = append(w.parts, n)
		}
	})
	// Several overflow buckets of a classic map may stand in one object.
	slices.Sort(w.parts)
	held := uint64(0)
	for _, n := range slices.Compact(w.parts) {
		held += w.Graph.Size(n)
	}
	entries, ok := w.Space.MapLen(m, at)
	if !ok || w.found == nil {
		return
	}
	fresh := uint64(0)
	for _, a := range inferior.FreshMap(w.Space, m, entries) {
		fresh += a.N * w.Image.SlotFor(a.Size, a.Pointers)
	}
	if held > 2*fresh {
		rule := waste.MapRoom
		if entries == 0 {
			rule = waste.Empty
		}
		w.room(waste.Finding{Rule: rule, Node: n, Bytes: held - fresh})
	}
}

// channel finds out how much more has room in a channel. One with a single place, which
// those of timers are, could not be smaller.
func (w *walker) channel(n heap.Node, at uint64, t types.ID) {
	c, ok := w.Space.Chan(&w.mem, at)
	room := (c.Capacity - c.Queued) * w.compile(w.Types.Type(t).Elem).size
	if ok && c.Capacity > 1 && room > 0 && w.found != nil {
		w.room(waste.Finding{Rule: waste.ChannelRoom, Node: n, Bytes: room})
	}
}
