package gocore

import (
	"math"
	"strconv"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
	"goheap/heap"
)

// receive returns an element of a channel by its place in the queue.
func (e *evaluation) receive(x *notation.Expr, o operand) (operand, error) {
	p := e.p
	t, addr := e.header(o)
	typ := p.types.Type(t)
	i, err := e.integer(x.Text)
	if err != nil || typ.Kind != types.Chan || addr == 0 {
		return o, e.fail(len(e.text), "%s is no channel that holds anything, or %q is no place in its queue", typ.Name, x.Text)
	}
	c, _ := p.space.Chan(nil, addr)
	at, ok := c.Place(uint64(i))
	if !ok {
		return o, e.fail(len(e.text), "the queue has no place %s: it holds %d elements", notation.OneLine(x.Text), c.Queued)
	}
	return valueAt(typ.Elem, c.Buffer+at*p.types.Type(typ.Elem).Size), nil
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
	if inner, ok := e.unwrapped(o); ok {
		if inner, err := e.through(inner, s); err == nil {
			return e.index(inner, s)
		}
	}
	if lo, hi, ok := notation.Range(s.Text); ok {
		return e.elementRange(o, s, lo, hi)
	}
	i, err := e.integer(s.Text)
	if err != nil {
		return o, e.noIndex(s, err)
	}
	if p.space.IsSequence(typ) && !o.elements && o.inside.Stage == 0 && o.bytes == nil {
		return e.item(o, s, i)
	}
	if o, err = e.elements(o, s); err != nil {
		return o, err
	}
	size := p.types.Type(o.t).Size
	if !e.inArray(o, i, size) {
		if i < 0 {
			return o, e.outOfRange(s, i, " is before the array that the slice is a part of")
		}
		return o, e.outOfRange(s, i, " is out of range: it has %d elements", o.n)
	}
	if o.hasLen && i >= 0 && uint64(i) >= o.length && s.Beyond == "" {
		return o, e.outOfRange(s, i, " is beyond len %d; the array behind the slice goes on: write %s for what stands there", o.length, notation.BeyondLen(s.Text, o.length))
	}
	return o.within(o.t, uint64(i)*size), nil
}

// item selects an item of a list, a ring or a pool of the library by its place.
func (e *evaluation) item(o operand, s *notation.Step, i int64) (operand, error) {
	var found operand
	n := int64(0)
	e.p.space.Items(e.p.types.Type(o.t), o.addr, func(t types.ID, addr uint64) bool {
		found = valueAt(t, addr)
		n++
		return n <= i
	})
	if i < 0 || n <= i {
		return o, e.outOfRange(s, i, " is out of range: it has %d items", n)
	}
	return found, nil
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
	if err != nil {
		return o, e.noIndex(s, err)
	}
	if from < 0 || to < from || uint64(to) > o.n {
		return o, e.fail(s.Pos, "[%s] is no range of its %d elements", notation.OneLine(s.Text), o.n)
	}
	part := o.within(o.t, uint64(from)*p.types.Type(o.t).Size)
	part.n, part.elements, part.exact = uint64(to-from), true, true
	return part, nil
}

// count is the place of len(x) and cap(x): a number, which stands nowhere, of what stands at x.
func (e *evaluation) count(x *notation.Expr) (Place, error) {
	n, o, err := e.length(x)
	if err != nil {
		return Place{}, err
	}
	o.exact = true
	place, err := e.partPlace(o)
	if err != nil {
		return Place{}, err
	}
	place.Value = Value{Type: "int", Addr: o.addr, Size: uint64(e.p.im.Arch.PtrSize), Text: strconv.FormatUint(n, 10), Target: heap.None, Outside: true}
	return place, nil
}

// length evaluates len(x) and cap(x), and x.
func (e *evaluation) length(x *notation.Expr) (n uint64, o operand, err error) {
	p := e.p
	if o, err = e.value(x.X); err != nil {
		return 0, o, err
	}
	if inner, ok := e.unwrapped(o); ok {
		o = inner
	}
	if p.types.Type(o.t).Kind == types.Pointer {
		if to, ok := e.load(o); ok && (p.types.Type(to.t).Kind == types.Array || inferior.Holds(p.space, to.t)) {
			o = to
		}
	}
	ok := false
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
	case (typ.Kind == types.String || typ.Kind == types.Slice) && x.Op == notation.Len:
		n, ok = p.wordOf(o.view, o.addr+w), true
	case o.bytes == nil && x.Op == notation.Len && inferior.Holds(p.space, t):
		n, ok = inferior.Count(p.space, t, o.addr)
	case typ.Kind == types.Slice:
		n, ok = p.wordOf(o.view, o.addr+2*w), true
	case typ.Kind == types.Map && x.Op == notation.Len, typ.Kind == types.Chan:
		var room uint64
		if n, room, ok = inferior.Length(p.space, t, addr); x.Op == notation.Cap {
			n = room
		}
	}
	if !ok {
		return 0, o, e.fail(len(e.text), "%s has no %s", p.typeName(o), map[notation.Op]string{notation.Len: "length", notation.Cap: "capacity"}[x.Op])
	}
	return n, o, nil
}
