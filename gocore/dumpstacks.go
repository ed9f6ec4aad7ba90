package gocore

import (
	"fmt"

	"goheap/gocore/internal/unwind"
)

// stackScratch is reused from one stack to the next.
type stackScratch struct {
	frames []unwind.Frame
	slots  []unwind.Slot
}

// walkStack walks the stack of g as the collector does and adds the words that it
// follows. It fails, with what is wrong and nothing added, without the executable,
// and where the walk and the frames in the dump differ.
func (d *dumpDecoder) walkStack(g *goroutine, s *stackScratch) (why string) {
	im := d.im
	if im.walker == nil {
		return "no executable"
	}
	b, ok := im.mem.Slice(g.addr, uint64(d.layout.G.Size))
	if !ok {
		return fmt.Sprintf("its runtime.g at %#x is not in the dump", g.addr)
	}
	f, a := &d.layout.G, im.arch
	g.parent, g.startPC = f.ParentGoid.Uint(a, b), f.Startpc.Uint(a, b)
	g.stackLo, g.stackHi = f.StackLo.Uint(a, b), f.StackHi.Uint(a, b)
	if id := f.Goid.Uint(a, b); id != g.id {
		return fmt.Sprintf("its runtime.g at %#x has the number %d", g.addr, id)
	}
	from := unwind.G{
		StackLo: g.stackLo, StackHi: g.stackHi, StackTop: f.Stktopsp.Uint(a, b),
		SchedPC: f.SchedPC.Uint(a, b), SchedSP: f.SchedSP.Uint(a, b), SchedLR: f.SchedLR.Uint(a, b), SchedBP: f.SchedBP.Uint(a, b),
		SyscallPC: f.Syscallpc.Uint(a, b), SyscallSP: f.Syscallsp.Uint(a, b), SyscallBP: f.Syscallbp.Uint(a, b),
		Ctxt: g.addr + f.SchedCtxt.Offset, Defer: g.addr + f.Defer.Offset, Panic: g.addr + f.Panic.Offset,
	}
	state, err := im.walker.Start(&from, nil)
	if err == nil {
		s.frames, s.slots, err = im.walker.Walk(state, s.frames[:0], s.slots[:0])
	}
	if err != nil {
		return err.Error()
	}
	if why := d.compareFrames(g, s.frames); why != "" {
		return why
	}
	g.state, g.topPC = state, d.topPC(s.frames)
	for _, slot := range s.slots {
		if p, ok := im.mem.Word(slot.Addr); ok && im.inHeap(p) {
			im.pieces = append(im.pieces, piece{slot: slot.Addr, value: p, frame: slot.Frame, register: -1, conservative: slot.Conservative})
		}
	}
	return ""
}

// compareFrames says where the frames of a walk are not those in the dump, ""
// where they are.
func (d *dumpDecoder) compareFrames(g *goroutine, frames []unwind.Frame) string {
	recorded := d.frames[g.firstFrame : g.firstFrame+g.frames]
	for i := range min(len(frames), len(recorded)) {
		f, r := &frames[i], &recorded[i]
		if f.PC != r.pc || f.SP != r.sp || f.FP != r.fp || f.Func.Entry != r.entry {
			return fmt.Sprintf("frame %d is at pc %#x, stack %#x to %#x by the executable, at pc %#x, stack %#x to %#x in the dump", i, f.PC, f.SP, f.FP, r.pc, r.sp, r.fp)
		}
	}
	if len(frames) != len(recorded) {
		return fmt.Sprintf("it has %d frames by the executable, %d in the dump", len(frames), len(recorded))
	}
	return ""
}
