package gocore

import (
	"strconv"
	"strings"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
	"goheap/heap"
)

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

// unwrapped is the value that one of the library's types is but a way to get at, such as a
// sync/atomic.Pointer or a reflect.Value: show has its parts for parts of the wrapper. ok is
// false for other values, and for variables that stand in no one place.
func (e *evaluation) unwrapped(o operand) (inner operand, ok bool) {
	p := e.p
	typ := p.types.Type(o.t)
	if typ.Kind != types.Struct || o.bytes != nil || o.inside.Stage != 0 || o.elements {
		return o, false
	}
	if e.followed++; e.followed > maxIndirections {
		return o, false
	}
	of, at, ok := p.known().Reflected(typ, o.addr)
	if !ok || of == 0 {
		of, at = p.known().Unwrap(o.t, o.addr)
	}
	if of == o.t && at == o.addr {
		return o, false
	}
	return valueAt(of, at), true
}

// steps follows what is selected of a value.
func (e *evaluation) steps(o operand, steps []notation.Step) (operand, error) {
	var err error
	for i := range steps {
		s := &steps[i]
		if s.Kind == notation.Repeat {
			if s.N > max(e.p.im.Nodes, maxRepetitions) {
				return o, e.fail(s.Pos, "%d repetitions are more than the program has objects", s.N)
			}
			if o, err = e.repeat(o, s); err != nil {
				return o, err
			}
			continue
		}
		if o, err = e.step(o, s); err != nil {
			return o, err
		}
	}
	return o, nil
}

// reached is where a part of a text leads, and how many pointers that has followed.
type reached struct {
	o        operand
	followed int
}

// repeat follows a repetition. A long one goes on from where fewer of the same text led;
// what names in brackets stand for depends on more than their text.
func (e *evaluation) repeat(o operand, s *notation.Step) (_ operand, err error) {
	n, text, long := 0, e.text[:s.Times], s.N >= longChain && s.Selects() && *e.mentions == 0
	if long {
		var known reached
		if known, n = e.p.index.repeats.Most(text, s.N); n > 0 {
			o, e.followed = known.o, known.followed
		}
	}
	for ; n < s.N; n++ {
		if o, err = e.steps(o, s.Steps); err != nil {
			return o, err
		}
	}
	if long {
		e.p.index.repeats.Add(text, n, reached{o, e.followed})
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
	if inner, ok := e.unwrapped(o); ok {
		o = inner // what a sync/atomic.Value holds, say
		if p.types.Type(o.t).Kind != types.Interface && (s.Text == "data" || p.sameType(p.types.Type(o.t).Name, s.Text)) {
			return o, nil
		}
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
	case s.Text == "data", p.sameType(got.Name, s.Text):
		return dyn, nil
	case got.Kind == types.Pointer && p.sameType(got.Name, "*"+s.Text):
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
		part := notation.Step{Kind: notation.Field, Pos: s.Pos, Text: first}
		if closes := notation.Matching(rest); rest[0] == '(' && closes > 0 {
			part.Kind, part.Text, behind = notation.Assert, rest[1:closes], strings.TrimPrefix(rest[closes+1:], ".")
		}
		to, err := e.step(o, &part)
		if err != nil {
			return o, err
		}
		o, rest = to, behind
	}
	f, ok := p.types.Type(o.t).Field(s.Variable)
	if !ok {
		return o, e.fail(s.Pos, "no variable %q is captured%s", s.Variable, notation.DidYouMean(s.Variable, p.types.Type(o.t).FieldNames()))
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
	if !ok {
		if inner, wraps := e.unwrapped(o); wraps {
			if inner, err := e.through(inner, s); err == nil {
				return e.field(inner, s)
			}
		}
	}
	if !ok || o.elements {
		return o, e.fail(s.Pos, "%s has no field %q%s", p.typeName(o), s.Text, notation.DidYouMean(s.Text, typ.FieldNames()))
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
	if s.Text == "" || s.Text == notation.Fitting {
		return e.outward(at, s)
	}
	if typ, off, ok := notation.PartOf(s.Text); ok {
		return e.partAt(at, typ, off, s)
	}
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
	found, elsewhere := false, uint64(0)
	if n, ok := p.NodeAt(at); ok {
		p.eachKept(n, func(how string, address uint64) bool {
			if how == arrow+s.Text {
				kept, found = e.object(address)
				elsewhere = address
			}
			return !found
		})
	}
	if elsewhere != 0 && !found {
		code, _ := p.im.Mem.Word(elsewhere)
		if fn, ok := p.decoder.Function(code); ok {
			return o, e.fail(s.Pos, "its %s is the function %s, which captures nothing", notation.OneLine(s.Text), fn.Name())
		}
		return o, e.fail(s.Pos, "its %s is nothing on the heap (%#x)", notation.OneLine(s.Text), elsewhere)
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

// maxRepetitions are followed whatever the number of objects: data may be linked too.
const maxRepetitions = 1 << 20
