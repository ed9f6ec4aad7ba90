package uses

import (
	"context"

	"goheap/gocore/internal/code"
	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/internal/unwind"
)

// The words of a stack. The code of a frame says where it keeps what it was given, and what
// it was given back; a method's name says what it was given first, the closure that was
// called what it captured, and calls what their arguments are. What a function was given is
// what the one before it had: of either what is known of a word tells of the other's.

// stackReader reads frames, and keeps what it has found of functions.
type stackReader struct {
	*reader
	vars      *frames.Reader
	values    *frames.StoredReader
	functions map[uint64]*function // by their entries
}

// stacks notes what the code of frames says, on goroutines whose stacks lead to objects
// without a type.
func (x *reader) stacks(ctx context.Context, vars *frames.Reader) error {
	r := stackReader{reader: x, vars: vars, values: frames.NewStoredReader(vars, x.t.ByDescriptor), functions: map[uint64]*function{}}
	for g := range x.p.Image.Goroutines {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		list, live := vars.Walk(g)
		for _, s := range live {
			if word, ok := x.p.Image.Mem.Word(s.Addr); ok && typing.Unknown(x.t, word) {
				r.stack(&x.p.Image.Goroutines[g], list, live)
				break
			}
		}
	}
	return nil
}

// stack notes what the code of the frames of one goroutine says, innermost first.
func (x *stackReader) stack(g *image.Goroutine, list []unwind.Frame, live []unwind.Slot) {
	follows := make(map[uint64]bool, len(live))
	for _, s := range live {
		follows[s.Addr] = true
	}
	x.on = &stack{lo: g.StackLo, hi: g.StackHi, typing: typing.NewStack(g.StackLo, g.StackHi, follows)}
	defer func() { x.on = nil }()
	functions := make([]*function, len(list))
	known := make([]words, len(list))
	for i := range list {
		if functions[i] = x.function(&list[i]); functions[i] != nil {
			known[i] = x.words(functions[i], &list[i], live)
			x.interfaces(functions[i], &list[i], live)
		}
	}
	for i := 1; i < len(list); i++ {
		x.pass(list, functions, known, i, false)
	}
	for i := len(list) - 1; i > 0; i-- {
		x.pass(list, functions, known, i, true)
	}
	for i, f := range functions {
		if f != nil {
			x.walk(f, list[i].Func.Entry, known[i])
			x.evaluate(f, known[i])
		}
	}
}

// function returns what the code of a frame says, nil for nothing.
func (x *stackReader) function(fr *unwind.Frame) *function {
	if !frames.Followable(fr) || x.ofRuntime(fr.Func.Entry) {
		return nil
	}
	entry := fr.Func.Entry
	f, ok := x.functions[entry]
	if ok {
		return f
	}
	if f = x.read(entry); f != nil {
		x.given(f, entry)
	}
	x.functions[entry] = f
	return f
}

// given adds what a function says of what it is given, by its name, and if it is a closure's
// by what that captured; and of what those return that it calls.
func (x *stackReader) given(f *function, entry uint64) {
	fn, _ := x.p.Function(entry)
	receiver, isMethod := x.p.Receiver(fn)
	var captures []symbols.Capture
	for id := range f.Origins {
		o := &f.Origins[id]
		s := saying{base: code.ID(id)}
		switch {
		case o.Kind == code.Param && o.Reg == 0 && isMethod:
			s.to.Type, s.to.Part = receiver, true
		case o.Kind == code.Load && f.Origins[o.Base].Kind == code.Context:
			if captures == nil {
				captures = x.closures.MadeWith(entry)
			}
			s.to = x.captured(captures, o.Off)
		case o.Kind == code.Result:
			if s.to = x.leadsTo(f.Function, s.base, 0); x.p.Types.Type(s.to.Type).Kind == types.Array {
				s.to = program.Pointee{} // it may be what a slice was made of: see asSlice
			}
		}
		if s.to.Type != 0 {
			f.sayings = append(f.sayings, s)
		}
	}
}

// interfaces claims what the interfaces lead to that the frame keeps: of two words that came
// together, and stand together, the collector follows the second.
func (x *stackReader) interfaces(f *function, fr *unwind.Frame, live []unwind.Slot) {
	slots := f.slots[fr.PC]
	w := int64(x.p.Image.Arch.PtrSize)
	for i := 1; i < len(slots); i++ {
		first, second := slots[i-1], slots[i]
		addr := fr.CFA() + uint64(second.CFA)
		if first.Doubt || first.CFA+w != second.CFA || !f.Adjacent(first.Origin, second.Origin) || !unwind.LiveWord(live, addr) {
			continue
		}
		itab, ok := x.p.Image.Mem.Word(addr - uint64(w))
		if p, ok2 := x.p.Image.Mem.Word(addr); ok && ok2 {
			typing.ClaimDynamic(x.t, itab, p)
		}
	}
}

// words returns what is in the frame's words of which the code says where they come from.
func (x *stackReader) words(f *function, fr *unwind.Frame, live []unwind.Slot) words {
	known := words{}
	slots, ok := f.slots[fr.PC]
	if !ok {
		slots = f.At(fr.PC)
		f.slots[fr.PC] = slots
	}
	for _, s := range slots {
		addr := fr.CFA() + uint64(s.CFA)
		if s.Doubt && !unwind.LiveWord(live, addr) {
			continue
		}
		if at, n, ok := x.p.Image.Walker.ObjectAround(fr, addr); ok && f.Leaks(int64(at-fr.CFA()), int64(at+n-fr.CFA())) {
			continue // its address was taken and went somewhere: anything may have written to it
		}
		if v, ok := x.p.Image.Mem.Word(addr); ok && !known[s.Origin].live {
			known[s.Origin] = word{v, unwind.LiveWord(live, addr)}
		}
	}
	return known
}

// pass makes known what the function of frame i-1 was given by that of frame i, in either of
// which it may be known. Where the code does not name the function, a wrapper may have jumped
// to it, which has put another receiver into the first register and left the others
// (cmd/compile/internal/noder/reader.go, methodWrapper, Go 1.26).
func (x *stackReader) pass(list []unwind.Frame, functions []*function, known []words, i int, down bool) {
	inner, outer := functions[i-1], functions[i]
	if inner == nil || outer == nil {
		return
	}
	c, ok := outer.calls[list[i].PC]
	if !ok {
		return
	}
	for id := range inner.Origins {
		o := &inner.Origins[id]
		if o.Kind != code.Param || o.Reg == 0 && c.Target != list[i-1].Func.Entry || outer.Origins[c.Args[o.Reg]].Kind <= code.Zero {
			continue
		}
		from, to, a, b := known[i-1], known[i], code.ID(id), c.Args[o.Reg]
		if down {
			from, to, a, b = to, from, b, a
		}
		if v, ok := from[a]; ok {
			if !to[b].live {
				to[b] = v
			}
		}
	}
}

// walk follows the pointers in what a function was given, and in what those gave back that it
// called, of those values whose types are known.
func (x *stackReader) walk(f *function, entry uint64, known words) {
	type key struct {
		kind  code.Kind
		call  uint64
		index int
		typ   types.ID
	}
	var keys []key
	found := map[key][]byte{}
	has := map[key]map[uint64]bool{}
	w := uint64(x.p.Image.Arch.PtrSize)
	for i := range f.Origins {
		o := &f.Origins[i]
		word, ok := known[code.ID(i)]
		if !ok || o.Kind != code.Param && o.Kind != code.Result {
			continue
		}
		of, result := entry, o.Kind == code.Result
		if result {
			of = o.Target
		}
		typ, off, index := x.values.Given(of, o.Reg, result)
		size := x.p.Types.Type(typ).Size
		if typ == 0 || size > maxStatic || off+w > size {
			continue
		}
		k := key{o.Kind, o.Call, index, typ}
		if found[k] == nil {
			keys = append(keys, k)
			found[k], has[k] = make([]byte, size), map[uint64]bool{}
		}
		x.p.Image.Arch.PutWord(found[k][off:], word.value)
		has[k][off] = word.live
	}
	for _, k := range keys {
		x.t.WalkVariable(x.on.typing, k.typ, found[k], func(off uint64) bool { return has[k][off] })
	}
}
