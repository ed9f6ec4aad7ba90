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

// signalContext is where the kernel's signal frame keeps registers.
type signalContext struct {
	ucontext uint64   // distance of the ucontext from the canonical frame address of sigtramp
	size     uint64   // bytes of ucontext up to the last register
	regs     []uint64 // offsets in ucontext of the integer registers, by DWARF number
	pc, sp   uint64   // offsets in ucontext
	bp, lr   uint64   // 0 where there is none
}

// signalContextOf knows linux (runtime/defs_linux_amd64.go).
//
// amd64: the kernel pushes {return address, ucontext, siginfo}; sigtramp is
// entered with the stack pointer at the return address.
func signalContextOf(goarch string) (signalContext, bool) {
	switch goarch {
	case "amd64":
		const gregs = 40 // ucontext.uc_mcontext
		c := signalContext{size: gregs + 17*8, bp: gregs + 10*8, sp: gregs + 15*8, pc: gregs + 16*8}
		// The kernel's order is r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx,
		// rsp, rip; DWARF's is rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8 to
		// r15, rip (System V ABI, AMD64 supplement, figure 3.36).
		for _, i := range [...]uint64{13, 12, 14, 11, 9, 8, 10, 15, 0, 1, 2, 3, 4, 5, 6, 7, 16} {
			c.regs = append(c.regs, gregs+i*8)
		}
		return c, true
	}
	return signalContext{}, false
}

// maxNested bounds how many signal frames are looked through.
const maxNested = 16

// interrupted returns the registers from before the signal that t is
// handling. The handler's frames lead down to sigtramp, the function that the
// kernel enters, whose caller is the kernel's signal frame. A signal can
// interrupt a handler on the same stack, as when the runtime kills itself from
// one: the registers from before the outermost count.
func (w *Walker) interrupted(t *Thread) (Registers, bool) {
	c, ok := signalContextOf(w.arch.Name)
	if !ok {
		return Registers{}, false
	}
	r := t.Registers
	var frames []Frame
	for range maxNested {
		s := State{PC: r.PC, SP: r.SP, LR: r.LR, BP: r.BP, StackLo: t.SignalLo, StackHi: t.SignalHi, Running: true}
		if _, _, isGo := w.find(s.PC); !isGo && inside(t.VDSOSP, r.SP, t.SignalHi) {
			s.PC, s.SP = t.VDSOPC, t.VDSOSP
		}
		// How the walk ends does not matter: until Go 1.20 sigtramp was not
		// marked as the outermost function.
		frames, _ = w.frames(s, frames[:0])
		i := 0
		for i < len(frames) && !frames[i].Func.NameIs("runtime.sigtramp") {
			i++
		}
		if i == len(frames) {
			return Registers{}, false
		}
		b, ok := w.mem.Slice(frames[i].FP+c.ucontext, c.size)
		if !ok {
			return Registers{}, false
		}
		above := frames[i].FP
		r = Registers{PC: w.arch.Word(b[c.pc:]), SP: w.arch.Word(b[c.sp:])}
		if c.bp != 0 {
			r.BP = w.arch.Word(b[c.bp:])
		}
		if c.lr != 0 {
			r.LR = w.arch.Word(b[c.lr:])
		}
		for _, off := range c.regs {
			r.All = append(r.All, w.arch.Word(b[off:]))
		}
		if !inside(r.SP, t.SignalLo, t.SignalHi) {
			return r, true
		}
		if r.SP < above {
			return Registers{}, false // a handler that is older has a higher stack pointer
		}
	}
	return Registers{}, false
}
