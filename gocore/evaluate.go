package gocore

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
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

// at is a value of type t in memory, of which o is a part or that o is a part of.
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
}

// fail says what is wrong with what stands at pos of the text, and in front of it.
func (e *evaluation) fail(pos int, format string, args ...any) error {
	at := e.text
	if pos > 0 && pos < len(at) {
		at = at[:pos]
	}
	return fmt.Errorf("%w: %s: %s", ErrNotFound, notation.OneLine(at), fmt.Sprintf(format, args...))
}

// failShowing is fail with an ending that has values of the program in it.
func (e *evaluation) failShowing(pos int, format, ending string) error {
	return &shownError{e.fail(pos, "%s", format+ending), e.fail(pos, "%s", format).Error()}
}

// shownError has values of the program in its text.
type shownError struct {
	error
	without string
}

// WithoutValues is the text of the error without values of the program.
func (e *shownError) WithoutValues() string { return e.without }

func (e *shownError) Unwrap() error { return e.error }

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
	if err == ErrNotFound {
		return o, e.p.unknownName(x.Text)
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
	if n, ok := p.NodeAt(x.Addr); ok && (x.Addr == p.Addr(n) || x.Addr == p.ValueAddr(n)) && notation.SameType(p.Type(n), name) {
		if o, ok := e.object(x.Addr); ok {
			o.root = n
			return o, nil
		}
	}
	if r, n := p.rootAt(x.Addr); r != nil && r.Addr == x.Addr && notation.SameType(p.rootTypeName(r), name) {
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
		if strings.HasPrefix(typ.Name, "go.shape.") {
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

// through follows the pointers and interfaces in front of a selector or an index, as Go
// does for a pointer to a struct or array by itself, and Delve for all.
func (e *evaluation) through(o operand, s *notation.Step) (operand, error) {
	for range maxIndirections {
		typ := e.p.types.Type(o.t)
		if o.inside.Stage != 0 || o.elements {
			break
		}
		var to operand
		ok := false
		switch typ.Kind {
		case types.Pointer, types.UnsafePointer, types.Func:
			to, ok = e.load(o)
		case types.Interface:
			to, ok = e.dynamic(o)
		default:
			return o, nil
		}
		if !ok {
			return o, e.fail(s.Pos, "%s leads to nothing: it is %s", typ.Name, e.nilOr(o))
		}
		o = to
	}
	return o, nil
}

// receive returns an element of a channel by its place in the queue.
func (e *evaluation) receive(x *notation.Expr, o operand) (operand, error) {
	p := e.p
	t, addr := e.header(o)
	typ := p.types.Type(t)
	i, err := strconv.ParseUint(x.Text, 10, 64)
	if typ.Kind != types.Chan || err != nil || addr == 0 {
		return o, e.fail(len(e.text), "%s is no channel that holds anything, or %q is no place in its queue", typ.Name, x.Text)
	}
	c, _ := p.space.Chan(nil, addr)
	at, ok := c.Place(i)
	if !ok {
		return o, e.fail(len(e.text), "the queue has no place %d: it holds %d elements", i, c.Queued)
	}
	return valueAt(typ.Elem, c.Buffer+at*p.types.Type(typ.Elem).Size), nil
}

// steps follows what is selected of a value.
func (e *evaluation) steps(o operand, steps []notation.Step) (operand, error) {
	var err error
	for i := range steps {
		s := &steps[i]
		if s.Kind == notation.Repeat {
			if s.N > e.p.im.Nodes {
				return o, e.fail(s.Pos, "%d repetitions are more than the program has objects", s.N)
			}
			for range s.N {
				if o, err = e.steps(o, s.Steps); err != nil {
					return o, err
				}
			}
			continue
		}
		if o, err = e.step(o, s); err != nil {
			return o, err
		}
	}
	return o, nil
}

// step follows one selector, index, type assertion or hop.
func (e *evaluation) step(o operand, s *notation.Step) (operand, error) {
	if o.parted != nil {
		return e.unknownPart(o, s)
	}
	switch s.Kind {
	case notation.Arrow:
		return e.arrow(o, s)
	case notation.Assert:
		return e.assert(o, s)
	case notation.Captured:
		return e.captured(o, s)
	}
	var err error
	if r := e.p.special(o.root); r != nil {
		if o, err = e.piece(r, 0, s); err != nil {
			return o, err
		}
	}
	if o, err = e.through(o, s); err != nil {
		return o, err
	}
	if s.Kind == notation.Field {
		return e.field(o, s)
	}
	return e.index(o, s)
}

// assert follows a type assertion: of an interface to the type of what it holds, with
// or without the star of a pointer.
func (e *evaluation) assert(o operand, s *notation.Step) (operand, error) {
	p := e.p
	for range maxIndirections { // Delve follows pointers to interfaces by itself
		if p.types.Type(o.t).Kind != types.Pointer || o.inside.Stage != 0 {
			break
		}
		to, ok := e.load(o)
		if !ok {
			break
		}
		o = to
	}
	typ := p.types.Type(o.t)
	if typ.Kind != types.Interface || o.inside.Stage != 0 {
		return o, e.fail(s.Pos, "%s is no interface", p.typeName(o))
	}
	dyn, ok := e.dynamic(o)
	if !ok {
		return o, e.fail(s.Pos, "the interface is nil")
	}
	got := p.types.Type(dyn.t)
	switch {
	case s.Text == "data", notation.SameType(got.Name, s.Text):
		return dyn, nil
	case got.Kind == types.Pointer && notation.SameType(got.Name, "*"+s.Text):
		return dyn, nil
	}
	return o, e.fail(s.Pos, "it holds a %s, not a %s", got.Name, notation.OneLine(s.Text))
}

// captured returns a variable that a closure captured, behind the fields that lead to it.
func (e *evaluation) captured(o operand, s *notation.Step) (operand, error) {
	p := e.p
	if r := p.special(o.root); r != nil {
		var err error
		if o, err = e.piece(r, 0, s); err != nil {
			return o, err
		}
	}
	rest := s.Text
	for {
		c := o
		if kind := p.types.Type(c.t).Kind; kind == types.Func || kind == types.Pointer || kind == types.UnsafePointer {
			if to, ok := e.load(c); ok {
				c = to
			}
		}
		name, ok := notation.ClosureName(p.types.Type(c.t).Name)
		if ok && rest == name {
			o = c
			break
		}
		first, behind, more := strings.Cut(rest, ".")
		if !more {
			return o, e.fail(s.Pos, "%s is no function %q that captured anything", p.typeName(o), rest)
		}
		field := notation.Step{Kind: notation.Field, Pos: s.Pos, Text: first}
		to, err := e.step(o, &field)
		if err != nil {
			return o, err
		}
		o, rest = to, behind
	}
	f, ok := field(p.types.Type(o.t), s.Variable)
	if !ok {
		return o, e.fail(s.Pos, "no variable %q is captured%s", s.Variable, didYouMean(s.Variable, fieldNames(p.types.Type(o.t))))
	}
	v := o.within(f.Type, f.Offset)
	if p.types.Type(f.Type).Kind == types.Pointer && p.capturesAddress(o.addr, f.Offset) {
		if v, ok = e.load(v); !ok {
			return v, e.fail(s.Pos, "%s is a nil pointer", s.Variable)
		}
		v.whole, v.pointee = true, true
	}
	return v, nil
}

// field selects a field, promoted ones included.
func (e *evaluation) field(o operand, s *notation.Step) (operand, error) {
	p := e.p
	if o.inside.Stage == inferior.AtHeader {
		o = valueAt(p.types.Type(o.inside.Type).Runtime, o.addr)
	} else if kind := p.types.Type(o.t).Kind; kind == types.Map || kind == types.Chan {
		t, addr := e.header(o)
		o = valueAt(p.types.Type(t).Runtime, addr)
	}
	typ := p.types.Type(o.t)
	path, ok := types.Promoted(p.types, o.t, s.Text)
	if !ok || o.elements {
		return o, e.fail(s.Pos, "%s has no field %q%s", p.typeName(o), s.Text, didYouMean(s.Text, fieldNames(typ)))
	}
	for _, f := range path {
		if p.types.Type(o.t).Kind == types.Pointer {
			if o, ok = e.load(o); !ok {
				return o, e.fail(s.Pos, "%s is promoted from a nil pointer", s.Text)
			}
		}
		outer := o.t
		o = o.within(f.Type, f.Offset)
		o.outer, o.outerOff = outer, f.Offset
	}
	return o, nil
}

// arrow follows what has no Go expression: a word of an object by its offset, or
// what a special keeps.
func (e *evaluation) arrow(o operand, s *notation.Step) (operand, error) {
	p := e.p
	if r := p.special(o.root); r != nil {
		if i, err := strconv.Atoi(s.Text); err == nil {
			return e.piece(r, i-1, s)
		}
		var err error
		if o, err = e.piece(r, 0, s); err != nil {
			return o, err
		}
	}
	at := e.objectOf(o)
	if offset, ok := strings.CutPrefix(s.Text, "+0x"); ok {
		off, err := strconv.ParseUint(offset, 16, 64)
		to := uint64(0)
		if o.bytes != nil && at == o.addr {
			to = p.wordOf(o.view, at+off)
		} else {
			to, _ = p.im.Mem.Word(p.valueStart(at) + off)
		}
		if object, found := e.object(to); err == nil && found {
			return object, nil
		}
		return o, e.fail(s.Pos, "nothing stands at offset %q", offset)
	}
	var kept operand
	found := false
	if n, ok := p.NodeAt(at); ok {
		p.eachKept(n, func(how string, address uint64) bool {
			if how == arrow+s.Text {
				kept, found = e.object(address)
			}
			return !found
		})
	}
	if !found {
		return o, e.fail(s.Pos, "it has no %s", notation.OneLine(s.Text))
	}
	return kept, nil
}

// special returns a root that is neither a variable nor a goroutine, nil for other nodes.
func (p *naming) special(n heap.Node) *image.Root {
	if r := p.root(n); r != nil && r.Kind != image.GlobalRoot && r.Kind != image.GoroutineRoot {
		return r
	}
	return nil
}

// piece is what the i-th word of a special root leads to.
func (e *evaluation) piece(r *image.Root, i int, s *notation.Step) (operand, error) {
	if i >= 0 && i < r.N {
		if o, ok := e.object(e.p.im.Pieces[r.First+i].Value); ok {
			return o, nil
		}
	}
	return operand{}, e.fail(s.Pos, "%s keeps %d objects", r.Name, r.N)
}

// valueStart is where the value of the object at an address begins, behind what the
// allocator wrote.
func (p *naming) valueStart(addr uint64) uint64 {
	if n, ok := p.NodeAt(addr); ok {
		return p.ValueAddr(n)
	}
	return addr
}

// objectOf returns the address of the object that a value leads to, or that it is
// in: that of its slot, or of a global variable.
func (e *evaluation) objectOf(o operand) uint64 {
	p := e.p
	at := o.addr
	if !o.pointee && p.types.Type(o.t).Kind != types.Interface {
		at = p.leadsTo(o)
	}
	if n, ok := p.NodeAt(at); ok {
		return p.Addr(n)
	}
	if r, _ := p.dataAt(at); r != nil {
		return r.Addr
	}
	return at
}

// leadsTo returns the address that a value holds, or where it stands if it is no
// pointer.
func (p *naming) leadsTo(o operand) uint64 {
	if o.inside.Stage == 0 && !o.elements {
		switch p.types.Type(o.t).Kind {
		case types.Pointer, types.Slice, types.String, types.Map, types.Chan, types.Func, types.UnsafePointer:
			return p.wordOf(o.view, o.addr)
		case types.Interface:
			return p.wordOf(o.view, o.addr+uint64(p.im.Arch.PtrSize))
		}
	}
	return o.addr
}

// index selects an element of an array or slice, or of a map by its key, or a range.
func (e *evaluation) index(o operand, s *notation.Step) (operand, error) {
	p := e.p
	typ := p.types.Type(o.t)
	if p.space.IsSyncMap(o.t) {
		return e.entry(o.t, o.addr, s)
	}
	if typ.Kind == types.Map || o.inside.Stage == inferior.AtHeader {
		t, addr := e.header(o)
		if typ = p.types.Type(t); typ.Kind == types.Map {
			return e.entry(t, addr, s)
		}
	}
	if lo, hi, ok := notation.Range(s.Text); ok {
		return e.elementRange(o, s, lo, hi)
	}
	i, err := e.integer(s.Text)
	if err != nil {
		return o, e.fail(s.Pos, "%q is no index", notation.OneLine(s.Text))
	}
	if o, err = e.elements(o, s); err != nil {
		return o, err
	}
	size := p.types.Type(o.t).Size
	if !e.inArray(o, i, size) {
		if i < 0 {
			return o, e.fail(s.Pos, "index %d is before the array that the slice is a part of", i)
		}
		return o, e.fail(s.Pos, "index %d is out of range: it has %d elements", i, o.n)
	}
	if o.hasLen && i >= 0 && uint64(i) >= o.length && s.Beyond == "" {
		return o, e.fail(s.Pos, "index %d is beyond len %d; the array behind the slice goes on: write %s for what stands there", i, o.length, notation.BeyondLen(i, o.length))
	}
	return o.within(o.t, uint64(i)*size), nil
}

// inArray reports whether element i of a slice or array is there: also where it is
// before or behind the slice, in the same array.
func (e *evaluation) inArray(o operand, i int64, size uint64) bool {
	if i >= 0 && uint64(i) < o.n {
		return true
	}
	if !o.hasLen || size == 0 || i > math.MaxInt64/int64(size) || i < math.MinInt64/int64(size) {
		return false
	}
	n, ok := e.p.NodeAt(o.addr)
	m, ok2 := e.p.NodeAt(o.addr + uint64(i)*size)
	return ok && ok2 && n == m
}

// elements is the array of what has elements: a slice's, an array itself, the bytes of a
// string.
func (e *evaluation) elements(o operand, s *notation.Step) (operand, error) {
	p := e.p
	typ := p.types.Type(o.t)
	switch {
	case o.elements:
		return o, nil
	case o.inside.Stage != 0:
	case typ.Kind == types.Slice:
		if to, ok := e.load(o); ok {
			return to, nil
		}
		return o, e.fail(s.Pos, "[%s] is out of range: it has 0 elements", notation.OneLine(s.Text))
	case typ.Kind == types.Array:
		part := o.within(typ.Elem, 0)
		part.n, part.elements = typ.Len, true
		return part, nil
	case typ.Kind == types.String:
		data, n := p.wordOf(o.view, o.addr), p.wordOf(o.view, o.addr+uint64(p.im.Arch.PtrSize))
		if byteType, ok := p.types.Lookup("uint8"); ok && data != 0 {
			return operand{view: view{t: byteType, addr: data, n: n, elements: true}}, nil
		}
	}
	return o, e.fail(s.Pos, "%s has no elements that could be counted", p.typeName(o))
}

// elementRange evaluates x[lo:hi].
func (e *evaluation) elementRange(o operand, s *notation.Step, lo, hi string) (operand, error) {
	p := e.p
	o, err := e.elements(o, s)
	if err != nil {
		return o, err
	}
	if o.hasLen {
		o.n = o.length
	}
	from, to := int64(0), int64(min(o.n, math.MaxInt64))
	if lo != "" {
		from, err = e.integer(lo)
	}
	if hi != "" && err == nil {
		to, err = e.integer(hi)
	}
	if err != nil || from < 0 || to < from || uint64(to) > o.n {
		return o, e.fail(s.Pos, "[%s] is no range of its %d elements", notation.OneLine(s.Text), o.n)
	}
	part := o.within(o.t, uint64(from)*p.types.Type(o.t).Size)
	part.n, part.elements, part.exact = uint64(to-from), true, true
	return part, nil
}

// integer reads a number or a rune.
func (e *evaluation) integer(text string) (int64, error) {
	text = strings.TrimSpace(text)
	if r, ok := notation.Rune(text); ok {
		return int64(r), nil
	}
	return strconv.ParseInt(strings.ReplaceAll(text, "_", ""), 0, 64)
}

// field finds a field by name.
func field(typ *types.Type, name string) (types.Field, bool) {
	for _, f := range typ.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return types.Field{}, false
}

func fieldNames(typ *types.Type) []string {
	names := make([]string, 0, len(typ.Fields))
	for _, f := range typ.Fields {
		names = append(names, f.Name)
	}
	return names
}

// didYouMean offers what is spelled like a name, "" where nothing is.
func didYouMean(name string, all []string) string {
	const most = 3
	if near := notation.Nearest(name, all, most); len(near) > 0 {
		return "; did you mean " + notation.AnyOf(near) + "?"
	}
	return ""
}

// typeNamed returns the type of a name, which may have but the last element of a
// package's path.
func (e *evaluation) typeNamed(pos int, name string) (types.ID, error) {
	p := e.p
	if t, ok := p.types.Lookup(name); ok {
		return t, nil
	}
	var found types.ID
	var names []string
	for _, id := range p.types.All() {
		typ := p.types.Type(id)
		if notation.SameType(typ.Name, name) {
			if found != 0 && p.types.Type(found).Name != typ.Name {
				return 0, e.fail(pos, "%s may be %s or %s", notation.OneLine(name), p.types.Type(found).Name, typ.Name)
			}
			found = id
		}
		names = append(names, typ.Name)
	}
	if found == 0 {
		return 0, e.fail(pos, "the program has no type %s%s", notation.OneLine(name), didYouMean(name, names))
	}
	return found, nil
}

// count evaluates len(x) and cap(x): a number, which stands nowhere, of what stands at x.
func (e *evaluation) count(x *notation.Expr) (Place, error) {
	p := e.p
	o, err := e.value(x.X)
	if err != nil {
		return Place{}, err
	}
	if p.types.Type(o.t).Kind == types.Pointer {
		if to, ok := e.load(o); ok && p.types.Type(to.t).Kind == types.Array {
			o = to
		}
	}
	n, ok := uint64(0), false
	w := uint64(p.im.Arch.PtrSize)
	t, addr := e.header(o)
	switch typ := p.types.Type(t); {
	case o.elements:
		n, ok = o.n, true
		if o.hasLen && x.Op == notation.Len {
			n = o.length
		}
	case typ.Kind == types.Array:
		n, ok = typ.Len, true
	case typ.Kind == types.String && x.Op == notation.Len:
		n, ok = p.wordOf(o.view, o.addr+w), true
	case typ.Kind == types.Slice && x.Op == notation.Len:
		n, ok = p.wordOf(o.view, o.addr+w), true
	case typ.Kind == types.Slice:
		n, ok = p.wordOf(o.view, o.addr+2*w), true
	case typ.Kind == types.Map && x.Op == notation.Len:
		if ok = addr == 0; !ok {
			n, ok = p.mapLen(t, addr)
		}
	case typ.Kind == types.Chan:
		if ok = addr == 0; !ok {
			var c inferior.Chan
			c, ok = p.space.Chan(nil, addr)
			if n = c.Queued; x.Op == notation.Cap {
				n = c.Capacity
			}
		}
	}
	if !ok {
		return Place{}, e.fail(len(e.text), "%s has no such length", p.typeName(o))
	}
	o.exact = true
	place, err := e.partPlace(o)
	if err != nil {
		return Place{}, err
	}
	place.Value = Value{Type: "int", Addr: o.addr, Size: w, Text: strconv.FormatUint(n, 10), Target: heap.None, Outside: true}
	return place, nil
}
