package image

import (
	"cmp"
	"math/bits"
	"slices"

	"goheap/gocore/account"
	"goheap/heap"
)

// Classes says of the spans with slots of each size what is in them. live has a bit for
// each node that is alive.
func (im *Image) Classes(live []uint64) []account.Class {
	bySlot := map[uint64]*account.Class{}
	for i := range im.Extents {
		e := &im.Extents[i]
		slot := e.Elem
		if e.N == 1 {
			slot = 0
		}
		c := bySlot[slot]
		if c == nil {
			c = &account.Class{Slot: slot}
			bySlot[slot] = c
		}
		var alive, dead uint64
		for s := uint32(0); s < e.N; s += heap.ExtentAlign {
			n := e.First + heap.Node(s)
			in, all := live[n/64], im.Allocated[n/64]
			alive += uint64(bits.OnesCount8(uint8(in >> (n % 64))))
			dead += uint64(bits.OnesCount8(uint8(all &^ in >> (n % 64))))
		}
		c.Spans++
		c.Bytes += e.Size
		c.LiveObjects += alive
		c.Live += alive * e.Elem
		c.GarbageObjects += dead
		c.Garbage += dead * e.Elem
		c.Free += (uint64(e.N) - min(alive+dead, uint64(e.N))) * e.Elem
		c.Ends += e.Size - uint64(e.N)*e.Elem
		if alive == 1 && e.N > 1 {
			c.Lone++
			c.LoneBytes += e.Size
		}
	}
	var out []account.Class
	for _, c := range bySlot {
		out = append(out, *c)
	}
	slices.SortFunc(out, func(a, b account.Class) int { return cmp.Compare(a.Slot-1, b.Slot-1) }) // 0 comes last
	return out
}
