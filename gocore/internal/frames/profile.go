package frames

import (
	"strings"

	"goheap/gocore/internal/program"
	"goheap/gocore/profile"
)

// Profile returns where the goroutines of the program stand, as its goroutine profile has
// them: without those of the runtime, and each stack as deep as the program's profiles are.
// A file that tells calls by their names alone gives none.
func Profile(p *Reader) (out []profile.Stack) {
	depth := program.GoroutineDepth(p.program)
	for gi := range p.image.Goroutines {
		stack := profile.Stack{Goroutine: gi}
		users := false // some function is not the runtime's
		frames, _ := p.Walk(gi)
		for i := range frames {
			calls := p.program.CallsAt(frames[i].LookupPC())
			for k := range calls {
				c := &calls[k]
				users = users || !strings.HasPrefix(c.Name, "runtime.")
				if len(stack.Frames) < depth && !p.program.Wrapper(c) {
					stack.Frames = append(stack.Frames, profile.Frame{PC: c.PC + 1, Func: c.Name, File: c.File, Line: c.Line})
				}
			}
		}
		if len(frames) == 0 || p.system(gi, users) {
			continue
		}
		out = append(out, stack)
	}
	return out
}

// system reports whether a goroutine is the runtime's own (runtime/traceback.go,
// isSystemGoroutine): it was started with a function of the runtime's, but for the first
// one, those of coroutines, and those that run finalizers and cleanups while they are in
// one.
func (p *Reader) system(gi int, users bool) bool {
	f, ok := p.program.Function(p.image.Goroutines[gi].StartPC)
	if !ok {
		return false
	}
	switch name := f.Name(); name {
	case "runtime.main", "runtime.corostart", "runtime.handleAsyncEvent":
		return false
	case "runtime.runfinq", "runtime.runFinalizers", "runtime.runCleanups":
		return !users
	default:
		return strings.HasPrefix(name, "runtime.")
	}
}
