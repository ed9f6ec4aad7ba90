package unwind

import (
	"errors"
	"fmt"
)

// A Range is the memory [Addr, Addr+Size).
type Range struct{ Addr, Size uint64 }

// A State is where the walk of one goroutine starts. Start makes one of what
// the runtime and the threads say.
type State struct {
	PC, SP uint64
	// LR is the link register, on processors that have one.
	LR uint64
	// BP is the frame pointer register; 0 when it is not known.
	BP uint64

	// [StackLo, StackHi) is g.stack.
	StackLo, StackHi uint64
	// StackTop is g.stktopsp, the stack pointer of the outermost frame: a walk
	// that ends elsewhere is reported as incomplete. 0 is not checked.
	StackTop uint64

	// Addresses of g.sched.ctxt, g._defer and g._panic; 0 for those not to be
	// read.
	Ctxt, Defer, Panic uint64

	// Syscall says that PC and SP are g.syscallpc and g.syscallsp: they were
	// recorded on entry, so that what the function does to its stack pointer
	// afterwards does not matter.
	Syscall bool

	// Running says that PC, SP and BP are the registers of a thread in the
	// middle of the goroutine's code, and Registers holds all of its integer
	// registers by their numbers in DWARF.
	//
	// Stack maps say what is live at calls only. The collector therefore never
	// scans such a goroutine; it makes it stop first. Here the innermost frame
	// is read as the collector reads a frame that it interrupted between calls
	// (scanframeworker, below asyncPreempt): every word of its locals,
	// outgoing arguments and own arguments may be a pointer, and so may every
	// register. This holds even when PC follows a call instruction, because
	// the results of that call are still in registers. All older frames did
	// stop in a call, and have exact maps.
	Running   bool
	Registers []uint64

	// Blocks are words outside the stack that are scanned conservatively:
	// g.xRegs.state.regs when g.asyncSafePoint is set (Go 1.27; earlier
	// releases do not scan it).
	Blocks []Range
}

// A G holds the fields of runtime.g that Start decides by.
type G struct {
	StackLo, StackHi uint64 // stack
	StackTop         uint64 // stktopsp

	SchedPC, SchedSP, SchedLR, SchedBP uint64 // sched
	SyscallPC, SyscallSP, SyscallBP    uint64

	Ctxt, Defer, Panic uint64 // addresses of sched.ctxt, _defer and _panic
	// Running says that the status is running: then sched is out of date unless
	// the thread is on another stack, and without a thread nothing is known.
	Running bool

	// ExtendedRegs is g.xRegs.state.regs where it is to be scanned, see
	// State.Blocks.
	ExtendedRegs Range
}

// Registers are those of a thread, or those that a signal handler saved.
type Registers struct {
	PC, SP, BP, LR uint64
	// All holds every integer register that can hold a pointer, the ones
	// above included, in the order of their numbers in DWARF.
	All []uint64
}

// A Thread is the operating system thread that executes a goroutine in status
// running.
type Thread struct {
	Registers Registers
	// [SignalLo, SignalHi) is m.gsignal.stack, zero without one.
	SignalLo, SignalHi uint64
	// VDSOPC and VDSOSP are m.vdsoPC and m.vdsoSP: not zero while the thread
	// is in the kernel's vDSO on behalf of the caller they describe.
	VDSOPC, VDSOSP uint64
}

// Start decides where the walk of g begins. t is the thread that executes g,
// nil when g is not running.
//
// A goroutine that is not running was left at a call, and the runtime saved
// the place (runtime/traceback.go, initAt). A running one is where its thread
// is, unless the thread has changed to another stack:
//   - in a signal handler, the registers from before the signal count, which
//     the kernel saved on the signal stack;
//   - in the vDSO, the caller's place is in m.vdsoPC and m.vdsoSP;
//   - on the scheduler's stack (systemstack, mcall, morestack, asmcgocall),
//     the switch saved the place in g.sched.
//
// An error says that the place is not known. The state then has no PC or SP, so
// that Walk reports all of the stack as lost.
func (w *Walker) Start(g *G, t *Thread) (State, error) {
	s := State{
		StackLo: g.StackLo, StackHi: g.StackHi, StackTop: g.StackTop,
		Ctxt: g.Ctxt, Defer: g.Defer, Panic: g.Panic,
	}
	if g.ExtendedRegs.Size != 0 {
		s.Blocks = []Range{g.ExtendedRegs}
	}
	saved := func() State {
		s.PC, s.SP, s.LR, s.BP = g.SchedPC, g.SchedSP, g.SchedLR, g.SchedBP
		return s
	}
	if g.SyscallSP != 0 {
		s.PC, s.SP, s.BP, s.Syscall = g.SyscallPC, g.SyscallSP, g.SyscallBP, true
		return s, nil
	}
	if t == nil {
		if g.Running {
			return s, errors.New("unwind: the goroutine is running, but its thread is not in the dump")
		}
		return saved(), nil
	}
	r := t.Registers
	if inside(r.SP, t.SignalLo, t.SignalHi) {
		var ok bool
		if r, ok = w.interrupted(t); !ok {
			return s, fmt.Errorf("unwind: the thread with stack pointer %#x is on its signal stack [%#x,%#x), but the registers that the signal handler saved were not found there",
				t.Registers.SP, t.SignalLo, t.SignalHi)
		}
	}
	// The vDSO's caller also counts when the vDSO code runs on the
	// goroutine's own stack: there is no other way through foreign code.
	if t.VDSOSP != 0 && inside(t.VDSOSP, g.StackLo, g.StackHi) {
		if _, _, isGo := w.find(r.PC); !isGo || !inside(r.SP, g.StackLo, g.StackHi) {
			s.PC, s.SP = t.VDSOPC, t.VDSOSP
			return s, nil
		}
	}
	if !inside(r.SP, g.StackLo, g.StackHi) {
		if _, _, isGo := w.find(r.PC); !isGo && t.VDSOSP != 0 && inside(t.VDSOSP, t.SignalLo, t.SignalHi) {
			// The handler of a signal that came in the vDSO called the vDSO
			// itself, and m has only the last caller.
			return s, fmt.Errorf("unwind: the thread was interrupted at pc %#x outside of Go code, and who called there is not known", r.PC)
		}
		return saved(), nil
	}
	s.PC, s.SP, s.LR, s.BP = r.PC, r.SP, r.LR, r.BP
	s.Running, s.Registers = true, r.All
	return s, nil
}

func inside(p, lo, hi uint64) bool { return p >= lo && p < hi }
