package gocore

import (
	"fmt"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/library"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
)

// line writes the text of one value. It is bounded in bytes, in values that are
// looked at, in nesting and in pointers that are followed, whatever the memory
// holds.
type line struct {
	p     *values
	b     []byte
	steps int // values that may still be looked at

	// counted is the container that the value opens into, so that it is counted once.
	counted parts
}

const (
	maxLine      = 200 // bytes from which on nothing is added but what closes
	maxLineSteps = 64
	maxLineDepth = 4
	maxPartShow  = 40 // bytes of a string that is a part of a value

	// followOnce says how many pointers, or headers of slices, maps and
	// channels, are followed for the sake of a text.
	followOnce = 1

	notInCore = "(not in the core)"
)

func (p *values) newLine() *line { return &line{p: p, steps: maxLineSteps} }

func (l *line) String() string { return string(l.b) }

func (l *line) add(s string) { l.b = append(l.b, s...) }

// full reports whether the line has to be cut, and marks the cut.
func (l *line) full() bool {
	if l.steps > 0 && len(l.b) < maxLine {
		l.steps--
		return false
	}
	l.add("…")
	return true
}

// value writes the value of type t at addr, which stands depth levels below the
// one that the line is about, and follows at most hops pointers.
func (l *line) value(t types.ID, addr uint64, depth, hops int) {
	p := l.p
	t, addr = p.known().Unwrap(t, addr)
	typ := p.types.Type(t)
	if !p.present(addr, typ.Size) {
		l.add(notInCore)
		return
	}
	if text, ok := p.known().Text(typ, addr); ok {
		l.add(text)
		return
	}
	w := uint64(p.im.Arch.PtrSize)
	word := func(i uint64) uint64 {
		v, _ := p.im.Mem.Word(addr + i*w)
		return v
	}
	if c := &l.counted; c.t == t && c.addr == addr && inferior.Holds(p.space, t) {
		l.held(t, addr, c.n, c.more, hops)
		return
	} else if n, more, ok := inferior.Held(p.space, t, addr); ok {
		l.held(t, addr, n, more, hops)
		return
	}
	switch typ.Kind {
	case types.Struct:
		if of, at, ok := p.known().Reflected(typ, addr); ok {
			l.reflected(of, at, depth, hops)
			return
		}
		l.list(depth, uint64(len(typ.Fields)), func(i uint64) {
			l.add(library.Bare(typ.Fields[i].Name) + ": ")
			l.value(typ.Fields[i].Type, addr+typ.Fields[i].Offset, depth+1, 0)
		})
	case types.Array:
		l.elements(typ.Elem, addr, typ.Len, depth)
	case types.String:
		l.add(p.quoted(word(0), word(1), showAt(depth)))
	case types.Slice:
		l.slice(typ, word(0), word(1), word(2), depth, hops)
	case types.Map, types.Chan:
		if word(0) == 0 {
			l.add("nil")
			return
		}
		l.container(t, word(0), hops)
	case types.Interface:
		l.dynamic(typ, addr, depth, hops)
	case types.Pointer:
		l.pointer(typ, word(0), depth, hops)
	default:
		text := p.known().Scalar(typ, addr, p.functionName)
		if typ.Kind == types.Func {
			text = library.Bare(text)
		}
		if name := p.constantName(t, addr); name != "" {
			text = library.Bare(name) + " (" + text + ")"
		}
		l.add(text)
	}
}

// constantName names the constant, or the flags, of the declared type t that the number
// at addr is; "" for none.
func (p *values) constantName(t types.ID, addr uint64) string {
	c := types.ConstantsOf(p.types, t)
	if c == nil {
		return ""
	}
	size := p.types.Type(t).Size
	v, ok := p.im.Mem.Uint(addr, int(size))
	if !ok {
		return ""
	}
	return c.Name(v, size)
}

// areBytes reports whether values of type t are bytes, which are shown together as a
// string: those with names of their own are not.
func (p *values) areBytes(t types.ID) bool {
	return p.types.Type(t).Kind == types.Uint8 && types.ConstantsOf(p.types, t) == nil
}

func showAt(depth int) uint64 {
	if depth > 0 {
		return maxPartShow
	}
	return maxStringShow
}

// list writes n parts between braces.
func (l *line) list(depth int, n uint64, part func(i uint64)) {
	switch {
	case n == 0:
		l.add("{}")
		return
	case depth >= maxLineDepth:
		l.add("{…}")
		return
	}
	l.add("{")
	for i := range n {
		if i > 0 {
			l.add(", ")
		}
		if l.full() {
			break
		}
		part(i)
	}
	l.add("}")
}

// elements writes those of an array, bytes as a string.
func (l *line) elements(elem types.ID, addr, n uint64, depth int) {
	typ := l.p.types.Type(elem)
	if l.p.areBytes(elem) {
		l.add(l.p.quoted(addr, n, showAt(depth)))
		return
	}
	l.list(depth, n, func(i uint64) { l.value(elem, addr+i*typ.Size, depth+1, 0) })
}

func (l *line) slice(typ *types.Type, data, n, capacity uint64, depth, hops int) {
	if data == 0 {
		l.add("nil")
		return
	}
	l.add(fmt.Sprintf("len %d cap %d", n, capacity))
	elem := l.p.types.Type(typ.Elem)
	switch {
	case n == 0:
	case !l.p.present(data, elem.Size):
		l.add(" " + notInCore)
	case hops > 0 || l.p.areBytes(typ.Elem):
		l.add(" ")
		l.elements(typ.Elem, data, n, depth)
	}
}

// container writes the map or channel whose header stands at addr.
func (l *line) container(t types.ID, addr uint64, hops int) {
	p := l.p
	if p.types.Type(t).Kind == types.Map {
		n, ok := inferior.Entered(p.space, t, addr)
		if !ok {
			l.unread(addr)
			return
		}
		l.add(fmt.Sprintf("len %d", n))
		if hops > 0 && n > 0 {
			l.entries(t, addr)
		}
		return
	}
	c, ok := p.space.Chan(nil, addr)
	if !ok {
		l.unread(addr)
		return
	}
	l.add(fmt.Sprintf("%d/%d", c.Queued, c.Capacity))
	if c.Closed {
		l.add(", closed")
	}
	wait := func(n int, what string) {
		switch {
		case n == 1:
			l.add(", 1 goroutine waits to " + what)
		case n > 1:
			l.add(fmt.Sprintf(", %d goroutines wait to %s", n, what))
		}
	}
	receivers, senders := p.space.ChanWaiting(addr)
	wait(len(receivers), "receive")
	wait(len(senders), "send")
}

// unread writes the address of what cannot be decoded.
func (l *line) unread(addr uint64) {
	l.add(fmt.Sprintf("%#x", addr))
	if !l.p.present(addr, 1) {
		l.add(" " + notInCore)
	}
}

// entries writes the first entries of a map.
func (l *line) entries(m types.ID, addr uint64) {
	p := l.p
	typ := p.types.Type(m)
	sep := " {"
	p.space.Entries(m, addr, func(e inferior.Entry) bool {
		l.add(sep)
		sep = ", "
		if l.full() {
			return false
		}
		l.add(library.Bare(notation.Cut(p.keyText(e), maxPartShow)) + ": ")
		t, at := p.direct(e.ElemType, e.Elem, typ.Elem)
		l.value(t, at, 1, 0)
		return true
	})
	if sep == ", " {
		l.add("}")
	}
}

// held writes a container of the library that has n entries or items.
func (l *line) held(t types.ID, addr, n uint64, more bool, hops int) {
	l.add(fmt.Sprintf("len %d", n))
	if more {
		l.add(" or more")
	}
	typ := l.p.types.Type(t)
	switch {
	case hops == 0 || n == 0:
	case l.p.space.IsSequence(typ):
		sep := " {"
		l.p.space.Items(typ, addr, func(t types.ID, at uint64) bool {
			l.add(sep)
			sep = ", "
			if l.full() {
				return false
			}
			l.value(t, at, 1, 0)
			return true
		})
		if sep == ", " {
			l.add("}")
		}
	default:
		l.entries(t, addr)
	}
}

// reflected writes what a reflect.Value is of.
func (l *line) reflected(t types.ID, addr uint64, depth, hops int) {
	switch {
	case t == 0:
		l.add("invalid")
	case depth >= maxLineDepth:
		l.add("…")
	default:
		l.add("(" + library.Bare(l.p.types.Type(t).Name) + ") ")
		l.value(t, addr, depth+1, hops)
	}
}

// dynamic writes an interface: its dynamic type and the value in it, of an error
// its message.
func (l *line) dynamic(typ *types.Type, addr uint64, depth, hops int) {
	p := l.p
	if word, _ := p.im.Mem.Word(addr); word == 0 {
		l.add("nil")
		return
	}
	dyn, at, ok := p.space.Dynamic(typ, addr)
	if !ok {
		data, _ := p.im.Mem.Word(addr + uint64(p.im.Arch.PtrSize))
		l.add(fmt.Sprintf("(?) %#x", data))
		return
	}
	d := p.types.Type(dyn)
	l.add("(" + library.Bare(d.Name) + ") ")
	if d.Kind == types.Pointer {
		// Of what a pointer leads to, a text of its own says more than the
		// address.
		to, _ := p.im.Mem.Word(at)
		if text, ok := p.known().Text(p.types.Type(d.Elem), to); ok && to != 0 {
			l.add(text)
			return
		}
	}
	if depth >= maxLineDepth {
		l.add("…")
		return
	}
	l.value(dyn, at, depth+1, hops)
}

func (l *line) pointer(typ *types.Type, to uint64, depth, hops int) {
	if to == 0 {
		l.add("nil")
		return
	}
	l.add(fmt.Sprintf("%#x", to))
	elem := l.p.types.Type(typ.Elem)
	if hops == 0 || elem.Kind == types.Invalid || elem.Size == 0 {
		return
	}
	if !inferior.Holds(l.p.space, typ.Elem) {
		hops--
	}
	l.add(" → ")
	l.value(typ.Elem, to, depth+1, hops)
}

// quoted returns the n bytes at addr, escaped, show of them at most.
func (p *values) quoted(addr, n, show uint64) string {
	b := p.im.Mem.Prefix(addr, min(n, show))
	if len(b) == 0 && n > 0 {
		return fmt.Sprintf("(%d bytes, not in the core)", n)
	}
	return notation.Quote(library.WholeRunes(b, n), n)
}
