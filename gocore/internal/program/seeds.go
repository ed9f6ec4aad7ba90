package program

import (
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
)

// SeedWaits starts the walk at the values that a goroutine waits to send or receive.
func (d *Program) SeedWaits(t *typing.Typer, stack *typing.Stack, g *image.Goroutine) {
	if g.Waiting == 0 {
		return
	}
	for _, w := range d.Space().Waits(g.Waiting) {
		if typ := t.ByDescriptor(w.Type); typ != 0 {
			t.PointVariable(stack, typ, w.Elem)
		}
	}
}

// SeedCalls starts the walk at the closures that a goroutine has still to call: the one
// that it begins with, if it has not begun, and those of its deferred calls, whose
// records may be on its stack. There are no more of these than live words.
func (d *Program) SeedCalls(t *typing.Typer, g *image.Goroutine, words int) {
	if ctxt, ok := d.Image.Mem.Word(g.State.Ctxt); ok && g.State.Ctxt != 0 && ctxt != 0 {
		t.PointClosure(ctxt)
	}
	if g.State.Defer == 0 {
		return
	}
	l := &d.Layout.Defer
	record, _ := d.Image.Mem.Word(g.State.Defer)
	for ; record != 0 && words > 0; words-- {
		if fn, _ := d.Image.Mem.Word(record + l.Fn.Offset); fn != 0 {
			t.PointClosure(fn)
		}
		record, _ = d.Image.Mem.Word(record + l.Link.Offset)
	}
}

// SeedSpecials starts the walk at what finalizers, cleanups and weak handles are about
// and what they call, those that wait to run among them. They do not keep alive what
// they are about, so that it has to be known what is.
func (d *Program) SeedSpecials(t *typing.Typer) {
	if d.Described != nil {
		return
	}
	for _, list := range [...][]image.Special{d.Image.Specials, d.Image.Queued} {
		for i := range list {
			if s := &list[i]; len(s.Keeps) > 0 {
				d.seedSpecial(t, s)
			}
		}
	}
}

func (d *Program) seedSpecial(t *typing.Typer, s *image.Special) {
	switch s.Kind {
	case image.FinalizerSpecial:
		d.seedFinalizer(t, s.Keeps[0], s.Object, s.PointerType)
	case image.CleanupSpecial:
		if len(s.Keeps) == 3 {
			d.seedCleanup(t, s.Keeps[0], s.Keeps[1], s.Keeps[2])
		} else {
			d.seedOlderCleanup(t, s.Keeps[0])
		}
	case image.WeakHandleSpecial:
		// What a weak pointer leads to (runtime/mheap.go, getOrAddWeakHandle).
		if handle, ok := d.Types.Lookup("internal/runtime/atomic.Uintptr"); ok {
			t.PointValue(handle, s.Keeps[0])
		}
	}
}

// seedFinalizer starts the walk at a finalizer: a closure, and the object that it gets,
// by a pointer of the type that the descriptor at pointer describes. Cleanups until Go
// 1.24 wait to run among the finalizers, without an object.
func (d *Program) seedFinalizer(t *typing.Typer, fn, object, pointer uint64) {
	if object == 0 {
		d.seedOlderCleanup(t, fn)
		return
	}
	t.PointClosure(fn)
	if typ := d.Types.Type(t.ByDescriptor(pointer)); typ.Kind == types.Pointer {
		t.PointValue(typ.Elem, object)
	}
}

// seedCleanup starts the walk at a cleanup since Go 1.26: call, a closure, calls fn with
// what stands at arg, the only parameter that fn has (runtime/mcleanup.go). Generic code
// allocates it.
func (d *Program) seedCleanup(t *typing.Typer, call, fn, arg uint64) {
	t.PointClosure(call)
	t.PointClosure(fn)
	code, _ := d.Image.Mem.Word(fn)
	if params, ok := d.Parameters(code); ok && len(params) == 1 {
		t.PointValue(params[0].Type, arg)
	}
}

// seedOlderCleanup starts the walk at a cleanup until Go 1.25: a closure of generic code
// with the function and what it is called with in variables of these names
// (runtime/mcleanup.go, AddCleanup, Go 1.24).
func (d *Program) seedOlderCleanup(t *typing.Typer, closure uint64) {
	t.PointClosure(closure)
	code, _ := d.Image.Mem.Word(closure)
	var params []symbols.Param
	if fn := CleanupIn(d, closure); fn != 0 {
		code, _ := d.Image.Mem.Word(fn)
		params, _ = d.Parameters(code)
	}
	for _, c := range d.CapturesOf(code) {
		if c.Name != "arg" || len(params) != 1 {
			continue
		}
		if !c.ByRef {
			t.WalkRange(closure+c.Offset, params[0].Type, 1)
		} else if at, ok := d.Image.Mem.Word(closure + c.Offset); ok {
			t.PointValue(params[0].Type, at)
		}
	}
}

// CleanupIn returns the closure that was given to runtime.AddCleanup, of the one that calls
// it until Go 1.25: 0 where it has captured none.
func CleanupIn(d *Program, closure uint64) (fn uint64) {
	code, _ := d.Image.Mem.Word(closure)
	for _, c := range d.CapturesOf(code) {
		if c.Name != "cleanup" {
			continue
		}
		fn, _ = d.Image.Mem.Word(closure + c.Offset)
		if c.ByRef {
			fn, _ = d.Image.Mem.Word(fn)
		}
	}
	return fn
}
