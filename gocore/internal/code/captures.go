package code

// A Window is what is known in front of one instruction.
type Window struct {
	f *Function
	s *state
}

// Window returns what is known in front of the instruction at an address; false where that
// cannot be reached, or too many steps have been made.
func (f *Function) Window(pc uint64) (Window, bool) {
	i, ok := f.index(pc)
	if !ok {
		return Window{}, false
	}
	for from := i; from > 0 && f.states[from] == nil; from-- {
		f.steps++
	}
	if f.steps > f.c.MaxSteps {
		return Window{}, false
	}
	s := f.before(pc)
	return Window{f, s}, s != nil
}

// Prologue returns the address of the first instruction that is no part of the way that
// each run of the function takes from its entry on, while it has its frame: one that calls,
// or is jumped to, or where the way parts, but for the check that there is room on the stack.
func (f *Function) Prologue() uint64 {
	i := 0
	for branches := 0; i+1 < len(f.insts) && (i == 0 || f.states[i] == nil); i++ {
		x := &f.insts[i]
		if x.flow == flowBranch {
			branches++
		}
		if x.op == opCall || x.op == opAddSP && x.src.off > 0 || x.flow == flowJump || x.flow == flowEnd || branches > 1 {
			break
		}
	}
	return f.insts[i].addr
}

// Captured says of a word which part of the closure called it is: off bytes behind the
// closure's start. inside says that the word is the address of that part, and not what
// stands there.
type Captured struct {
	Off    int64
	Inside bool
}

// Register says what an integer register has, by its number in DWARF; known is false where
// nothing is known of it, and ok where it has something of the closure.
func (w Window) Register(number uint64) (c Captured, known, ok bool) {
	if number >= uint64(len(dwarfRegister)) {
		return c, false, false
	}
	return w.f.captured(w.s.regs[dwarfRegister[number]])
}

// Word is Register for a word of the frame, by its distance from the canonical frame
// address.
func (w Window) Word(cfa int64) (c Captured, known, ok bool) {
	i, found := w.s.find(cfa)
	if !found {
		return c, false, false
	}
	return w.f.captured(w.s.slots[i].Origin &^ doubtful)
}

func (f *Function) captured(id ID) (c Captured, known, ok bool) {
	o := f.Origins[id]
	switch {
	case id == none || id == zero:
		return c, false, false
	case (o.Kind == Load || o.Kind == Inside) && f.Origins[o.Base].Kind == Context:
		return Captured{o.Off, o.Kind == Inside}, true, true
	}
	return c, true, false
}
