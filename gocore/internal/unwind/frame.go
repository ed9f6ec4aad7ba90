package unwind

import (
	"fmt"

	"goheap/gocore/internal/pclntab"
)

// A Frame is one physical stack frame: a function and those inlined into it.
type Frame struct {
	Func   pclntab.Func
	Module int32 // index in Config.Modules
	Index  int32 // in the list of frames, as slots have it

	// Conservative says that the frame has no exact map and each of its words
	// counts as a possible pointer.
	Conservative bool
	// Trap says that PC is an instruction that was interrupted, or that a
	// thread is about to execute, rather than a return address.
	Trap bool
	// BPKnown says that BP holds.
	BPKnown bool

	// PC is where the function continues; usually a return address.
	PC uint64
	// ContinPC is the pc whose stack map holds: PC, or after a fault the
	// function's deferreturn, or 0 when the function will never continue and
	// nothing in it is live.
	ContinPC uint64
	// SP is the stack pointer at PC.
	SP uint64
	// FP is the stack pointer in the caller before it called, which DWARF's
	// DW_OP_call_frame_cfa yields.
	FP uint64
	// VarP is the end of the local variables; 0 where the frame's size is
	// unknown.
	VarP uint64
	// ArgP is the address of the first stack argument.
	ArgP uint64
	// BP is the frame pointer register while the function runs.
	BP uint64

	// LR is the return address; 0 in the outermost frame.
	LR uint64
}

// CFA returns the canonical frame address as DWARF means it.
func (f *Frame) CFA() uint64 { return f.FP }

// LookupPC returns the address by which to look up source positions, inlining
// and location lists: within the call that the frame is in, rather than after
// it.
func (f *Frame) LookupPC() uint64 {
	if f.Trap || f.PC <= f.Func.Entry {
		return f.PC
	}
	return f.PC - 1
}

// An Error says that part of a stack could not be walked exactly.
type Error struct {
	PC, SP uint64 // where the walk was
	Func   string // the function there, empty when it is not one
	Reason string

	// [Lo, Hi) is the part of the stack that was not read because of it. It is
	// empty where only a frame was read less exactly than the collector would.
	Lo, Hi uint64
}

func (e *Error) Error() string {
	at := fmt.Sprintf("pc %#x", e.PC)
	if e.Func != "" {
		at = fmt.Sprintf("%s (pc %#x)", e.Func, e.PC)
	}
	if e.Lo == e.Hi {
		return fmt.Sprintf("unwind: %s, stack pointer %#x: %s", at, e.SP, e.Reason)
	}
	return fmt.Sprintf("unwind: %s, stack pointer %#x: %s; the %d bytes of stack from %#x to %#x are not walked",
		at, e.SP, e.Reason, e.Hi-e.Lo, e.Lo, e.Hi)
}

// site is what the tables say about one pc; it is the same in every stack.
type site struct {
	fn     pclntab.Func
	module int32
	spOK   bool
	delta  int32
	pcdata int32 // stack map index for a frame that continues at pc
}

// maxSites bounds the memory that remembered sites take.
const maxSites = 1 << 16

func (w *Walker) find(pc uint64) (pclntab.Func, int32, bool) {
	for i := range w.modules {
		if f, ok := w.modules[i].Table.Find(pc); ok {
			return f, int32(i), true
		}
	}
	return pclntab.Func{}, 0, false
}

func (w *Walker) site(pc uint64) (site, bool) {
	if s, ok := w.sites[pc]; ok {
		return s, s.fn.Valid()
	}
	var s site
	f, module, ok := w.find(pc)
	if ok {
		s = site{fn: f, module: module, pcdata: mapIndex(f, pc)}
		s.delta, s.spOK = f.SPDelta(pc)
	}
	if len(w.sites) >= maxSites {
		clear(w.sites)
	}
	w.sites[pc] = s
	return s, ok
}

// mapIndex returns which of the function's stack maps holds when it continues
// at pc. At the very entry, and in a prologue, that is the first; elsewhere
// it is the map of the call before pc (runtime/stkframe.go, getStackMap).
func mapIndex(f pclntab.Func, pc uint64) int32 {
	i := int32(-1)
	if pc != f.Entry {
		i = f.PCData(pclntab.PCDataStackMapIndex, pc-1)
	}
	if i == -1 {
		return 0
	}
	return i
}

// word reads one word, from the current stack if it is there.
func (w *Walker) word(addr uint64) (uint64, bool) {
	if off := addr - w.stackAt; addr >= w.stackAt && off+w.ptr <= uint64(len(w.stack)) && off+w.ptr > off {
		return w.arch.Word(w.stack[off:]), true
	}
	b, ok := w.mem.Slice(addr, w.ptr)
	if !ok || uint64(len(b)) < w.ptr {
		return 0, false
	}
	return w.arch.Word(b), true
}

func (w *Walker) isInjected(id uint8) bool {
	return id != 0 && (id == w.kinds.sigpanic || id == w.kinds.asyncPreempt || id == w.kinds.debugCall)
}

// open makes the stack's bytes ready for word.
func (w *Walker) open(s *State) {
	w.stack, w.stackAt = nil, 0
	if s.SP < s.StackHi && s.StackHi-s.SP <= maxStack {
		if b, ok := w.mem.Slice(s.SP, s.StackHi-s.SP); ok {
			w.stack, w.stackAt = b, s.SP
		}
	}
}

// frames appends the frames of the stack, innermost first, without reading
// any of their maps. The error is an *Error.
func (w *Walker) frames(s State, dst []Frame) ([]Frame, error) {
	w.open(&s)
	pc, sp, lr := s.PC, s.SP, s.LR
	fail := func(at uint64, fn string, reason string) error {
		lo := max(at, s.StackLo)
		if at == 0 || lo > s.StackHi {
			lo = s.StackLo
		}
		return &Error{PC: pc, SP: sp, Func: fn, Reason: reason, Lo: lo, Hi: s.StackHi}
	}
	if s.StackLo >= s.StackHi || s.StackHi-s.StackLo > maxStack {
		return dst, &Error{PC: pc, SP: sp, Reason: fmt.Sprintf("the stack [%#x,%#x) is of no possible size", s.StackLo, s.StackHi)}
	}
	usesLR := w.arch.LinkRegister
	if !usesLR {
		lr = 0
	}
	// A call of a nil function: start in its caller.
	if pc == 0 {
		p, ok := w.word(sp)
		if !ok {
			return dst, fail(sp, "", "the stack at the stack pointer is not in the dump")
		}
		pc = p
		if !usesLR {
			sp += w.ptr
		}
		lr = 0
	}
	if sp < s.StackLo || sp > s.StackHi {
		return dst, fail(0, "", fmt.Sprintf("the stack pointer is outside of the stack [%#x,%#x)", s.StackLo, s.StackHi))
	}

	// On arm64 the word above the locals is the frame pointer of another frame
	// than on amd64: of the caller's caller. There BP remains unknown.
	bp, bpKnown := s.BP, s.BP != 0
	if usesLR {
		bp, bpKnown = 0, false
	}
	trap := s.Running
	faulted := false // the callee was sigpanic
	innermost := true
	empty := 0 // frames in a row of no size
	for {
		st, ok := w.site(pc)
		if !ok {
			reason := "the return address is in no Go function"
			if innermost {
				reason = "the program counter is in no Go function"
			}
			return dst, fail(sp, "", reason)
		}
		f := Frame{
			Func: st.fn, Module: st.module, Index: int32(len(dst)), PC: pc, SP: sp, Trap: trap,
			BP: bp, BPKnown: bpKnown,
		}
		name := func() string { return st.fn.Name() }
		if !st.fn.HasSPDelta() {
			// Code of a foreign object, such as the race detector's: where its
			// frame ends nobody knows, and the runtime stops here, too.
			f.ContinPC = pc
			f.FP, f.ArgP = sp, sp
			f.Conservative = true
			dst = append(dst, f)
			return dst, fail(sp, name(), "the function has no table of frame sizes")
		}
		if !st.spOK {
			return dst, fail(sp, name(), "the table of frame sizes does not cover the program counter")
		}
		fp := sp + uint64(int64(st.delta))
		if !usesLR {
			fp += w.ptr
		}
		if st.delta < 0 || fp < sp || fp > s.StackHi {
			return dst, fail(sp, name(), fmt.Sprintf("a frame of %d bytes ends outside of the stack [%#x,%#x)", st.delta, s.StackLo, s.StackHi))
		}
		f.FP = fp
		f.ArgP = fp + uint64(w.arch.MinFrameSize)
		f.VarP = fp
		if !usesLR {
			f.VarP -= w.ptr
		}
		savesBP := f.VarP > sp && w.arch.SavesFrameBase
		if savesBP {
			f.VarP -= w.ptr
		}

		flags := st.fn.Flags()
		id := st.fn.ID()
		// cgocallback changes stacks, but keeps its frame valid on both. In a
		// system call the stack pointer was recorded before it was changed.
		if id != 0 && id == w.kinds.cgocallback || innermost && s.Syscall {
			flags &^= pclntab.SPWrite
		}
		spwrite := false
		switch {
		case flags&pclntab.TopFrame != 0:
			lr = 0
		case flags&pclntab.SPWrite != 0 && (!innermost || s.Running):
			// A goroutine that is not running and whose innermost function
			// writes to the stack pointer stopped itself on that function's
			// entry, before the write.
			lr = 0
			spwrite = true
		case usesLR:
			if innermost && sp < fp || lr == 0 {
				if lr, ok = w.word(sp); !ok {
					return dst, fail(sp, name(), "the return address is not in the dump")
				}
			}
		default:
			if lr, ok = w.word(fp - w.ptr); !ok {
				return dst, fail(sp, name(), fmt.Sprintf("the return address at %#x is not in the dump", fp-w.ptr))
			}
		}
		f.LR = lr
		f.ContinPC = pc
		if faulted {
			// The instruction that faulted will not continue. If a deferred
			// function recovers, the function goes on at its call of
			// deferreturn; one that defers nothing is over. The 1 makes it
			// look like a return address.
			f.ContinPC = 0
			if d := st.fn.DeferReturn(); d != 0 {
				f.ContinPC = st.fn.Entry + uint64(d) + 1
			}
		}
		dst = append(dst, f)
		if spwrite {
			return dst, fail(fp, name(), "the function sets the stack pointer in a way that its tables do not describe")
		}
		if lr == 0 {
			if s.StackTop != 0 && sp != s.StackTop {
				return dst, fail(fp, name(), fmt.Sprintf("the walk ended, but the outermost frame is at %#x (g.stktopsp)", s.StackTop))
			}
			return dst, nil
		}
		// Frames hold at least the return address where calls push one.
		// Elsewhere a function that was interrupted before it had a frame has
		// none, but never two in a row.
		if sp != fp {
			empty = 0
		} else if empty++; empty > 2 {
			return dst, fail(fp, name(), "the walk is going in circles")
		}

		// To the caller.
		if savesBP && !usesLR {
			bp, bpKnown = w.word(f.VarP)
		}
		if st.delta != 0 && flags&pclntab.Asm != 0 && !w.isInjected(id) {
			// Assembly may lay out its frame as it likes.
			bp, bpKnown = 0, false
		}
		// A stack that is copied to grow leaves the dead frames as they were.
		if f.ContinPC == 0 || bp != 0 && (bp < fp || bp > s.StackHi) {
			bp, bpKnown = 0, false
		}
		injected := w.isInjected(id)
		trap = injected
		faulted = id != 0 && id == w.kinds.sigpanic
		pc, lr, sp = lr, 0, fp
		innermost = false
		if usesLR && injected {
			// The signal handler that made up the call saved the link register
			// in a small frame of its own (sigctxt.pushCall).
			x, ok := w.word(sp)
			if !ok {
				return dst, fail(sp, "", "the link register saved with an injected call is not in the dump")
			}
			sp += alignUp(uint64(w.arch.MinFrameSize), w.stackAlign)
			if st, ok := w.site(pc); !ok {
				pc = x
			} else if st.spOK && st.delta == 0 {
				lr = x
			}
		}
	}
}

// Elision is which of n calls are left out where there may be most.
func Elision(n, most int) (from, to int) {
	if most < 0 || n <= most {
		return n, n
	}
	return (most + 1) / 2, n - most/2
}
