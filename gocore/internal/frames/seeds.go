package frames

import (
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/typing"
)

// Seed starts the walk at the typed variables of the program: globals, and
// the variables of frames where the collector finds a live pointer. A variable
// that is dead by the stack map may hold anything.
func (p *Reader) Seed(t *typing.Typer) {
	d := p.program
	if d.Described != nil {
		t.SeedRecorded(d.ItabTypes)
		return
	}
	for _, v := range d.Exe.Variables {
		t.WalkRange(v.Addr+d.Exe.Bias, v.Type, 1)
	}
	for _, s := range d.Statics {
		t.WalkRange(s.Addr, s.Type, s.N)
	}
	maps := program.NewStackMaps(d)
	for i := range p.image.Goroutines {
		p.seedStack(t, i, maps)
	}
}

// seedStack starts the walk at what is on the stack of a goroutine.
func (p *Reader) seedStack(t *typing.Typer, gi int, maps *program.StackMaps) {
	g := &p.image.Goroutines[gi]
	frames, words := p.Walk(gi)
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
	live[InRegister] = true
	p.Each(gi, frames, words, func(v *Var, data []byte, slots map[uint64]uint64) {
		t.WalkVariable(stack, v.Type, data, func(off uint64) bool { return live[slots[off]] })
	})
	d := p.program
	maps.Seed(t, stack, frames, words)
	p.closures.SeedStackClosures(t, stack, g, words)
	d.SeedCalls(t, g, len(words))
	d.SeedWaits(t, stack, g)
}

// EachWords calls f with each goroutine and the words of its stack that the collector
// follows exactly, by their addresses, in ascending order.
func (p *Reader) EachWords(f func(goroutine int, addrs []uint64)) {
	var addrs []uint64
	for i := range p.image.Goroutines {
		_, slots := p.Walk(i)
		addrs = addrs[:0]
		for _, s := range slots {
			if !s.Conservative {
				addrs = append(addrs, s.Addr)
			}
		}
		f(i, addrs)
	}
}
