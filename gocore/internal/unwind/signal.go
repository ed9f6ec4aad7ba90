package unwind

// signalContext is where the kernel's signal frame keeps registers.
type signalContext struct {
	ucontext uint64   // distance of the ucontext from the canonical frame address of sigtramp
	moved    uint64   // how much of that are bytes that sigtramp itself moves the stack pointer by
	size     uint64   // bytes of ucontext up to the last register
	regs     []uint64 // offsets in ucontext of the integer registers, by DWARF number
	pc, sp   uint64   // offsets in ucontext
	bp, lr   uint64   // 0 where there is none
}

// signalContextOf knows linux: the frame that arch/*/kernel/signal.c sets up, and
// struct ucontext as in runtime/defs_linux_*.go (Go 1.27).
func signalContextOf(goarch string) (signalContext, bool) {
	upTo := func(first, n, size uint64) []uint64 {
		offsets := make([]uint64, n)
		for i := range offsets {
			offsets[i] = first + uint64(i)*size
		}
		return offsets
	}
	switch goarch {
	case "amd64":
		// The kernel pushes {return address, ucontext, siginfo}; sigtramp is
		// entered with the stack pointer at the return address.
		const gregs = 40 // ucontext.uc_mcontext
		c := signalContext{size: gregs + 17*8, bp: gregs + 10*8, sp: gregs + 15*8, pc: gregs + 16*8}
		// The kernel's order is r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx,
		// rsp, rip; DWARF's is rax, rdx, rcx, rbx, rsi, rdi, rbp, rsp, r8 to
		// r15, rip (System V ABI, AMD64 supplement, figure 3.36).
		for _, i := range [...]uint64{13, 12, 14, 11, 9, 8, 10, 15, 0, 1, 2, 3, 4, 5, 6, 7, 16} {
			c.regs = append(c.regs, gregs+i*8)
		}
		return c, true
	case "386":
		// The kernel pushes {return address, the handler's three arguments,
		// siginfo, ucontext}. Its order is edi, esi, ebp, esp, ebx, edx, ecx, eax,
		// two words about the trap, and eip; DWARF's is eax, ecx, edx, ebx, esp,
		// ebp, esi, edi, eip (System V ABI, i386 supplement, table 2.14).
		const edi = 36 // ucontext.uc_mcontext.edi
		c := signalContext{ucontext: 3*4 + siginfo, size: edi + 11*4, sp: edi + 3*4, pc: edi + 10*4}
		for _, i := range [...]uint64{7, 6, 5, 4, 3, 2, 1, 0, 10} {
			c.regs = append(c.regs, edi+i*4)
		}
		return c, true
	case "arm64":
		// The stack pointer is at {siginfo, ucontext}. Of the registers come
		// first x0 to x30, then sp and pc.
		const x0 = 184 // ucontext.uc_mcontext.regs
		return signalContext{ucontext: siginfo, size: x0 + 33*8, regs: upTo(x0, 32, 8), lr: x0 + 30*8, sp: x0 + 31*8, pc: x0 + 32*8}, true
	case "arm":
		// The stack pointer is at {siginfo, ucontext}. sigtramp moves it by 32
		// bytes more than its table of frame sizes says, where it saves R4 to R11
		// (runtime/sys_linux_arm.s; the assembler does not count MOVM). The
		// registers are r0 to r15.
		const r0 = 32 // ucontext.uc_mcontext.r0
		return signalContext{ucontext: 32 + siginfo, moved: 32, size: r0 + 16*4, regs: upTo(r0, 16, 4), sp: r0 + 13*4, lr: r0 + 14*4, pc: r0 + 15*4}, true
	case "loong64":
		// The stack pointer is at {siginfo, ucontext}. The registers are pc, and
		// r0 to r31.
		const pc = 176 // ucontext.uc_mcontext.sc_pc
		const r0 = pc + 8
		return signalContext{ucontext: siginfo, size: r0 + 32*8, regs: upTo(r0, 32, 8), lr: r0 + 1*8, sp: r0 + 3*8, pc: pc}, true
	case "ppc64le":
		// Below {ucontext} are the 128 bytes that a function may save things
		// in for its caller, and 16 for its back chain. The registers are r0 to
		// r31, nip, msr, orig_gpr3, ctr and link.
		const r0 = 232 // ucontext.uc_mcontext.gp_regs
		return signalContext{ucontext: 128 + 16, size: r0 + 37*8, regs: upTo(r0, 32, 8), sp: r0 + 1*8, pc: r0 + 32*8, lr: r0 + 36*8}, true
	case "s390x":
		// The stack pointer is at {160 bytes for the callee, an instruction,
		// siginfo, ucontext}. The registers are the mask and the address of the
		// psw, and r0 to r15.
		const psw = 40 // ucontext.uc_mcontext
		const r0 = psw + 16
		return signalContext{ucontext: 160 + 8 + siginfo, size: r0 + 16*8, regs: upTo(r0, 16, 8), sp: r0 + 15*8, lr: r0 + 14*8, pc: psw + 8}, true
	}
	return signalContext{}, false
}

// siginfo is the size of siginfo_t (include/uapi/asm-generic/siginfo.h).
const siginfo = 128

// maxNested bounds how many signal frames are looked through.
const maxNested = 16

// interrupted returns the registers from before the signal that t is
// handling. The handler's frames lead down to sigtramp, the function that the
// kernel enters, whose caller is the kernel's signal frame; or the thread has come
// no further than to cgoSigtramp, which the kernel enters in programs with cgo, and
// which jumps to the other without a frame of its own (runtime/sys_linux_*.s). A signal can
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
		for i < len(frames) && !frames[i].Func.NameIs("runtime.sigtramp") && !frames[i].Func.NameIs("runtime.cgoSigtramp") {
			i++
		}
		if i == len(frames) {
			return Registers{}, false
		}
		ucontext := c.ucontext
		if frames[i].Func.NameIs("runtime.cgoSigtramp") {
			ucontext -= c.moved
		}
		b, ok := w.mem.Slice(frames[i].FP+ucontext, c.size)
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
