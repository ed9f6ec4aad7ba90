package gocore

import (
	"fmt"
	"strings"

	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/keys"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/internal/unwind"
	"goheap/heap"
)

// operand is the value that a part of an expression stands for.
type operand struct {
	view
	// whole says that nothing was selected of it yet: it is a variable, or all that a
	// pointer leads to.
	whole bool
	// pointee says that it is all that a pointer leads to.
	pointee bool
	// exact says that the place itself is meant, whatever it leads to: &x, x[1:3].
	exact bool
	// root is the node that is meant, heap.SuperRoot for none in particular.
	root heap.Node
	// parted is a variable of a frame of which it is not known where its parts are.
	parted *frames.Var
	frame  *unwind.Frame
	// Of an unsafe.Pointer, the struct that declares it, and where in it.
	outer    types.ID
	outerOff uint64
}

// valueAt is a value of type t in memory.
func valueAt(t types.ID, addr uint64) operand { return operand{view: view{t: t, addr: addr, n: 1}} }

// within is the part of o of type t at an offset.
func (o *operand) within(t types.ID, off uint64) operand {
	part := operand{view: view{t: t, addr: o.addr + off, n: 1, gaps: o.gaps}}
	if o.bytes != nil {
		part.bytes = o.bytes[min(off, uint64(len(o.bytes))):]
	}
	return part
}

// evaluation follows one expression.
type evaluation struct {
	p    *naming
	text string // the whole target
	// goroutine is the index of the one whose variables are meant, -1 for none, and frame
	// its call; "" for any.
	goroutine int
	frame     string
	followed  int // pointers and interfaces, to find what is meant
	// home is the package that names in brackets are of first, and bare says that variables
	// may be written without one. mentions counts these names.
	home     string
	bare     bool
	mentions *int
}

// fail says what is wrong with what stands at pos of the text, and in front of it.
func (e *evaluation) fail(pos int, format string, args ...any) error {
	at := e.text
	if pos > 0 && pos < len(at) {
		at = at[:pos]
	}
	return fmt.Errorf("%w: %s: %s", ErrNotFound, notation.Cited(at), fmt.Sprintf(format, args...))
}

// failShowing is fail with an ending that has values of the program in it.
func (e *evaluation) failShowing(pos int, format, ending string) error {
	return notation.Showing(e.fail(pos, "%s", format+ending), e.fail(pos, "%s", format).Error())
}

// value evaluates an expression.
func (e *evaluation) value(x *notation.Expr) (o operand, err error) {
	switch x.Op {
	case notation.Variable:
		if o, err = e.variable(x); err != nil {
			return o, err
		}
	case notation.Convert:
		o, err = e.convert(x)
	case notation.Paren:
		o, err = e.value(x.X)
	case notation.Deref:
		return e.deref(x)
	case notation.Address:
		if o, err = e.value(x.X); err == nil {
			o.root = heap.SuperRoot
			o.exact = true
		}
		return o, err
	case notation.Receive:
		if o, err = e.value(x.X); err == nil {
			o, err = e.receive(x, o)
		}
		return o, err
	default:
		return o, e.fail(x.Pos, "%s is a number, not a place in the program's memory", notation.OneLine(x.String()))
	}
	if err != nil {
		return o, err
	}
	return e.steps(o, x.Steps)
}

// deref evaluates *x.
func (e *evaluation) deref(x *notation.Expr) (operand, error) {
	o, err := e.value(x.X)
	if err != nil {
		return o, err
	}
	switch typ := e.p.types.Type(o.t); {
	case o.exact:
		o.exact = false
		return o, nil
	case typ.Kind == types.UnsafePointer || typ.Kind == types.Pointer:
		if to, ok := e.load(o); ok {
			to.whole, to.pointee = true, true
			return to, nil
		}
		return o, e.fail(len(e.text), "%s is %s", notation.OneLine(x.X.String()), e.nilOr(o))
	case typ.Kind == types.Interface:
		if dyn, ok := e.dynamic(o); ok {
			if to, ok := e.load(dyn); ok && e.p.types.Type(dyn.t).Kind == types.Pointer {
				to.whole, to.pointee = true, true
				return to, nil
			}
		}
	}
	if inner, ok := e.unwrapped(o); ok {
		if to, ok := e.load(inner); ok && e.p.types.Type(inner.t).Kind == types.Pointer {
			to.whole, to.pointee = true, true
			return to, nil
		}
	}
	return o, e.fail(len(e.text), "%s of type %s is no pointer to anything", notation.OneLine(x.X.String()), e.p.typeName(o))
}

// nilOr says of a pointer that leads to nothing why.
func (e *evaluation) nilOr(o operand) string {
	if at := e.p.wordOf(o.view, o.addr); at != 0 {
		return fmt.Sprintf("a pointer to %#x, which is not known", at)
	}
	return "nil"
}

// variable finds what an expression starts with.
func (e *evaluation) variable(x *notation.Expr) (operand, error) {
	if e.goroutine >= 0 {
		return e.local(x)
	}
	o, err := e.p.named(x.Text)
	if err == ErrNotFound && e.bare {
		whole, wrong := e.scope().Variable(x.Text)
		if wrong != nil {
			return o, wrong
		}
		return e.p.named(whole)
	}
	if err == ErrNotFound {
		return o, e.p.unknownName(x.Text)
	}
	if e.home == "" {
		e.home, _ = notation.PackageOf(x.Text)
	}
	return o, err
}

// convert evaluates (*T)(0xaddr), which goheap writes of an object, and Delve too.
func (e *evaluation) convert(x *notation.Expr) (operand, error) {
	p := e.p
	name, ok := strings.CutPrefix(x.Text, "*")
	if !ok {
		return operand{}, e.fail(x.Pos, "what stands at an address is given by a pointer's type, as in (*%s)(%#x)", notation.OneLine(x.Text), x.Addr)
	}
	// The type of an object may have no name in Go: "[]main.T" for an array of any length,
	// "string data", what is not known.
	if n, ok := p.NodeAt(x.Addr); ok && (x.Addr == p.Addr(n) || x.Addr == p.ValueAddr(n)) && p.sameType(p.Type(n), name) {
		if o, ok := e.object(x.Addr); ok {
			if fit, ok := p.fitView(n); ok {
				o.view = fit
			}
			o.root = n
			return o, nil
		}
	}
	if r, n := p.rootAt(x.Addr); r != nil && r.Addr == x.Addr && p.sameType(p.rootTypeName(r), name) {
		return operand{view: rootView(r), whole: true, root: n}, nil
	}
	t, err := e.typeNamed(x.Pos, name)
	if err != nil {
		return operand{}, err
	}
	if !p.present(x.Addr, p.types.Type(t).Size) {
		return operand{}, e.fail(len(e.text), "nothing stands at %#x in the core", x.Addr)
	}
	o := valueAt(t, x.Addr)
	o.whole, o.pointee = true, true
	return o, nil
}

// load returns what a value leads to.
func (e *evaluation) load(o operand) (operand, bool) {
	p := e.p
	typ := p.types.Type(o.t)
	if o.inside.Stage != 0 || o.elements {
		return operand{}, false
	}
	to := p.wordOf(o.view, o.addr)
	if to == 0 {
		return operand{}, false
	}
	switch typ.Kind {
	case types.Pointer:
		if strings.HasPrefix(typ.Name, typing.ShapePrefix) {
			return e.object(to)
		}
		return valueAt(typ.Elem, to), true
	case types.UnsafePointer:
		n, ok := p.NodeAt(to)
		if !ok {
			return operand{}, false
		}
		v, _ := p.hiddenView(&types.Selected{Outer: o.outer, OuterOff: o.outerOff}, o.addr, to, n)
		if v.t == 0 && v.inside.Stage == 0 {
			return e.object(to)
		}
		return operand{view: v}, true
	case types.Func:
		return e.object(to)
	case types.Slice:
		return operand{view: p.sliceView(typ, o.view, o.addr, to)}, true
	}
	return operand{}, false
}

// object is what stands at an address by its own type: an object, or a global
// variable or a part of the data that has no name.
func (e *evaluation) object(addr uint64) (operand, bool) {
	p := e.p
	n, ok := p.NodeAt(addr)
	if !ok {
		if r, _ := p.dataAt(addr); r != nil {
			return operand{view: rootView(r), whole: true, pointee: true}, true
		}
		return operand{}, false
	}
	o := operand{view: p.ownView(n), whole: true, pointee: true}
	if part, at, ok := p.chunkPart(addr); ok && part.addr == addr && at.Form == typing.OneValue {
		o.view = part
		return o, true
	}
	if o.t == 0 && o.inside.Stage == 0 {
		o.addr = addr // untyped: its words can be followed by their offsets
		o.root = n
	}
	return o, true
}

// dynamic returns the value in an interface.
func (e *evaluation) dynamic(o operand) (operand, bool) {
	p := e.p
	w := uint64(p.im.Arch.PtrSize)
	word, value := p.wordOf(o.view, o.addr), p.wordOf(o.view, o.addr+w)
	dyn, ok := p.space.DynamicType(p.types.Type(o.t), word)
	if !ok {
		return operand{}, false
	}
	if p.types.Direct(dyn) {
		return o.within(dyn, w), true
	}
	to := valueAt(dyn, value)
	to.whole, to.pointee = true, true
	return to, true
}

// header returns the address of the header of a map or channel.
func (e *evaluation) header(o operand) (t types.ID, addr uint64) {
	if o.inside.Stage == inferior.AtHeader {
		return o.inside.Type, o.addr
	}
	return o.t, e.p.wordOf(o.view, o.addr)
}

// typeNamed returns the type of a name, which may have but the last element of a
// package's path.
func (e *evaluation) typeNamed(pos int, name string) (types.ID, error) {
	t, err := keys.TypeNamed(e.p.types, notation.OwnType(name, e.p.exe.OwnPath()), typing.ShapePrefix)
	if err != nil {
		return 0, e.fail(pos, "%s", err)
	}
	return t, nil
}
