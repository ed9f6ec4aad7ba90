package gocore

import (
	"fmt"

	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/program"
)

// What is known of a stack that is not walked: the frames that the heap dump has.

// framesOf returns the frames of a goroutine that the dump has, innermost first.
func (p *stacks) framesOf(gi int) []image.Frame {
	g := &p.im.Goroutines[gi]
	return p.im.Frames[g.FirstFrame : g.FirstFrame+g.Frames]
}

// recordedFrames is Frames for such a stack. With an executable, lines and inlined
// calls are known.
func (p *stacks) recordedFrames(gi int) []Frame {
	var out []Frame
	for i, r := range p.framesOf(gi) {
		f := Frame{Func: program.WithoutShapes(r.Name), PC: r.PC, SP: r.SP, Conservative: r.Partly}
		calls := p.decoder.CallsAt(r.LookupPC(i > 0))
		if len(calls) == 0 {
			out = append(out, f)
		}
		for _, call := range calls {
			f.Func, f.File, f.Line, f.Inlined = program.WithoutShapes(call.Name), call.File, call.Line, call.Inlined
			out = append(out, f)
		}
	}
	return out
}

// recordedWord names such a frame and a word of it.
func (p *stacks) recordedWord(gi int, pc *image.Piece) (frame, name string) {
	list := p.framesOf(gi)
	if int(pc.Frame) >= len(list) {
		return "", fmt.Sprintf("%s%#x", notation.StackWord, pc.Slot)
	}
	return image.FrameName(list, int(pc.Frame)), frames.StackSlot(pc, list[pc.Frame].SP)
}
