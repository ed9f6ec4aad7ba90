// Package uses finds the types of what variables and the words of stacks lead to by the code
// that uses them, where no debugging information says what these are: in programs that have
// none, and of the literals that only code refers to.
//
// A function that adds to a map hands the map to the runtime together with the descriptor
// of its type; one that appends to a slice does so with its array; a method is called with
// what its name says; and what runtime.newobject has made is stored in a variable, or in a
// field of what a variable leads to. The code says by which way it came to the value, from
// the address of a variable on, and the same way is gone in the memory of the program. Of a
// stack it begins at what a frame keeps (stacks.go). The same code says what uses a variable
// that has no name (mentions.go).
package uses

import (
	"cmp"
	"context"
	"slices"

	"goheap/gocore/internal/code"
	"goheap/gocore/internal/frames"
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
	*lookup
	closures *program.Closures
	t        *typing.Typer
	said     map[uint64][]program.Pointee
	order    []uint64 // the addresses of which something is said
	lookups  int      // of origins
	called   map[called]bool
	naming   map[uint64][]uint64          // the functions that name the place of a word, by the word
	made     map[uint64][]program.Pointee // what functions make, by their entries
	linked   []link                       // see links
	bodies   map[uint64]*function         // of functions called, by their entries
	on       *stack                       // of the goroutine whose frames are read
}

// stack is [lo, hi).
type stack struct {
	lo, hi uint64
	typing *typing.Stack
}

// Claim makes claims on what the variables of a program and the words of its stacks lead to
// that is not known yet.
func Claim(ctx context.Context, closures *program.Closures, vars *frames.Reader, t *typing.Typer) error {
	p := closures.Program
	if p.Exe == nil || !code.Follows(p.Image.Arch.Name) {
		return nil
	}
	x := reader{lookup: newLookup(p), closures: closures, t: t, said: map[uint64][]program.Pointee{}, called: map[called]bool{}, bodies: map[uint64]*function{}, naming: map[uint64][]uint64{}, made: map[uint64][]program.Pointee{}}
	wanted := x.wanted()
	err := readAll(ctx, p, x.functions(wanted), func(f *function) {
		x.evaluate(f, nil)
		x.follow(f, nil, 0)
		if len(f.made) > 0 {
			x.made[f.entry] = f.made
		}
	})
	if err != nil {
		return err
	}
	if program.WithoutDebugging(p) {
		if err := x.stacks(ctx, vars); err != nil {
			return err
		}
		x.tellMade(wanted)
	}
	x.claim()
	return nil
}

// fewest is how many words have to be wanted of a program with debugging information. What
// has no type there are literals that only code refers to, and a single one is not worth the
// search of all code.
const fewest = 2

// wanted returns the addresses of words of the data that lead to objects without a type, or
// to data with such words, in ascending order.
func (x *reader) wanted() []uint64 {
	im := x.p.Image
	var list []uint64
	for i := range im.Roots {
		r := &im.Roots[i]
		if r.Kind != image.GlobalRoot || r.Type != 0 {
			continue
		}
		for _, p := range im.Pieces[r.First : r.First+r.N] {
			if p.Slot != 0 && len(list) < maxVariables && typing.Unknown(x.t, p.Value) {
				list = append(list, p.Slot)
			}
		}
	}
	if len(list) == 0 || len(list) < fewest && !program.WithoutDebugging(x.p.Program) {
		return nil
	}
	slices.Sort(list)
	links := x.links()
	x.linked = links
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
					if n == 1 && !slices.Contains(x.naming[w], f.Entry) {
						x.naming[w] = append(x.naming[w], f.Entry)
					}
				}
			}
		}
	}
	slices.Sort(entries)
	return slices.Compact(entries)
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

// say notes what stands at an address.
func (x *reader) say(addr uint64, to program.Pointee) {
	if addr == 0 || to.Type == 0 {
		return
	}
	if s := x.on; s != nil && addr >= s.lo && addr < s.hi {
		if to.Form == typing.OneValue {
			x.t.PointVariable(s.typing, to.Type, addr)
		}
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
	var parts []types.ID
	for _, list := range x.said {
		for _, s := range list {
			if s.Part {
				parts = append(parts, s.Type)
			}
		}
	}
	receivers := typing.NewReceivers(x.t, parts)
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
				receivers.Claim(s.Type, addr)
				x.t.WalkRange(addr, s.Type, 1)
			}
		}
	}
}
