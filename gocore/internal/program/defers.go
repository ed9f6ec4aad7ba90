package program

import (
	"encoding/binary"
	"sort"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/pclntab"
	"goheap/gocore/internal/unwind"
)

// Deferred is a call that a defer statement has put off, or several of one statement
// that follow each other.
type Deferred struct {
	Func  string // that is called, or where that is not known the wrapper around the call
	File  string // of the defer statement, "" for unknown
	Line  int
	Count int
}

// DeferredCalls returns the calls that are deferred in frames of a goroutine, by the
// index of the frame, those that will be made first in front. What has no record is
// where the compiler has put it, into the frame (open-coded defers).
func (d *Program) DeferredCalls(g *image.Goroutine, frames []unwind.Frame) map[int][]Deferred {
	out := map[int][]Deferred{}
	eachDeferred(d, g, frames, func(frame int, fn, pc uint64) {
		x, ok := deferredCall(d, fn, pc)
		if !ok {
			return
		}
		list := out[frame]
		if n := len(list); n > 0 && list[n-1].Func == x.Func && list[n-1].File == x.File && list[n-1].Line == x.Line && x.File != "" {
			list[n-1].Count++
			return
		}
		out[frame] = append(list, x)
	})
	return out
}

// deferredCall says what the call of a closure that was deferred at pc, 0 for unknown, is.
func deferredCall(d *Program, fn, pc uint64) (x Deferred, ok bool) {
	code, ok := d.Image.Mem.Word(fn)
	f, found := d.Function(code)
	if !ok || !found {
		return x, false
	}
	x = Deferred{Func: d.called(f), Count: 1}
	call := pclntab.InlinedCall{Name: f.Name(), ID: f.ID()}
	if caller, ok := d.Function(pc - 1); ok && pc != 0 {
		x.File, x.Line = caller.FileLine(pc - 1)
	} else if call.File, _ = f.FileLine(code); d.Wrapper(&call) {
		x.File, x.Line = f.FileLine(code) // those of the statement
	}
	return x, true
}

// DeferredClosure is a closure whose call a frame has deferred.
type DeferredClosure struct {
	Deferred
	Addr  uint64 // of the closure
	Frame int
}

// DeferredClosures returns those of all frames of a goroutine, in the order in which they
// will be called in each of them.
func DeferredClosures(d *Program, g *image.Goroutine, frames []unwind.Frame) (list []DeferredClosure) {
	eachDeferred(d, g, frames, func(frame int, fn, pc uint64) {
		if x, ok := deferredCall(d, fn, pc); ok {
			list = append(list, DeferredClosure{x, fn, frame})
		}
	})
	return list
}

// eachDeferred calls f with the closures that frames have deferred, and with where, 0 for
// unknown.
func eachDeferred(d *Program, g *image.Goroutine, frames []unwind.Frame, f func(frame int, fn, pc uint64)) {
	if d.Layout == nil {
		return
	}
	l, mem := &d.Layout.Defer, d.Image.Mem
	for i := range frames {
		d.openCoded(&frames[i], func(fn uint64) { f(i, fn, 0) })
	}
	record, ok := mem.Word(g.Addr + d.Layout.G.Defer.Offset)
	mark, steps, power := record, 0, 1 // Brent's search for a circle
	for ok && record != 0 {
		fn, ok1 := mem.Word(record + l.Fn.Offset)
		sp, ok2 := mem.Word(record + l.SP.Offset)
		pc, ok3 := mem.Word(record + l.PC.Offset)
		if !ok1 || !ok2 || !ok3 {
			break
		}
		frame := sort.Search(len(frames), func(i int) bool { return frames[i].FP > sp })
		if fn != 0 && frame < len(frames) && sp >= frames[frame].SP {
			f(frame, fn, pc)
		}
		if record, ok = mem.Word(record + l.Link.Offset); record == mark {
			break
		}
		if steps++; steps == power {
			mark, power, steps = record, 2*power, 0
		}
	}
}

// openCoded calls f with the closures that a frame has deferred without a record: a
// byte in the frame says which. From Go 1.22 on their words stand in a row
// (runtime/panic.go, initOpenCodedDefers), before each has an offset of its own
// (runOpenDeferFrame). A thread that was interrupted may be before what clears the
// byte.
func (d *Program) openCoded(fr *unwind.Frame, f func(fn uint64)) {
	if fr.Trap || fr.VarP <= fr.SP {
		return
	}
	b := fr.Func.FuncDataBytes(pclntab.FuncDataOpenCodedDeferInfo)
	next := func() (uint64, bool) {
		v, n := binary.Uvarint(b[:min(len(b), binary.MaxVarintLen64)])
		b = b[max(n, 0):]
		return v, n > 0 && v <= fr.VarP-fr.SP
	}
	at, ok := next()
	if !ok {
		return
	}
	bits, ok := d.Image.Mem.Slice(fr.VarP-at, 1)
	if !ok || bits[0] == 0 {
		return
	}
	closure := func(bit int, at uint64) {
		if fn, ok := d.Image.Mem.Word(at); ok && bits[0]>>bit&1 != 0 {
			f(fn)
		}
	}
	const most = 8
	if minor, ok := GoMinor(d.Exe.File.GoVersion); !ok || minor >= 22 {
		slots, ok := next()
		for i := most - 1; ok && i >= 0; i-- {
			closure(i, fr.VarP-slots+uint64(i*d.Image.Arch.PtrSize))
		}
		return
	}
	n, ok := next()
	for i := int(min(n, most)) - 1; ok && i >= 0; i-- {
		var off uint64
		if off, ok = next(); ok {
			closure(i, fr.VarP-off)
		}
	}
}
