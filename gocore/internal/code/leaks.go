package code

// The address of a part of a frame leaks where it goes to memory, to a function that is
// called, or into a computation that is not followed: from then on the part may be written
// to without being named. Where it does not, as where a composite literal is filled through
// a register, the part is written to by the instructions alone that name it.

// Leaks reports whether an address in [lo, hi), from the canonical frame address, leaks
// anywhere in the function.
func (f *Function) Leaks(lo, hi int64) bool {
	for at := range f.leaks {
		if at >= lo && at < hi {
			return true
		}
	}
	return false
}

func (f *Function) leak(id ID) {
	if o := f.Origins[id&^doubtful]; o.Kind == Frame {
		f.leaks[o.Off] = true
	}
}

// leakUsed notes what leaks by an instruction that is neither a call nor moves anything: of
// what it works with, not by what it does to memory.
func (f *Function) leakUsed(s *state, x *inst) {
	for r := range s.regs {
		if x.kill>>r&1 != 0 {
			f.leak(s.regs[r])
		}
	}
	if x.compares || x.op != opNothing && x.op != opClobber {
		return
	}
	if x.src.kind == inReg && x.src.reg < MaxRegs {
		f.leak(f.value(s, x.src))
	}
	if x.dst.kind == inReg && x.dst.reg < MaxRegs && !x.fresh {
		f.leak(s.regs[x.dst.reg])
	}
}

// leakMet notes what leaks where two states meet: an address that is another one, or
// nothing that is followed, on the other way. What is in memory has leaked when it was
// stored.
func (f *Function) leakMet(a, b *state) {
	for r := range a.regs {
		if x, y := a.regs[r], b.regs[r]; meet(x, y) == none {
			f.leak(x)
			f.leak(y)
		}
	}
}
