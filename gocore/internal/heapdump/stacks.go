package heapdump

import (
	"fmt"

	"goheap/gocore/internal/image"
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
func (d *decoder) walkStack(g *image.Goroutine, s *stackScratch) (why string) {
	im := d.Image
	if im.Walker == nil {
		return "no executable"
	}
	b, ok := im.Mem.Slice(g.Addr, uint64(d.Layout.G.Size))
	if !ok {
		return fmt.Sprintf("its runtime.g at %#x is not in the dump", g.Addr)
	}
	f, a := &d.Layout.G, im.Arch
	g.Parent, g.StartPC = f.ParentGoid.Uint(a, b), f.Startpc.Uint(a, b)
	g.StackLo, g.StackHi = f.StackLo.Uint(a, b), f.StackHi.Uint(a, b)
	g.Locked = f.Lockedm.Uint(a, b) != 0
	if id := f.Goid.Uint(a, b); id != g.ID {
		return fmt.Sprintf("its runtime.g at %#x has the number %d", g.Addr, id)
	}
	from := unwind.G{
		StackLo: g.StackLo, StackHi: g.StackHi, StackTop: f.Stktopsp.Uint(a, b),
		SchedPC: f.SchedPC.Uint(a, b), SchedSP: f.SchedSP.Uint(a, b), SchedLR: f.SchedLR.Uint(a, b), SchedBP: f.SchedBP.Uint(a, b),
		SyscallPC: f.Syscallpc.Uint(a, b), SyscallSP: f.Syscallsp.Uint(a, b), SyscallBP: f.Syscallbp.Uint(a, b),
		Ctxt: g.Addr + f.SchedCtxt.Offset, Defer: g.Addr + f.Defer.Offset, Panic: g.Addr + f.Panic.Offset,
	}
	state, err := im.Walker.Start(&from, nil)
	if err == nil {
		s.frames, s.slots, err = im.Walker.Walk(state, s.frames[:0], s.slots[:0])
	}
	if err != nil {
		return err.Error()
	}
	if why := d.compareFrames(g, s.frames); why != "" {
		return why
	}
	g.State, g.Func, g.Waiting = state, d.FuncOf(s.frames), f.Waiting.Uint(a, b)
	for _, slot := range s.slots {
		if p, ok := im.Mem.Word(slot.Addr); ok && im.InHeap(p) {
			im.Pieces = append(im.Pieces, image.Piece{Slot: slot.Addr, Value: p, Frame: slot.Frame, Register: -1, Conservative: slot.Conservative})
		}
	}
	return ""
}

// compareFrames says where the frames of a walk are not those in the dump, ""
// where they are.
func (d *decoder) compareFrames(g *image.Goroutine, frames []unwind.Frame) string {
	recorded := d.frames[g.FirstFrame : g.FirstFrame+g.Frames]
	for i := range min(len(frames), len(recorded)) {
		f, r := &frames[i], &recorded[i]
		if f.PC != r.PC || f.SP != r.SP || f.FP != r.FP || f.Func.Entry != r.Entry {
			return fmt.Sprintf("frame %d is at pc %#x, stack %#x to %#x by the executable, at pc %#x, stack %#x to %#x in the dump", i, f.PC, f.SP, f.FP, r.PC, r.SP, r.FP)
		}
	}
	if len(frames) != len(recorded) {
		return fmt.Sprintf("it has %d frames by the executable, %d in the dump", len(frames), len(recorded))
	}
	return ""
}
