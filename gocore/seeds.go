package gocore

import (
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/typing"
)

// seedTypes starts the walk at the typed variables of the program: globals, and
// the variables of frames where the collector finds a live pointer. A variable
// that is dead by the stack map may hold anything.
func (p *stacks) seedTypes(t *typing.Typer) {
	if p.decoder.Described != nil {
		t.SeedRecorded(p.decoder.ItabTypes)
		return
	}
	for _, v := range p.exe.Variables {
		t.WalkRange(v.Addr+p.exe.Bias, v.Type, 1)
	}
	for _, s := range p.decoder.Statics {
		t.WalkRange(s.Addr, s.Type, s.N)
	}
	maps := program.NewStackMaps(p.decoder)
	for i := range p.im.Goroutines {
		p.seedStack(t, i, maps)
	}
}

// seedStack starts the walk at what is on the stack of a goroutine.
func (p *stacks) seedStack(t *typing.Typer, gi int, maps *program.StackMaps) {
	g := &p.im.Goroutines[gi]
	frames, words := p.walkSlots(gi)
	if len(words) == 0 && !g.State.Running {
		return
	}
	live := make(map[uint64]bool, len(words))
	for _, s := range words {
		if !s.Conservative {
			live[s.Addr] = true
		}
	}
	stack := typing.NewStack(g.StackLo, g.StackHi, live)
	// What is in a register has been alive since it was put there: a call would have
	// taken the register.
	live[inRegister] = true
	p.eachVariable(gi, frames, words, func(v *frameVar, data []byte, slots map[uint64]uint64) {
		t.WalkVariable(stack, v.typ, data, func(off uint64) bool { return live[slots[off]] })
	})
	p.decoder.SeedIterators(t, stack, words)
	maps.Seed(t, stack, frames, words)
	p.decoder.SeedCalls(t, g, len(words))
	p.decoder.SeedWaits(t, stack, g)
}

// seedSpecials starts the walk at what finalizers, cleanups and weak handles are about and
// call, once it is known what is alive.
func (p *stacks) seedSpecials(t *typing.Typer) {
	if p.decoder.Described == nil {
		p.decoder.SeedSpecials(t)
	}
}
