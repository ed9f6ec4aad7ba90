// Package code says what the words of a frame hold by the instructions that stored them
// there.
//
// The compiler loses sight of variables: a parameter that it copies to another register
// before it stores it has no place in DWARF from then on, and neither has a result of which
// one word is used later. The instructions have it still: a word of the frame that is only
// ever written from the second register of a call's results holds the second word of these.
//
// Terms:
//
//	origin  where a word comes from: a register at the function's entry, a register
//	        behind a call, the address of something
//	slot    a word of the frame, by its distance from the canonical frame address (CFA),
//	        which is what the stack pointer was before the call
//	state   the origins of registers and slots at one instruction
//
// States flow along the function's control flow until nothing changes. Where two meet, a
// register or slot keeps its origin if both agree. What is not followed ends in no origin,
// never in a wrong one; a function with an instruction that is not understood, or with a
// jump whose targets are not in the code, has no states at all.
package code

import (
	"math"
	"slices"
)

// Kind says what an Origin is.
type Kind uint8

const (
	None    Kind = iota // not known
	Zero                // 0, or what stood there before where that is dead
	Param               // the integer register Reg of the calling convention at entry
	Result              // the integer register Reg of the calling convention behind Call
	Frame               // the address of the frame's word at Off from the CFA
	Static              // the address Addr
	Inside              // what Base is and Off bytes more
	Load                // the word Off bytes behind what Base points to
	Context             // the address of the closure that is called, at entry
	Loaded              // what the instruction at Addr loads from where it is not followed
	Either              // one of several, by the way to the instruction at Addr: see Alternatives
)

// Origin says where a word comes from.
type Origin struct {
	Kind Kind
	Reg  uint8
	// Call is the address behind the call of a Result, Target the entry of the
	// function called.
	Call, Target uint64
	Addr         uint64 // of a Static, a Loaded or an Either
	Base         ID     // of an Inside
	Off          int64
	// Args are the integer registers in front of the call of a Result, 0 where unknown.
	Args [MaxRegs]ID
}

// ID is the number of an Origin of a function.
type ID int32

// MaxRegs bounds the integer registers of a calling convention.
const MaxRegs = 16

// none and zero are the IDs of origins that each function has.
const (
	none ID = iota
	zero
)

// returnAddress is where a frame ends, from the canonical frame address: what is above is
// of the function that called this one, and of those that this one calls none writes there.
const returnAddress = -8

// doubtful marks a slot that a function called may have written to: functions store the
// registers that they are called with in the frame that called them. No variable of the
// frame stands there, but dead ones may have.
const doubtful ID = 1 << 30

// A Slot is a word of a frame whose origin is known.
type Slot struct {
	CFA    int64 // from the canonical frame address
	Origin ID
	Doubt  bool // it may have been overwritten, unless the stack map says that it is live
}

// Callee is what has to be known of a function that is called.
type Callee struct {
	// KeepsRegisters says that it follows no calling convention and changes no register
	// of it, as the write barrier does.
	KeepsRegisters bool
	// KeepsContext says that the register with the address of the closure has it again
	// when the call returns, as behind runtime.morestack.
	KeepsContext bool
	// Returns is false for what never does.
	Returns bool
	// Outgoing is how many bytes at the bottom of its caller's frame it may write to.
	Outgoing int64
}

// Config says what Function needs.
type Config struct {
	// Entry is the address of the first byte of Text, which is the function's code.
	Entry uint64
	Text  []byte
	// Callee is asked for each call of an address; Unknown stands for others.
	Callee  func(entry uint64) Callee
	Unknown Callee
	// Loads says that what is loaded from where it is not followed, as from an element of a
	// slice, has the instruction for its origin: like a Result it is that of its last run.
	Loads bool
	// Merges says that a word that has one of several origins where ways meet has one of its
	// own, Either. As a value it is not known, but all that it may be has one type, if the
	// code uses it: it is a variable that was assigned on all ways. What is dead may be
	// anything.
	Merges bool
	// MaxSteps bounds the instructions that are looked at.
	MaxSteps int
}

// Function is what is known of the code of one function.
type Function struct {
	Origins []Origin
	byKey   map[originKey]ID
	c       Config
	insts   []inst
	at      []int32 // the instruction at each offset in the code, -1 for none
	states  []*state
	steps   int
	arrays  int64 // where the first array is of which elements are chosen as the code runs
	leaks   map[int64]bool
	either  []alternatives // by the IDs of those that have some
	results map[uint64]ID  // the first of the origins behind a call
}

// inst is an instruction as far as it matters here: see the processor's file.
type inst struct {
	addr uint64
	len  uint8
	op   op
	flow flow
	to   uint64 // of a jump or call
	dst  place
	src  place
	size uint8 // of what is written, in bytes
	kill uint32
	// compares says that it does nothing with the values of its places, and fresh that
	// what dst holds has nothing to do with what was there.
	compares, fresh bool
	returns         bool
	atomic          bool // it changes memory in one step, if that has what it compares with
}

type op uint8

const (
	opNothing op = iota // writes to nothing that is followed, but to kill
	opMove              // dst = src
	opMaybe             // dst = src, or stays
	opAddress           // dst = the address of src
	opClear             // dst = 0
	opClobber           // dst is something else, of size bytes
	opPush              // src goes below the stack pointer
	opPop               // dst comes from there
	opAddSP             // the stack pointer moves by src.off
	opAdd               // dst += src.off
	opFillAll           // what the register of dst points to, and all above it, is something else
	opCall
)

type flow uint8

const (
	flowOn flow = iota
	flowBranch
	flowJump
	flowEnd
	flowLost // to where nobody knows
)

// place is a register, or memory.
type place struct {
	kind placeKind
	reg  uint8 // or base of memory
	off  int64
}

type placeKind uint8

const (
	noPlace placeKind = iota
	inReg
	inMemory // at reg + off
	atAddress
	elsewhere // memory that is not the frame's, unless reg is
)

type state struct {
	sp    int64 // from the CFA
	regs  [MaxRegs]ID
	slots []Slot // by CFA; Doubt is not used: see doubtful
}

func (s *state) clone() *state {
	c := *s
	c.slots = slices.Clone(s.slots)
	return &c
}

func (s *state) find(cfa int64) (int, bool) {
	return slices.BinarySearchFunc(s.slots, cfa, func(x Slot, at int64) int {
		switch {
		case x.CFA < at:
			return -1
		case x.CFA > at:
			return 1
		}
		return 0
	})
}

func (s *state) load(cfa int64) ID {
	if i, ok := s.find(cfa); ok {
		if id := s.slots[i].Origin; id&doubtful == 0 {
			return id
		}
	}
	return none
}

// store notes that a word of the frame has an origin; none forgets it.
func (s *state) store(cfa int64, id ID) {
	i, ok := s.find(cfa)
	switch {
	case ok && id == none:
		s.slots = slices.Delete(s.slots, i, i+1)
	case ok:
		s.slots[i].Origin = id
	case id != none:
		s.slots = slices.Insert(s.slots, i, Slot{CFA: cfa, Origin: id})
	}
}

// forget forgets the words of which a byte in [lo, hi) is.
func (s *state) forget(lo, hi int64) {
	s.slots = slices.DeleteFunc(s.slots, func(x Slot) bool { return x.CFA < hi && lo < x.CFA+8 })
}

// meet takes what another state says into s, in front of the instruction at an address, and
// reports whether that has changed s, and whether both can be: the stack pointer is the same
// in both.
func (f *Function) meet(s, o *state, addr uint64) (changed, ok bool) {
	if s.sp != o.sp {
		return false, false
	}
	for r := range s.regs {
		id := meet(s.regs[r], o.regs[r])
		if id == none && f.c.Merges {
			id = f.oneOf(Origin{Kind: Either, Addr: addr, Reg: uint8(r)}, s.regs[r], o.regs[r])
		}
		if id != s.regs[r] {
			s.regs[r], changed = id, true
		}
	}
	kept := s.slots[:0]
	for _, x := range s.slots {
		id := none
		if i, ok := o.find(x.CFA); ok {
			y := o.slots[i].Origin
			if id = meet(x.Origin, y); id == none && f.c.Merges {
				id = f.oneOf(Origin{Kind: Either, Addr: addr, Reg: noRegister, Off: x.CFA}, x.Origin, y)
			}
		}
		changed = changed || id != x.Origin
		if x.Origin = id; id != none {
			kept = append(kept, x)
		}
	}
	s.slots = kept
	return changed, true
}

// meet returns the origin of a word that has one of two. 0 may be anything: who asks has
// another value in hand.
func meet(a, b ID) ID {
	doubt := (a | b) & doubtful
	a, b = a&^doubtful, b&^doubtful
	switch {
	case a == b, b == zero:
	case a == zero:
		a = b
	default:
		return none
	}
	if a == none {
		return none
	}
	return a | doubt
}

// maxAlternatives bounds what an Either is known to be.
const maxAlternatives = 8

// alternatives are what an Either may be.
type alternatives struct {
	known []ID
	more  bool // there are others
}

// oneOf returns the origin of a word that has one of two, neither of which is the other.
func (f *Function) oneOf(o Origin, a, b ID) ID {
	doubt := (a | b) & doubtful
	a, b = a&^doubtful, b&^doubtful
	if a <= zero && b <= zero {
		return none
	}
	e := f.origin(o)
	if int(e) >= len(f.either) {
		f.either = append(f.either, make([]alternatives, len(f.Origins)-len(f.either))...)
	}
	list := &f.either[e]
	for _, id := range [...]ID{a, b} {
		switch {
		case id == e || id == zero || slices.Contains(list.known, id):
		case id == none || len(list.known) == maxAlternatives:
			list.more = true
		default:
			list.known = append(list.known, id)
		}
	}
	return e | doubt
}

// Adjacent reports whether two words have always been next to each other: b is the second
// of two parameters, results of one call, or words in memory, where a is the first.
func (f *Function) Adjacent(a, b ID) bool {
	x, y := f.Origins[a], f.Origins[b]
	switch {
	case x.Kind != y.Kind:
		return false
	case x.Kind == Param || x.Kind == Result:
		return x.Reg+1 == y.Reg && x.Call == y.Call
	case x.Kind == Load:
		return x.Base == y.Base && x.Off+8 == y.Off
	case x.Kind == Either && x.Addr == y.Addr:
		first, all := f.Alternatives(a)
		second, all2 := f.Alternatives(b)
		return all && all2 && !slices.ContainsFunc(first, func(a ID) bool {
			return f.Origins[a].Kind == Either || !slices.ContainsFunc(second, func(b ID) bool { return f.Adjacent(a, b) })
		})
	}
	return false
}

// Alternatives returns the origins that a word may have whose own is an Either, and whether
// it has none but these.
func (f *Function) Alternatives(id ID) (list []ID, all bool) {
	if int(id) >= len(f.either) {
		return nil, false
	}
	a := f.either[id]
	return a.known, !a.more
}

// Follow follows a function. It returns nil where that cannot be done.
func Follow(c Config) *Function {
	f := &Function{Origins: []Origin{{}, {Kind: Zero}}, byKey: map[originKey]ID{}, c: c, arrays: math.MaxInt64, leaks: map[int64]bool{}, results: map[uint64]ID{}}
	if !f.decode() || !f.flow() {
		return nil
	}
	return f
}

// originKey is what tells origins apart. Results have none: see resultsOf.
type originKey struct {
	kind Kind
	reg  uint8
	base ID
	addr uint64
	off  int64
}

func (f *Function) origin(o Origin) ID {
	key := originKey{o.Kind, o.Reg, o.Base, o.Addr, o.Off}
	if id, ok := f.byKey[key]; ok {
		return id
	}
	id := ID(len(f.Origins))
	f.Origins = append(f.Origins, o)
	f.byKey[key] = id
	return id
}

// index returns the instruction at an address.
func (f *Function) index(addr uint64) (int, bool) {
	if off := addr - f.c.Entry; off < uint64(len(f.at)) && f.at[off] >= 0 {
		return int(f.at[off]), true
	}
	return 0, false
}

// flow finds the state in front of each instruction that can be reached. It keeps those at
// the targets of jumps alone.
func (f *Function) flow() bool {
	target := make([]bool, len(f.insts))
	for i := range f.insts {
		if x := &f.insts[i]; x.flow == flowBranch || x.flow == flowJump {
			if k, ok := f.index(x.to); ok {
				target[k] = true
			}
		}
	}
	f.states = make([]*state, len(f.insts))
	first := &state{sp: -8}
	for r := range register {
		first.regs[register[r]] = f.origin(Origin{Kind: Param, Reg: uint8(r)})
	}
	first.regs[context] = f.origin(Origin{Kind: Context})
	target[0] = true
	f.states[0] = first
	work := []int{0}
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		s := f.states[i].clone()
		for {
			if f.steps++; f.steps > f.c.MaxSteps {
				return false
			}
			x := &f.insts[i]
			if x.flow == flowLost {
				return false
			}
			on := f.step(s, x)
			next := [2]int{-1, -1}
			if on && (x.flow == flowOn || x.flow == flowBranch) {
				if next[0] = i + 1; i+1 == len(f.insts) || f.insts[i+1].addr != x.addr+uint64(x.len) {
					next[0] = -1
					if x.op != opCall {
						return false // it runs out of the code
					}
				}
			}
			if x.flow == flowBranch || x.flow == flowJump {
				if k, ok := f.index(x.to); ok {
					next[1] = k
				} else if x.to-f.c.Entry < uint64(len(f.c.Text)) {
					return false // into the middle of an instruction
				}
			}
			if k := next[1]; k >= 0 {
				again, ok := f.arrive(k, s)
				if !ok {
					return false
				}
				if again {
					work = append(work, k)
				}
			}
			k := next[0]
			if k < 0 {
				break
			}
			if target[k] {
				again, ok := f.arrive(k, s)
				if !ok {
					return false
				}
				if again {
					work = append(work, k)
				}
				break
			}
			i = k
		}
	}
	return true
}

// arrive brings a state to an instruction, and reports whether it says something new.
func (f *Function) arrive(i int, s *state) (again, ok bool) {
	if f.states[i] == nil {
		f.states[i] = s.clone()
		return true, true
	}
	f.leakMet(f.states[i], s)
	return f.meet(f.states[i], s, f.insts[i].addr)
}

// At returns the slots whose origin is known in front of the instruction at an address,
// such as one behind a call, in the order of their places.
func (f *Function) At(pc uint64) []Slot {
	s := f.before(pc)
	if s == nil {
		return nil
	}
	var list []Slot
	for _, x := range s.slots {
		x.Doubt = x.Origin&doubtful != 0
		if x.Origin &^= doubtful; x.Origin > zero && x.CFA < f.arrays {
			list = append(list, x)
		}
	}
	return list
}

// before returns the state in front of the instruction at an address, nil where there is
// none that can be reached.
func (f *Function) before(pc uint64) *state {
	want, ok := f.index(pc)
	if !ok {
		return nil
	}
	from := want
	for from > 0 && f.states[from] == nil {
		from--
	}
	if f.states[from] == nil {
		return nil
	}
	s := f.states[from].clone()
	for i := from; i < want; i++ {
		x := &f.insts[i]
		if on := f.step(s, x); !on || x.flow != flowOn && x.flow != flowBranch {
			return nil // what follows is reached from nowhere
		}
	}
	return s
}

// step changes s as an instruction does, and reports whether what follows it is reached.
func (f *Function) step(s *state, x *inst) bool {
	id := none
	switch x.op {
	case opMove, opMaybe, opPush:
		id = f.value(s, x.src)
		if f.c.Loads && id == none && x.op == opMove && x.dst.kind == inReg && x.size == 8 && x.src.kind > inReg {
			id = f.origin(Origin{Kind: Loaded, Addr: x.addr})
		}
		if x.op == opPush || x.dst.kind != inReg || x.op == opMaybe && id != s.regs[x.dst.reg] {
			f.leak(id)
		}
		if x.op == opMaybe && x.dst.kind == inReg && id != s.regs[x.dst.reg] {
			f.leak(s.regs[x.dst.reg])
		}
	case opAddress:
		id = f.address(s, x.src)
	case opClear:
		id = zero
	case opAdd:
		if x.dst.kind == inReg {
			id = f.inside(s.regs[x.dst.reg], x.src.off)
		}
	case opPop:
		id = s.load(s.sp)
		s.sp += 8
	case opAddSP:
		if x.src.off > 0 {
			s.forget(s.sp, s.sp+x.src.off) // nothing below the stack pointer stays
		}
		s.sp += x.src.off
		return true
	case opCall:
		return f.call(s, x)
	}
	f.leakUsed(s, x)
	for r := range s.regs {
		if x.kill>>r&1 != 0 {
			s.regs[r] = none
		}
	}
	switch x.op {
	case opPush:
		s.sp -= 8
		s.store(s.sp, id)
	case opNothing:
	case opFillAll:
		if at, ok := f.frameAddress(s, place{inMemory, x.dst.reg, 0}); ok {
			s.forget(at, 1<<62)
		}
	case opMaybe:
		if x.dst.kind == inReg {
			s.regs[x.dst.reg] = meet(s.regs[x.dst.reg], id)
		}
	default:
		f.write(s, x, id)
	}
	return true
}

func (f *Function) write(s *state, x *inst, id ID) {
	switch x.dst.kind {
	case inReg:
		if x.size < 8 && id != zero {
			id = none
		}
		s.regs[x.dst.reg] = id
	case inMemory:
		at, ok := f.frameAddress(s, x.dst)
		switch {
		case !ok:
		case x.size == 8 && at%8 == 0:
			s.store(at, id)
		case id == zero && at%8 == 0 && x.size%8 == 0:
			for k := range int64(x.size / 8) {
				s.store(at+8*k, zero)
			}
		default:
			s.forget(at, at+int64(x.size))
		}
	case elsewhere:
		f.array(s, x.dst)
	}
}

// array notes that the words from a place on may be elements of an array in the frame,
// which are written to without being named.
func (f *Function) array(s *state, p place) {
	if at, ok := f.frameAddress(s, place{inMemory, p.reg, p.off}); ok {
		f.arrays = min(f.arrays, at)
	}
}

// value returns the origin of what a place holds.
func (f *Function) value(s *state, p place) ID {
	switch p.kind {
	case inReg:
		if p.reg == stackPointer {
			return f.origin(Origin{Kind: Frame, Off: s.sp})
		}
		return s.regs[p.reg]
	case inMemory:
		if at, ok := f.frameAddress(s, p); ok && at%8 == 0 {
			return s.load(at)
		} else if ok || p.reg == stackPointer {
			return none
		}
		base, off := s.regs[p.reg], p.off
		if o := f.Origins[base]; o.Kind == Inside {
			base, off = o.Base, off+o.Off
		}
		switch f.Origins[base].Kind {
		case Param, Result, Load, Context, Either:
			return f.origin(Origin{Kind: Load, Base: base, Off: off})
		case Static:
			return f.origin(Origin{Kind: Load, Base: f.inside(base, off)})
		}
	case atAddress:
		return f.origin(Origin{Kind: Load, Base: f.address(s, p)})
	}
	return none
}

// address returns the origin of the address of a place.
func (f *Function) address(s *state, p place) ID {
	switch p.kind {
	case inMemory:
		if p.reg == stackPointer {
			return f.origin(Origin{Kind: Frame, Off: s.sp + p.off})
		}
		return f.inside(s.regs[p.reg], p.off)
	case elsewhere:
		f.array(s, p)
		if at, ok := f.frameAddress(s, place{inMemory, p.reg, p.off}); ok {
			f.leaks[at] = true
		}
	case atAddress:
		return f.origin(Origin{Kind: Static, Addr: uint64(p.off)})
	}
	return none
}

// inside returns the origin of a word that is another one and off more.
func (f *Function) inside(base ID, off int64) ID {
	o := f.Origins[base]
	switch {
	case base == none || base == zero:
		return none
	case off == 0:
		return base
	case o.Kind == Frame:
		o.Off += off
		return f.origin(o)
	case o.Kind == Static:
		o.Addr += uint64(off)
		return f.origin(o)
	case o.Kind == Inside:
		o.Off += off
		if o.Off == 0 {
			return o.Base
		}
		return f.origin(o)
	}
	return f.origin(Origin{Kind: Inside, Base: base, Off: off})
}

// frameAddress returns where in the frame a place in memory is.
func (f *Function) frameAddress(s *state, p place) (int64, bool) {
	if p.kind != inMemory {
		return 0, false
	}
	if p.reg == stackPointer {
		return s.sp + p.off, true
	}
	if p.reg >= MaxRegs {
		return 0, false
	}
	if o := f.Origins[s.regs[p.reg]]; o.Kind == Frame {
		return o.Off + p.off, true
	}
	return 0, false
}

// resultsOf returns the origin of what is in the first register behind a call; those of the
// others follow it.
func (f *Function) resultsOf(x *inst) ID {
	first, ok := f.results[x.addr]
	if !ok {
		first = ID(len(f.Origins))
		f.results[x.addr] = first
		for r := range register {
			f.Origins = append(f.Origins, Origin{Kind: Result, Reg: uint8(r), Call: x.addr + uint64(x.len), Target: x.to})
		}
	}
	return first
}

func (f *Function) call(s *state, x *inst) bool {
	c := f.c.Unknown
	if x.to != 0 {
		c = f.c.Callee(x.to)
	}
	if !c.Returns {
		return false
	}
	if c.KeepsRegisters {
		if o := f.Origins[s.regs[destination]]; o.Kind == Frame {
			s.forget(o.Off, 1<<62) // runtime.duffzero and duffcopy go up from there
		}
		for r := range s.regs {
			if x.kill>>r&1 != 0 {
				s.regs[r] = none
			}
		}
		return true
	}
	for r := range s.regs {
		f.leak(s.regs[r])
	}
	for i, slot := range s.slots {
		if slot.CFA < min(s.sp+c.Outgoing, returnAddress) {
			s.slots[i].Origin |= doubtful
		}
	}
	args := f.arguments(s)
	was := s.regs[context]
	s.regs = [MaxRegs]ID{}
	if c.KeepsContext {
		s.regs[context] = was
	}
	if x.to != 0 {
		first := f.resultsOf(x)
		for r := range register {
			id := first + ID(r)
			f.Origins[id].Args = args // the same result, whatever more is found out of them
			s.regs[register[r]] = id
		}
	}
	return true
}
