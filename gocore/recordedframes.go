package gocore

import (
	"fmt"
	"strings"
)

// What is known of a stack that is not walked: the frames that the heap dump has.

// framesOf returns the frames of a goroutine that the dump has, innermost first.
func (p *Process) framesOf(gi int) []dumpFrame {
	g := &p.im.goroutines[gi]
	return p.im.frames[g.firstFrame : g.firstFrame+g.frames]
}

// recordedFrames is Frames for such a stack. With an executable, lines and inlined
// calls are known.
func (p *Process) recordedFrames(gi int) []Frame {
	var out []Frame
	for i, r := range p.framesOf(gi) {
		f := Frame{Func: r.name, PC: r.pc, SP: r.sp, Conservative: r.partly}
		at := r.pc
		if i > 0 && at > r.entry {
			at-- // a return address
		}
		calls := p.callsAt(at)
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
func (p *Process) topOf(gi int) string {
	outside := ""
	for _, r := range p.framesOf(gi) {
		pkg := packageOf(r.name)
		if first, _, _ := strings.Cut(pkg, "/"); pkg == "main" || strings.Contains(first, ".") {
			return r.name
		}
		if outside == "" && pkg != "runtime" && !strings.HasPrefix(pkg, "runtime/") && !strings.HasPrefix(pkg, "internal/runtime/") {
			outside = r.name
		}
	}
	return outside
}

// recordedWord names a word of such a frame.
func (p *Process) recordedWord(gi int, pc *piece) string {
	frames := p.framesOf(gi)
	if int(pc.frame) >= len(frames) {
		return fmt.Sprintf("stack word %#x", pc.slot)
	}
	f := &frames[pc.frame]
	what := fmt.Sprintf("%s · stack +%#x", f.name, pc.slot-f.sp)
	if pc.conservative {
		what += " (conservative)"
	}
	return what
}
