package program

import (
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/unwind"
)

// ReadWaits finds the runtime.sudogs of a goroutine that is about to be appended: those
// of the list of what it waits for, and those on its stack. Waits for a semaphore, which
// are those of package sync, are not in the list until Go 1.25 (runtime/sema.go,
// semacquire1).
func (d *Records) ReadWaits(g *image.Goroutine, slots []unwind.Slot) {
	im, f := d.Image, &d.Layout.Sudog
	add := func(addr uint64) (link uint64) {
		b, ok := im.Mem.Slice(addr, uint64(f.Size))
		if !ok || f.G.Uint(im.Arch, b) != g.Addr {
			return 0
		}
		channel, elem := f.C, f.Elem
		if f.CAddr.Has() {
			channel, elem = f.CAddr, f.ElemAddr
		}
		w := image.Wait{Addr: addr, Goroutine: int32(len(im.Goroutines)), Chan: channel.Uint(im.Arch, b), Elem: elem.Uint(im.Arch, b)}
		if w.Chan == 0 && w.Elem == 0 {
			w.Elem = d.condOf(addr, slots)
		}
		im.Records.Waits = append(im.Records.Waits, w)
		return f.Waitlink.Uint(im.Arch, b)
	}
	if g.Waiting != 0 {
		// A select waits for 65,536 channels at most (runtime/select.go, selectgo). A
		// damaged list may lead back: Brent's search for a circle.
		mark, power, steps := g.Waiting, 1, 0
		for addr, n := g.Waiting, 0; addr != 0 && n < 1<<16; n++ {
			if addr = add(addr); addr == mark {
				return
			}
			if steps++; steps == power {
				mark, power, steps = addr, 2*power, 0
			}
		}
		return
	}
	for _, s := range slots {
		if p, ok := im.Mem.Word(s.Addr); ok && g.Status == image.GWaiting && d.isSudog(p) {
			add(p)
		}
	}
}

// isSudog reports whether addr is that of a slot of the size of a runtime.sudog.
func (d *Records) isSudog(addr uint64) bool {
	if !d.Image.InHeap(addr) {
		return false
	}
	e := d.Image.ExtentAt(addr)
	size := uint64(d.Layout.Sudog.Size)
	return e != nil && (addr-e.Base)%e.Elem == 0 && e.Elem >= size && e.Elem < size+size/2
}
