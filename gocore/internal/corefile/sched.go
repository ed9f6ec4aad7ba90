package corefile

import (
	"context"
	"slices"
	"strings"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/program"
)

// readSched finds the records of threads and processors. Lists that are damaged give what
// there is of them: who reads counters or stacks tells of it.
func (d *decoder) readSched(ctx context.Context) error {
	im := d.Image
	add := func(addr uint64) { im.Records.Sched = append(im.Records.Sched, addr) }
	if _, err := d.eachThread(ctx, func(addr uint64, m []byte) {
		add(addr)
		for _, f := range []*layout.Field{&d.Layout.M.G0, &d.Layout.M.Gsignal} {
			if g, ok := im.Mem.Slice(f.Uint(im.Arch, m), uint64(d.Layout.G.Size)); ok {
				lo, hi := d.Layout.G.StackLo.Uint(im.Arch, g), d.Layout.G.StackHi.Uint(im.Arch, g)
				if lo < hi {
					d.systemStacks = append(d.systemStacks, dump.Range{Start: lo, End: hi})
				}
			}
		}
	}); err != nil {
		return err
	}
	var heaps []timerHeap
	if allp, err := d.Global("runtime.allp"); err == nil {
		w := uint64(im.Arch.PtrSize)
		array, _ := im.Mem.Word(allp)
		n, _ := im.Mem.Word(allp + w)
		list, _ := im.Mem.Items(array, n, w, maxList)
		for i := range uint64(len(list)) / w {
			p := im.Arch.Word(list[i*w:])
			add(p)
			d.processors = append(d.processors, p)
			heaps = append(heaps, d.timersOf(p))
		}
	}
	return d.readTimers(ctx, heaps)
}

// listEnd is where a list ends: at 0 if it is sound.
type listEnd struct {
	addr             uint64
	repeated, absent bool // what stands there was in the list before, or is not in the core
}

// eachThread calls f with each runtime.m of the list of all, and its bytes.
func (d *decoder) eachThread(ctx context.Context, f func(addr uint64, m []byte)) (end listEnd, err error) {
	im, rt := d.Image, d.Layout
	list, err := d.Global("runtime.allm")
	if err != nil {
		return listEnd{}, nil
	}
	addr, ok := im.Mem.Word(list)
	seen := map[uint64]bool{}
	for ok && addr != 0 && !seen[addr] {
		if err := program.Look(ctx, len(seen)); err != nil {
			return listEnd{}, err
		}
		seen[addr] = true
		var m []byte
		if m, ok = im.Mem.Slice(addr, uint64(rt.M.Size)); ok {
			f(addr, m)
			addr = rt.M.Alllink.Uint(im.Arch, m)
		}
	}
	return listEnd{addr, ok && addr != 0, !ok}, nil
}

// timerHeap are the timers of a processor: an array of elements that start with the
// address of one.
type timerHeap struct {
	addr, elem uint64
	elements   []byte
}

func (d *decoder) timersOf(p uint64) timerHeap {
	im, rt := d.Image, d.Layout
	w := uint64(im.Arch.PtrSize)
	h, at := timerHeap{elem: w}, p+rt.P.Timers.Offset
	if rt.P.TimersHeap.Has() {
		h.elem, at = uint64(rt.TimerWhen.Size), p+rt.P.TimersHeap.Offset
	}
	h.addr, _ = im.Mem.Word(at)
	n, _ := im.Mem.Word(at + w)
	h.elements, _ = im.Mem.Items(h.addr, n, h.elem, maxList)
	return h
}

// readTimers makes a root of all timers that run one function. The runtime's own are
// none: they wake a goroutine that sleeps, or whoever waits for a connection, and who
// waits holds them.
func (d *decoder) readTimers(ctx context.Context, heaps []timerHeap) error {
	im := d.Image
	pieces := map[string][]image.Piece{}
	var names []string
	seen := map[uint64]bool{}
	for _, h := range heaps {
		for off := uint64(0); off+h.elem <= uint64(len(h.elements)); off += h.elem {
			if err := program.Look(ctx, int(off/h.elem)); err != nil {
				return err
			}
			timer := im.Arch.Word(h.elements[off:])
			if !im.InHeap(timer) || seen[timer] {
				continue
			}
			seen[timer] = true
			im.Records.Timers = append(im.Records.Timers, timer)
			name := d.timerName(timer)
			if name == "" {
				continue
			}
			if pieces[name] == nil {
				names = append(names, name)
			}
			pieces[name] = append(pieces[name], image.Piece{Slot: h.addr + off, Value: timer, Frame: -1, Register: -1})
		}
	}
	slices.Sort(names)
	for _, name := range names {
		im.AddRoot(image.Root{Kind: image.TimerRoot, Name: name, Goroutine: -1})
		im.Pieces = append(im.Pieces, pieces[name]...)
		im.EndRoot()
	}
	return nil
}

// timerName says what the timer at addr does when its time comes, "" if that is the
// runtime's affair. A channel gets the time from time.sendTime, and a function that
// time.AfterFunc was given is called by time.goFunc (time/sleep.go).
func (d *decoder) timerName(addr uint64) string {
	im, t := d.Image, &d.Layout.Library.RuntimeTimer
	if !t.F.Has() {
		return ""
	}
	w := uint64(im.Arch.PtrSize)
	closure, _ := im.Mem.Word(addr + t.F.Offset)
	f := d.closureName(closure)
	switch {
	case f == "time.sendTime":
		return image.ChannelTimers
	case f == "time.goFunc":
		// The argument is a func in an interface, which holds its closure itself.
		closure, _ := im.Mem.Word(addr + t.Arg.Offset + w)
		if f = d.closureName(closure); f == "" {
			f = "time.goFunc"
		}
	case f == "", strings.HasPrefix(f, "runtime."), strings.HasPrefix(f, "internal/poll."):
		return ""
	}
	return "timers that run " + f
}

// closureName returns the name of the function that a closure is of, "" for none.
func (d *decoder) closureName(closure uint64) string {
	entry, ok := d.Image.Mem.Word(closure)
	if !ok || closure == 0 {
		return ""
	}
	f, ok := d.Function(entry)
	if !ok || f.Entry != entry {
		return ""
	}
	return f.Name()
}
