package gocore

import (
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/internal/unwind"
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
	maps := newMapFinder(p)
	for i := range p.im.Goroutines {
		p.seedStack(t, i, maps)
	}
}

// seedStack starts the walk at what is on the stack of a goroutine.
func (p *stacks) seedStack(t *typing.Typer, gi int, maps *mapFinder) {
	g := &p.im.Goroutines[gi]
	frames, words := p.walkSlots(gi)
	if len(words) == 0 {
		return
	}
	live := make(map[uint64]bool, len(words))
	for _, s := range words {
		if !s.Conservative {
			live[s.Addr] = true
		}
	}
	stack := typing.NewStack(g.StackLo, g.StackHi, live)
	p.eachVariable(g, frames, words, func(v *frameVar, data []byte, slots map[uint64]uint64) {
		t.WalkVariable(stack, v.typ, data, func(off uint64) bool { return live[slots[off]] })
	})
	p.seedIterators(t, stack, words)
	maps.seed(t, stack, frames, words)
	p.seedCalls(t, g, len(words))
	if g.Waiting == 0 {
		return
	}
	for _, w := range p.space.Waits(g.Waiting) {
		if typ := t.ByDescriptor(w.Type); typ != 0 {
			t.PointVariable(stack, typ, w.Elem)
		}
	}
}

// seedIterators starts the walk at the maps that are being ranged over: in an iterator the
// descriptor of the map's type stands in front of the pointer to the map
// (internal/runtime/maps.Iter, until Go 1.23 runtime.hiter).
func (p *stacks) seedIterators(t *typing.Typer, stack *typing.Stack, words []unwind.Slot) {
	w := uint64(p.im.Arch.PtrSize)
	for _, s := range words {
		if s.Conservative {
			continue
		}
		before, _ := p.im.Mem.Word(s.Addr - w)
		if !p.decoder.IsDescriptor(before) {
			continue
		}
		if typ := t.ByDescriptor(before); p.types.Type(typ).Kind == types.Map {
			at, _ := p.im.Mem.Word(s.Addr)
			t.PointMap(stack, typ, at)
		}
	}
}

// seedCalls starts the walk at the closures that a goroutine has still to call: the one
// that it begins with, if it has not begun, and those of its deferred calls, whose
// records may be on its stack. There are no more of these than live words.
func (p *stacks) seedCalls(t *typing.Typer, g *image.Goroutine, words int) {
	if ctxt, ok := p.im.Mem.Word(g.State.Ctxt); ok && g.State.Ctxt != 0 && ctxt != 0 {
		t.PointClosure(ctxt)
	}
	if g.State.Defer == 0 {
		return
	}
	l := &p.decoder.Layout.Defer
	d, _ := p.im.Mem.Word(g.State.Defer)
	for ; d != 0 && words > 0; words-- {
		if fn, _ := p.im.Mem.Word(d + l.Fn.Offset); fn != 0 {
			t.PointClosure(fn)
		}
		d, _ = p.im.Mem.Word(d + l.Link.Offset)
	}
}

// seedSpecials starts the walk at what finalizers, cleanups and weak handles are about
// and what they call, those that wait to run among them. They do not keep alive what
// they are about, so that it has to be known what is.
func (p *stacks) seedSpecials(t *typing.Typer) {
	if p.decoder.Described != nil {
		return
	}
	for _, list := range [...][]image.Special{p.im.Specials, p.im.Queued} {
		for i := range list {
			if s := &list[i]; len(s.Keeps) > 0 {
				p.seedSpecial(t, s)
			}
		}
	}
}

func (p *stacks) seedSpecial(t *typing.Typer, s *image.Special) {
	switch s.Kind {
	case image.FinalizerSpecial:
		p.seedFinalizer(t, s.Keeps[0], s.Object, s.PointerType)
	case image.CleanupSpecial:
		if len(s.Keeps) == 3 {
			p.seedCleanup(t, s.Keeps[0], s.Keeps[1], s.Keeps[2])
		} else {
			p.seedOlderCleanup(t, s.Keeps[0])
		}
	case image.WeakHandleSpecial:
		// What a weak pointer leads to (runtime/mheap.go, getOrAddWeakHandle).
		if handle, ok := p.types.Lookup("internal/runtime/atomic.Uintptr"); ok {
			t.PointValue(handle, s.Keeps[0])
		}
	}
}

// seedFinalizer starts the walk at a finalizer: a closure, and the object that it gets,
// by a pointer of the type that the descriptor at pointer describes. Cleanups until Go
// 1.24 wait to run among the finalizers, without an object.
func (p *stacks) seedFinalizer(t *typing.Typer, fn, object, pointer uint64) {
	if object == 0 {
		p.seedOlderCleanup(t, fn)
		return
	}
	t.PointClosure(fn)
	if typ := p.types.Type(t.ByDescriptor(pointer)); typ.Kind == types.Pointer {
		t.PointValue(typ.Elem, object)
	}
}

// seedCleanup starts the walk at a cleanup since Go 1.26: call, a closure, calls fn with
// what stands at arg, the only parameter that fn has (runtime/mcleanup.go). Generic code
// allocates it.
func (p *stacks) seedCleanup(t *typing.Typer, call, fn, arg uint64) {
	t.PointClosure(call)
	t.PointClosure(fn)
	code, _ := p.im.Mem.Word(fn)
	if params, ok := p.decoder.Parameters(code); ok && len(params) == 1 {
		t.PointValue(params[0].Type, arg)
	}
}

// seedOlderCleanup starts the walk at a cleanup until Go 1.25: a closure of generic code
// with the function and what it is called with in variables of these names
// (runtime/mcleanup.go, AddCleanup, Go 1.24).
func (p *stacks) seedOlderCleanup(t *typing.Typer, closure uint64) {
	t.PointClosure(closure)
	code, _ := p.im.Mem.Word(closure)
	var params []symbols.Param
	captures := p.decoder.CapturesOf(code)
	for _, c := range captures {
		if c.Name != "cleanup" {
			continue
		}
		fn, _ := p.im.Mem.Word(closure + c.Offset)
		if c.ByRef {
			fn, _ = p.im.Mem.Word(fn)
		}
		code, _ := p.im.Mem.Word(fn)
		params, _ = p.decoder.Parameters(code)
	}
	for _, c := range captures {
		if c.Name != "arg" || len(params) != 1 {
			continue
		}
		if !c.ByRef {
			t.WalkRange(closure+c.Offset, params[0].Type, 1)
		} else if at, ok := p.im.Mem.Word(closure + c.Offset); ok {
			t.PointValue(params[0].Type, at)
		}
	}
}
