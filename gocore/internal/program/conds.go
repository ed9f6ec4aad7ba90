package program

import "goheap/gocore/internal/unwind"

// condLists are the lists of goroutines that wait on a sync.Cond. Until Go 1.25 a
// runtime.sudog does not say which one it is about: but the frame of sync.(*Cond).Wait
// has its Cond, and the list of that has the sudog (runtime/sema.go, notifyListWait).
type condLists struct {
	// of has the address of the list (sync.notifyList) that a sudog is in, 0 for none.
	// A sound one is in one list, so that each is visited once.
	of map[uint64]uint64
}

// condOf returns the address of the list of the sync.Cond that a sudog waits in, 0 if no
// word of the stack leads to one.
func (d *Records) condOf(sudog uint64, slots []unwind.Slot) uint64 {
	im, f := d.Image, &d.Layout.Library.Cond
	if !f.Head.Has() || !f.Tail.Has() {
		return 0
	}
	for _, s := range slots {
		if list, ok := d.conds.of[sudog]; ok {
			return list
		}
		cond, ok := im.Mem.Word(s.Addr)
		if !ok || !im.InHeap(cond) {
			continue
		}
		head, _ := im.Mem.Word(cond + f.Head.Offset)
		tail, ok := im.Mem.Word(cond + f.Tail.Offset)
		if ok && d.isSudog(head) && d.isSudog(tail) {
			d.readCond(cond+f.List.Offset, head, tail)
		}
	}
	return d.conds.of[sudog]
}

// readCond notes the sudogs of a list, if that ends at its tail.
func (d *Records) readCond(list, head, tail uint64) {
	im, f := d.Image, &d.Layout.Sudog
	if d.conds.of == nil {
		d.conds.of = map[uint64]uint64{}
	}
	channel := f.C
	if f.CAddr.Has() {
		channel = f.CAddr
	}
	var members []uint64
	last := uint64(0)
	for at := head; at != 0; {
		b, ok := im.Mem.Slice(at, uint64(f.Size))
		if _, seen := d.conds.of[at]; seen || !ok || !d.isSudog(at) || channel.Uint(im.Arch, b) != 0 {
			return
		}
		d.conds.of[at] = 0
		members = append(members, at)
		last, at = at, f.Next.Uint(im.Arch, b)
	}
	if last != tail {
		return
	}
	for _, at := range members {
		d.conds.of[at] = list
	}
}
