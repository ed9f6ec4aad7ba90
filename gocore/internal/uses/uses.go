// Package uses finds the types of what variables lead to by the code that uses them, in a
// program of which no debugging information says what its variables are.
//
// A function that adds to a map hands the map to the runtime together with the descriptor
// of its type; one that appends to a slice does so with its array; a method is called with
// what its name says; and what runtime.newobject has made is stored in a variable, or in a
// field of what a variable leads to. The code says by which way it came to the value, from
// the address of a variable on, and the same way is gone in the memory of the program.
package uses

import (
	"cmp"
	"context"
	"slices"

	"goheap/gocore/internal/code"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
)

// Bounds of what is looked at: bytes and steps of a function, steps of all, and variables.
const (
	maxCode      = 1 << 17
	maxSteps     = 1 << 18
	maxAllSteps  = 1 << 24
	maxLoads     = 8
	maxVariables = 1 << 20
	maxLinks     = 3 // from a variable through values in the data to the heap
)

// near is how far a word of a variable may be from the start of the variable, by which code
// may name it, and tried how many of the addresses that code names before it are taken for
// that start. Values in the data that are no variables are below maxStatic bytes large.
const (
	near  = 1 << 12
	tried = 3

	maxStatic = 1 << 16
)

// reader looks for uses of variables.
type reader struct {
	p       program.Code
	t       *typing.Typer
	callees map[uint64]code.Callee
	said    map[uint64][]program.Pointee
	order   []uint64 // the addresses of which something is said
}

// Claim makes claims on what the variables of a program lead to that is not known yet.
func Claim(ctx context.Context, p *program.Program, t *typing.Typer) error {
	if !program.WithoutDebugging(p) || !code.Follows(p.Image.Arch.Name) {
		return nil
	}
	x := reader{p: program.Code{Program: p}, t: t, callees: map[uint64]code.Callee{}, said: map[uint64][]program.Pointee{}}
	steps := 0
	for _, fn := range x.functions(x.wanted()) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		f, ok := p.Function(fn)
		if !ok || f.End-f.Entry > maxCode || steps > maxAllSteps {
			continue
		}
		steps += int(f.End - f.Entry)
		if text, ok := p.Image.Mem.Slice(f.Entry, f.End-f.Entry); ok {
			x.follow(f.Entry, text)
		}
	}
	x.claim()
	return nil
}

// wanted returns the addresses of words of the data that lead to objects without a type, or
// to data with such words, in ascending order.
func (x *reader) wanted() []uint64 {
	im := x.p.Image
	var list []uint64
	for i := range im.Roots {
		r := &im.Roots[i]
		if r.Kind != image.GlobalRoot {
			continue
		}
		for _, p := range im.Pieces[r.First : r.First+r.N] {
			if p.Slot != 0 && len(list) < maxVariables && typing.Unknown(x.t, p.Value) {
				list = append(list, p.Slot)
			}
		}
	}
	slices.Sort(list)
	links := x.links()
	for range maxLinks {
		more := list
		for i, l := range links {
			next := l.to + maxStatic
			if i+1 < len(links) && links[i+1].to > l.to {
				next = min(next, links[i+1].to)
			}
			if k, _ := slices.BinarySearch(list, l.to); k < len(list) && list[k] < next {
				more = append(more, l.from)
			}
		}
		slices.Sort(more)
		more = slices.Compact(more)
		if len(more) == len(list) {
			break
		}
		list = slices.Clone(more)
	}
	return list
}

type link struct{ from, to uint64 }

// links returns the words of the data that lead to data, by where they lead.
func (x *reader) links() []link {
	im := x.p.Image
	w := uint64(im.Arch.PtrSize)
	var list []link
	for i := range x.p.Modules {
		m := &x.p.Modules[i]
		for _, r := range [...]typing.Range{{Lo: m.Data, Hi: m.Edata}, {Lo: m.BSS, Hi: m.EBSS}} {
			for at := (r.Lo + w - 1) &^ (w - 1); at < r.Hi && r.Hi-at >= w; {
				start, data := im.Mem.Segment(at)
				if data == nil {
					at = (at + program.MinPage) &^ (program.MinPage - 1)
					continue
				}
				data = data[at-start:]
				data = data[:min(uint64(len(data)), r.Hi-at)]
				for ; uint64(len(data)) >= w && len(list) < maxVariables; data, at = data[w:], at+w {
					p := im.Arch.Word(data)
					if p >= m.Data && p < m.Edata || p >= m.BSS && p < m.EBSS {
						list = append(list, link{at, p})
					}
				}
				if len(data) > 0 {
					at += w
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b link) int { return cmp.Or(cmp.Compare(a.to, b.to), cmp.Compare(a.from, b.from)) })
	return list
}

// functions returns the entries of the functions whose code names one of the addresses, or
// one shortly before it, in ascending order.
func (x *reader) functions(wanted []uint64) []uint64 {
	if len(wanted) == 0 {
		return nil
	}
	var entries []uint64
	for i := range x.p.Modules {
		m := &x.p.Modules[i]
		var list []code.Naming
		for _, r := range [...]typing.Range{{Lo: m.Data, Hi: m.Edata}, {Lo: m.BSS, Hi: m.EBSS}} {
			list = x.p.Namings(list, m, r.Lo, r.Hi, false)
		}
		code.ByAddress(list)
		for _, w := range wanted {
			k, _ := slices.BinarySearchFunc(list, w+1, func(n code.Naming, to uint64) int { return cmp.Compare(n.To, to) })
			last, n := uint64(0), 0
			for k--; k >= 0 && list[k].To+near > w; k-- {
				if list[k].To != last {
					if last = list[k].To; n == tried {
						break
					}
					n++
				}
				if f, ok := x.p.Function(list[k].PC); ok {
					entries = append(entries, f.Entry)
				}
			}
		}
	}
	slices.Sort(entries)
	return slices.Compact(entries)
}

func (x *reader) callee(entry uint64) code.Callee {
	c, ok := x.callees[entry]
	if !ok {
		c = x.p.Callee(entry)
		x.callees[entry] = c
	}
	return c
}

// follow notes what the code of a function says.
func (x *reader) follow(entry uint64, text []byte) {
	f := code.Follow(code.Config{Entry: entry, Text: text, Callee: x.callee, Unknown: code.Callee{Returns: true, Outgoing: program.MaxOutgoing}, MaxSteps: maxSteps})
	if f == nil {
		return
	}
	f.Uses(func(c code.Call) {
		x.p.Given(f, c, x.t.ByDescriptor, func(argument int, to program.Pointee) {
			if addr, ok := x.value(f, c.Args[argument], 0); ok {
				x.say(addr, to)
			}
		})
	}, func(s code.Store) {
		to := x.p.Made(f, f.Origins[s.Value], x.t.ByDescriptor)
		if to.Type == 0 {
			return
		}
		base, ok := x.value(f, s.To, 0)
		if !ok || typing.Dynamic(x.t, base+uint64(s.Off)) {
			return
		}
		if addr, ok := typing.Word(x.t, base+uint64(s.Off)); ok {
			x.say(addr, x.asSlice(to, base+uint64(s.Off)))
		}
	})
}

// asSlice turns an array into the values of a slice, if the word at addr that leads to it
// is the first of one: a slice literal is made as an array.
func (x *reader) asSlice(to program.Pointee, addr uint64) program.Pointee {
	typ := x.p.Types.Type(to.Type)
	if to.Form != typing.OneValue || typ.Kind != types.Array {
		return to
	}
	w := uint64(x.p.Image.Arch.PtrSize)
	length, ok := typing.Word(x.t, addr+w)
	room, ok2 := typing.Word(x.t, addr+2*w)
	if ok && ok2 && room == typ.Len && length <= room {
		return program.Pointee{Type: typ.Elem, Form: typing.ManyValues}
	}
	return to
}

// value returns what a word has now that came from variables when the code ran.
func (x *reader) value(f *code.Function, id code.ID, depth int) (uint64, bool) {
	o := f.Origins[id]
	switch {
	case depth > maxLoads:
	case o.Kind == code.Static:
		return o.Addr, true
	case o.Kind == code.Inside:
		base, ok := x.value(f, o.Base, depth+1)
		return base + uint64(o.Off), ok && base != 0
	case o.Kind == code.Load:
		base, ok := x.value(f, o.Base, depth+1)
		// What is in an interface may be of any type: the code has asked for one.
		if !ok || base == 0 || typing.Dynamic(x.t, base+uint64(o.Off)) {
			return 0, false
		}
		return typing.Word(x.t, base+uint64(o.Off))
	}
	return 0, false
}

// say notes what stands at an address.
func (x *reader) say(addr uint64, to program.Pointee) {
	if addr == 0 || to.Type == 0 {
		return
	}
	if len(x.said[addr]) == 0 {
		x.order = append(x.order, addr)
	}
	if !slices.Contains(x.said[addr], to) {
		x.said[addr] = append(x.said[addr], to)
	}
}

// claim makes the claims. Of an object of which two things are said that cannot both be,
// none is.
func (x *reader) claim() {
	slices.Sort(x.order)
	for _, addr := range x.order {
		whole := 0
		for _, s := range x.said[addr] {
			if !s.Part {
				whole++
			}
		}
		inHeap := x.p.Image.InHeap(addr)
		for _, s := range x.said[addr] {
			switch {
			case !inHeap && s.Part:
				typing.ClaimStatic(x.t, s.Type, addr)
			case inHeap && !s.Part && whole == 1:
				typing.ClaimMade(x.t, s.Type, s.Form, addr)
			case inHeap && s.Part && whole == 0:
				typing.ClaimReceiver(x.t, s.Type, addr)
				x.t.WalkRange(addr, s.Type, 1)
			}
		}
	}
}
