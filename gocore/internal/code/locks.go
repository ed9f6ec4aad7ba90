package code

import (
	"cmp"
	"maps"
	"slices"
)

// What a function has locked where it is: a second flow along its control flow, of the locks
// that it takes and gives back. A lock counts as held where it was taken on every way that
// leads there, and as dropped where it was given back on any way without having been taken.

// LockOp is what an instruction does to a lock.
type LockOp uint8

const (
	LockNothing LockOp = iota
	LockTake
	LockDrop
)

// LockEffect says what an instruction does to a lock of some kind, whose address is Off bytes
// below what the instruction works with.
type LockEffect struct {
	Op   LockOp
	Kind uint8 // the caller's
	Off  int64
	// Slow says of a call that it does the rest of what an atomic instruction before it has
	// begun.
	Slow bool
}

// Lock is one that is held or dropped.
type Lock struct {
	Kind uint8
	// Origin is that of the lock's address, 0 for unknown.
	Origin ID
	Site   uint64 // the address of the instruction
}

// LockFlow is what is known of the locks of a function.
type LockFlow struct {
	f      *Function
	events map[int32]lockEvent // by instruction
	states map[int32]*lockState
}

type lockEvent struct {
	op LockOp
	Lock
	rest uint64 // the address of the call that does what the instruction may leave to be done, 0 for none
}

type lockState struct {
	held, dropped []Lock // in the order of compareLocks
}

// compareLocks puts locks in order: those whose address is not known are told apart by where
// they are taken.
func compareLocks(a, b Lock) int {
	c := cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Origin, b.Origin))
	if c == 0 && a.Origin == none {
		return cmp.Compare(a.Site, b.Site)
	}
	return c
}

// Locks follows the locks of a function. effect is asked for calls, with the entry of the
// function called, and for atomic instructions, with 0 in its place. It returns nil where no
// instruction has an effect, or too many steps would be made.
func (f *Function) Locks(effect func(pc, target uint64) LockEffect) *LockFlow {
	l := &LockFlow{f: f, events: map[int32]lockEvent{}, states: map[int32]*lockState{0: {}}}
	type asking struct {
		LockEffect
		site, rest uint64
	}
	asked := map[int32]asking{}
	for i := range f.insts {
		x := &f.insts[i]
		if !x.atomic && (x.op != opCall || x.to == 0) {
			continue
		}
		e, site, rest := effect(x.addr, x.to), x.addr, x.addr
		if x.atomic {
			rest = 0
			if call := f.slowCall(i, effect); call >= 0 {
				if rest = f.insts[call].addr; e.Op == LockNothing {
					// What is scheduled early counts for the compiler as part of what is
					// around it.
					e, site = effect(rest, f.insts[call].to), rest
				}
			}
		} else if e.Slow {
			continue
		}
		if e.Op != LockNothing {
			asked[int32(i)] = asking{e, site, rest}
		}
	}
	if len(asked) == 0 {
		return nil
	}
	for i := range f.insts {
		if f.states[i] == nil {
			continue
		}
		s := f.states[i].clone()
		for k := i; k < len(f.insts) && (k == i || f.states[k] == nil); k++ {
			if f.steps++; f.steps > f.c.MaxSteps {
				return nil
			}
			x := &f.insts[k]
			if e, ok := asked[int32(k)]; ok {
				l.events[int32(k)] = lockEvent{e.Op, Lock{e.Kind, f.lockOf(s, x, e.Off), e.site}, e.rest}
			}
			if on := f.step(s, x); !on || x.flow == flowJump || x.flow == flowEnd || x.flow == flowLost {
				break
			}
		}
	}
	if !l.run() {
		return nil
	}
	return l
}

// slowSteps bounds how far behind an atomic instruction the call stands that does the rest.
const slowSteps = 32

// slowCall returns the call that does the rest of what an atomic instruction does: the first
// one on either way behind it, before another such instruction. It is -1 for none.
func (f *Function) slowCall(from int, effect func(pc, target uint64) LockEffect) int {
	ways := []int{from + 1}
	for steps := 0; len(ways) > 0 && steps < slowSteps; steps++ {
		i := ways[0]
		ways = ways[1:]
		if i >= len(f.insts) || f.insts[i].atomic {
			continue
		}
		x := &f.insts[i]
		if x.op == opCall {
			if e := effect(x.addr, x.to); x.to != 0 && e.Op != LockNothing && e.Slow {
				return i
			}
			continue
		}
		if to, ok := f.index(x.to); ok && (x.flow == flowBranch || x.flow == flowJump) {
			ways = append(ways, to)
		}
		if x.flow == flowOn || x.flow == flowBranch {
			ways = append(ways, i+1)
		}
	}
	return -1
}

// lockOf returns the origin of the address of the lock that an instruction works with: that
// of the memory that it names, or of the first argument of a call.
func (f *Function) lockOf(s *state, x *inst, off int64) ID {
	id := s.regs[register[0]]
	if x.op != opCall {
		id = f.address(s, x.dst)
	}
	if o := f.Origins[id]; o.Kind == Static {
		o.Addr -= uint64(off)
		return f.origin(o)
	}
	return f.inside(id, -off)
}

// run lets the states of locks flow until nothing changes.
func (l *LockFlow) run() bool {
	f := l.f
	work := []int32{0}
	for len(work) > 0 {
		i := work[len(work)-1]
		work = work[:len(work)-1]
		s := l.states[i].clone()
		for k := i; ; k++ {
			if f.steps++; f.steps > f.c.MaxSteps {
				return false
			}
			x := &f.insts[k]
			s.apply(l.events[k])
			if x.flow == flowBranch || x.flow == flowJump {
				if to, ok := f.index(x.to); ok && l.arrive(int32(to), s) {
					work = append(work, int32(to))
				}
			}
			if x.flow != flowOn && x.flow != flowBranch || int(k)+1 >= len(f.insts) || x.op == opCall && x.to != 0 && !f.c.Callee(x.to).Returns {
				break
			}
			if f.states[k+1] != nil {
				if l.arrive(k+1, s) {
					work = append(work, k+1)
				}
				break
			}
		}
	}
	return true
}

func (l *LockFlow) arrive(i int32, s *lockState) (again bool) {
	was, ok := l.states[i]
	if !ok {
		l.states[i] = s.clone()
		return true
	}
	kept := was.held[:0]
	for _, x := range was.held {
		if _, both := slices.BinarySearchFunc(s.held, x, compareLocks); both {
			kept = append(kept, x)
		} else {
			again = true
		}
	}
	was.held = kept
	for _, x := range s.dropped {
		if at, both := slices.BinarySearchFunc(was.dropped, x, compareLocks); !both {
			was.dropped = slices.Insert(was.dropped, at, x)
			again = true
		}
	}
	return again
}

func (s *lockState) clone() *lockState {
	return &lockState{slices.Clone(s.held), slices.Clone(s.dropped)}
}

func (s *lockState) apply(e lockEvent) {
	switch e.op {
	case LockTake:
		if at, ok := slices.BinarySearchFunc(s.dropped, e.Lock, compareLocks); ok {
			s.dropped = slices.Delete(s.dropped, at, at+1)
			return // as it was when the function was called
		}
		if at, ok := slices.BinarySearchFunc(s.held, e.Lock, compareLocks); !ok {
			s.held = slices.Insert(s.held, at, e.Lock)
		}
	case LockDrop:
		if e.Origin == none {
			// It may be any of them.
			s.held = slices.DeleteFunc(s.held, func(x Lock) bool { return x.Kind == e.Kind })
			return
		}
		if at, ok := slices.BinarySearchFunc(s.held, e.Lock, compareLocks); ok {
			s.held = slices.Delete(s.held, at, at+1)
		} else if at, ok := slices.BinarySearchFunc(s.dropped, e.Lock, compareLocks); !ok {
			s.dropped = slices.Insert(s.dropped, at, e.Lock)
		}
		s.held = slices.DeleteFunc(s.held, func(x Lock) bool { return x.Kind == e.Kind && x.Origin == none })
	}
}

// During returns what the function holds and has dropped while it is in the call behind which
// it goes on at pc, and the lock that it takes by this call, of Kind 0 for none; ok is false
// where that is not known.
func (l *LockFlow) During(pc uint64) (held, dropped []Lock, takes Lock, ok bool) {
	f := l.f
	next, found := f.index(pc)
	call := next - 1
	if !found {
		call = len(f.insts) - 1 // the last one, which does not return
	}
	if call < 0 || f.insts[call].addr+uint64(f.insts[call].len) != pc {
		return nil, nil, takes, false
	}
	from := int32(call)
	for from > 0 && f.states[from] == nil {
		from--
	}
	s, ok := l.states[from]
	if !ok {
		return nil, nil, takes, false
	}
	s = s.clone()
	for k := from; k < int32(call); k++ {
		if x := f.insts[k].flow; x != flowOn && x != flowBranch {
			return nil, nil, takes, false
		}
		s.apply(l.events[k])
	}
	for _, i := range slices.Sorted(maps.Keys(l.events)) {
		e := l.events[i]
		if e.op != LockTake || e.rest != f.insts[call].addr {
			continue
		}
		takes = e.Lock
		s.held = slices.DeleteFunc(s.held, func(x Lock) bool { return x.Site == e.Site })
	}
	return s.held, s.dropped, takes, true
}

// Events returns all that the function does to locks, in the order of its instructions.
func (l *LockFlow) Events() (list []Lock) {
	for _, i := range slices.Sorted(maps.Keys(l.events)) {
		list = append(list, l.events[i].Lock)
	}
	return list
}

// Drops returns those of all that the function does to locks by which it gives one back.
func (l *LockFlow) Drops() (list []Lock) {
	for _, i := range slices.Sorted(maps.Keys(l.events)) {
		if e := l.events[i]; e.op == LockDrop {
			list = append(list, e.Lock)
		}
	}
	return list
}
