package program

import (
	"context"
	"slices"
	"strings"

	"goheap/gocore/internal/image"
)

// MaxList bounds the lists of goroutines and of spans: of the smallest ones, so many
// take 128 GB of stacks, or 512 GB of heap.
const MaxList = 1 << 26

// Records reads where the runtime keeps account of threads, processors, timers and waits.
type Records struct {
	*Program
	conds condLists
}

// Processors returns the addresses of the runtime.p. A list that is damaged gives what
// there is of it.
func (d *Records) Processors() (all []uint64) {
	allp, err := d.Global("runtime.allp")
	if err != nil {
		return nil
	}
	mem, w := d.Image.Mem, uint64(d.Image.Arch.PtrSize)
	array, _ := mem.Word(allp)
	n, _ := mem.Word(allp + w)
	list, _ := mem.Items(array, n, w, MaxList)
	for i := range uint64(len(list)) / w {
		all = append(all, d.Image.Arch.Word(list[i*w:]))
	}
	return all
}

// ListEnd is where a list ends: at 0 if it is sound.
type ListEnd struct {
	Addr             uint64
	Repeated, Absent bool // what stands there was in the list before, or is not in the core
}

// EachThread calls f with each runtime.m of the list of all, and its bytes.
func (d *Records) EachThread(ctx context.Context, f func(addr uint64, m []byte)) (end ListEnd, err error) {
	im, rt := d.Image, d.Layout
	list, err := d.Global("runtime.allm")
	if err != nil {
		return ListEnd{}, nil
	}
	addr, ok := im.Mem.Word(list)
	seen := map[uint64]bool{}
	for ok && addr != 0 && !seen[addr] {
		if err := Look(ctx, len(seen)); err != nil {
			return ListEnd{}, err
		}
		seen[addr] = true
		var m []byte
		if m, ok = im.Mem.Slice(addr, uint64(rt.M.Size)); ok {
			f(addr, m)
			addr = rt.M.Alllink.Uint(im.Arch, m)
		}
	}
	return ListEnd{addr, ok && addr != 0, !ok}, nil
}

// timerHeap are the timers of a processor: an array of elements that start with the
// address of one.
type timerHeap struct {
	addr, elem uint64
	elements   []byte
}

func (d *Records) timersOf(p uint64) timerHeap {
	im, rt := d.Image, d.Layout
	w := uint64(im.Arch.PtrSize)
	h, at := timerHeap{elem: w}, p+rt.P.Timers.Offset
	if rt.P.TimersHeap.Has() {
		h.elem, at = uint64(rt.TimerWhen.Size), p+rt.P.TimersHeap.Offset
	}
	h.addr, _ = im.Mem.Word(at)
	n, _ := im.Mem.Word(at + w)
	h.elements, _ = im.Mem.Items(h.addr, n, h.elem, MaxList)
	return h
}

// ReadTimers makes a root of all timers of the given processors that run one function. The runtime's own are
// none: they wake a goroutine that sleeps, or whoever waits for a connection, and who
// waits holds them.
func (d *Records) ReadTimers(ctx context.Context, processors []uint64) error {
	im := d.Image
	pieces := map[string][]image.Piece{}
	var names []string
	seen := map[uint64]bool{}
	for _, p := range processors {
		h := d.timersOf(p)
		for off := uint64(0); off+h.elem <= uint64(len(h.elements)); off += h.elem {
			if err := Look(ctx, int(off/h.elem)); err != nil {
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
func (d *Records) timerName(addr uint64) string {
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
func (d *Records) closureName(closure uint64) string {
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
