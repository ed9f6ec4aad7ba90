package gocore

import (
	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/program"
)

// What is known of a stack that is not walked: the frames that the heap dump has.

// recordedFrames is Frames for such a stack. With an executable, lines and inlined
// calls are known.
func (p *stacks) recordedFrames(gi int) []Frame {
	var out []Frame
	for i, r := range frames.Recorded(p.im, gi) {
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
