package gocore

import (
	"fmt"
	"strings"

	"goheap/gocore/internal/image"
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
		f := Frame{Func: r.Name, PC: r.PC, SP: r.SP, Conservative: r.Partly}
		at := r.PC
		if i > 0 && at > r.Entry {
			at-- // a return address
		}
		calls := p.decoder.CallsAt(at)
		if len(calls) == 0 {
			out = append(out, f)
		}
		for _, call := range calls {
			f.Func, f.File, f.Line, f.Inlined = call.Name, call.File, call.Line, call.Inlined
			out = append(out, f)
		}
	}
	return out
}

// topOf names the function by which people know a goroutine: of the innermost frame
// that is of package main or of a module, which the path of its package tells, else
// that is not of the runtime.
func (p *stacks) topOf(gi int) string {
	outside := ""
	for _, r := range p.framesOf(gi) {
		pkg := program.PackageOf(r.Name)
		if first, _, _ := strings.Cut(pkg, "/"); pkg == "main" || strings.Contains(first, ".") {
			return r.Name
		}
		if outside == "" && pkg != "runtime" && !strings.HasPrefix(pkg, "runtime/") && !strings.HasPrefix(pkg, "internal/runtime/") {
			outside = r.Name
		}
	}
	return outside
}

// recordedWord names a word of such a frame.
func (p *stacks) recordedWord(gi int, pc *image.Piece) string {
	frames := p.framesOf(gi)
	if int(pc.Frame) >= len(frames) {
		return fmt.Sprintf("stack word %#x", pc.Slot)
	}
	f := &frames[pc.Frame]
	what := fmt.Sprintf("%s · stack +%#x", f.Name, pc.Slot-f.SP)
	if pc.Conservative {
		what += " (conservative)"
	}
	return what
}
