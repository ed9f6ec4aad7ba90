package frames

import (
	"slices"
	"strings"

	"goheap/gocore/internal/code"
	"goheap/gocore/internal/pclntab"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
	"goheap/gocore/internal/unwind"
)

// Bounds of what is looked at, far above what programs have: bytes and instructions of a
// function, steps through one, and functions.
const (
	maxCode      = 1 << 18
	maxCodeSteps = 1 << 20
	maxFollowed  = 1 << 12
)

// namedParameters is the first minor version of Go that describes parameters without a
// name (cmd/compile/internal/dwarfgen, Go 1.22).
const namedParameters = 22

// StoredValue is what the code of a frame says that some of its words are: parts of one
// value, which it was given or which a function that it called returned.
type StoredValue struct {
	Type  types.ID
	Words []StoredWord
	// Made says that the one word is a pointer that the runtime returned when it made a
	// value of the type, and not the value.
	Made   typing.Form
	IsMade bool
}

// StoredWord is a word of a StoredValue.
type StoredWord struct {
	Off  uint64 // in the value
	Addr uint64
	// Doubt says that a function called may have written to it, unless it is live.
	Doubt bool
}

// Stored makes claims on what those of the words lead to, which are in the order of their
// goroutines, that are in no variable, where the code of their frames says what they are.
func (p *Reader) Stored(t *typing.Typer, list []typing.StackWord) {
	c := NewStoredReader(p, t.ByDescriptor)
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].Goroutine == list[0].Goroutine {
			n++
		}
		p.storedOn(c, t, list[:n])
		list = list[n:]
	}
}

// storedOn is Stored for the words of one goroutine.
func (p *Reader) storedOn(c *StoredReader, t *typing.Typer, list []typing.StackWord) {
	g := &p.image.Goroutines[list[0].Goroutine]
	frames, words := p.Walk(list[0].Goroutine)
	wanted := map[int32]map[uint64]bool{} // by frame
	for _, s := range list {
		k, ok := slices.BinarySearchFunc(words, s.Addr, compareSlot)
		if !ok || words[k].Conservative || words[k].Frame < 0 || int(words[k].Frame) >= len(frames) || p.inVariable(&frames[words[k].Frame], words, s.Addr) {
			continue
		}
		if wanted[words[k].Frame] == nil {
			wanted[words[k].Frame] = map[uint64]bool{}
		}
		wanted[words[k].Frame][s.Addr] = true
	}
	stack := typing.NewStack(g.StackLo, g.StackHi, map[uint64]bool{})
	for i := range frames {
		want := wanted[int32(i)]
		if want == nil {
			continue
		}
		for _, v := range c.Values(&frames[i], words) {
			if !slices.ContainsFunc(v.Words, func(w StoredWord) bool { return want[w.Addr] }) {
				continue
			}
			if v.IsMade {
				if word, ok := p.image.Mem.Word(v.Words[0].Addr); ok {
					typing.PointMade(t, stack, v.Type, v.Made, word)
				}
				continue
			}
			size := p.program.Types.Type(v.Type).Size
			if size > g.StackHi-g.StackLo {
				continue
			}
			data := make([]byte, size)
			at := map[uint64]uint64{}
			for _, w := range v.Words {
				if word, ok := p.image.Mem.Word(w.Addr); ok && !(w.Doubt && !unwind.LiveWord(words, w.Addr)) && w.Off+uint64(p.image.Arch.PtrSize) <= size {
					p.image.Arch.PutWord(data[w.Off:], word)
					at[w.Off] = w.Addr
				}
			}
			t.WalkVariable(stack, v.Type, data, func(off uint64) bool { return want[at[off]] })
		}
	}
}

func compareSlot(w unwind.Slot, addr uint64) int {
	if w.Addr < addr {
		return -1
	}
	return min(int(w.Addr-addr), 1)
}

// inVariable reports whether a word of a frame is in one of its variables.
func (p *Reader) inVariable(fr *unwind.Frame, words []unwind.Slot, addr uint64) bool {
	return slices.ContainsFunc(p.In(fr, words), func(v Var) bool { _, in := v.find(addr, fr.CFA()); return in })
}

// StoredReader finds the values of frames, and keeps what it has found of functions.
type StoredReader struct {
	p          *Reader
	descriptor func(uint64) types.ID
	follow     bool // the code of this processor and version
	loads      bool // see code.Config
	named      bool // all parameters are described, those without a name, too
	functions  map[uint64]*code.Function
	signatures map[uint64]signature
	methods    map[uint64]types.Method // by their code, once one was asked for
}

// NewStoredReader returns a StoredReader for the frames that p reads. byDescriptor knows the
// types by the addresses of their descriptors: nil for those that are in the table by now.
func NewStoredReader(p *Reader, byDescriptor func(uint64) types.ID) *StoredReader {
	if byDescriptor == nil {
		byDescriptor = func(descriptor uint64) types.ID {
			t, _ := p.program.Types.ByRuntimeType(descriptor)
			return t
		}
	}
	c := &StoredReader{p: p, descriptor: byDescriptor, functions: map[uint64]*code.Function{}, signatures: map[uint64]signature{}}
	minor, ok := p.program.Minor()
	c.follow = ok && code.Follows(p.image.Arch.Name)
	c.named = minor >= namedParameters || program.WithoutDebugging(p.program)
	return c
}

// Values returns the values that the code says to be in a frame.
func (c *StoredReader) Values(fr *unwind.Frame, words []unwind.Slot) []StoredValue {
	if !c.follow || !Followable(fr) {
		return nil
	}
	f := c.function(fr.Func)
	if f == nil {
		return nil
	}
	type key struct {
		kind  code.Kind
		call  uint64
		index int // among the parameters or results
		typ   types.ID
		base  code.ID // of a word that was loaded, and where it was
		word  uint64
	}
	var list []StoredValue
	var keys []key
	found := map[key]*StoredValue{}
	for _, s := range f.At(fr.PC) {
		addr := fr.CFA() + uint64(s.CFA)
		if at, n, ok := c.p.image.Walker.ObjectAround(fr, addr); ok && f.Leaks(int64(at-fr.CFA()), int64(at+n-fr.CFA())) {
			continue // its address was taken and went somewhere: anything may have written to it
		}
		o := f.Origins[s.Origin]
		if typ, form := c.made(f, o); typ != 0 {
			list = append(list, StoredValue{Type: typ, Words: []StoredWord{{0, addr, s.Doubt}}, Made: form, IsMade: true})
			continue
		}
		typ, off, index := c.typeOf(fr.Func.Entry, f, s.Origin, 0)
		if typ == 0 || strings.Contains(c.p.program.Types.Type(typ).Name, typing.ShapePrefix) {
			continue
		}
		k := key{kind: o.Kind, call: o.Call, index: index, typ: typ}
		if o.Kind == code.Load {
			k.base, k.word = o.Base, off // two words that were loaded need not be of one time
		}
		v := found[k]
		if v == nil {
			v = &StoredValue{Type: typ}
			found[k] = v
			keys = append(keys, k)
		}
		v.Words = append(v.Words, StoredWord{off, addr, s.Doubt})
	}
	for _, k := range keys {
		list = append(list, *found[k])
	}
	return list
}

// Followable reports whether the code of a frame may be followed to where it is.
func Followable(fr *unwind.Frame) bool {
	return fr.ContinPC == fr.PC && fr.Func.Flags()&(pclntab.Asm|pclntab.SPWrite) == 0
}

func (c *StoredReader) function(fn pclntab.Func) *code.Function {
	if f, ok := c.functions[fn.Entry]; ok || len(c.functions) >= maxFollowed {
		return f
	}
	var f *code.Function
	if n := fn.End - fn.Entry; n <= maxCode {
		if text, ok := c.p.image.Mem.Slice(fn.Entry, n); ok {
			f = code.Follow(code.Config{Entry: fn.Entry, Text: text, Callee: program.Code{Program: c.p.program}.Callee, Unknown: code.Callee{Returns: true, Outgoing: program.MaxOutgoing}, Loads: c.loads, MaxSteps: maxCodeSteps})
		}
	}
	c.functions[fn.Entry] = f
	return f
}

// typeOf returns the type of the value that a word with an origin is part of, where in
// that it is, and which of the values of its kind it is.
func (c *StoredReader) typeOf(entry uint64, f *code.Function, id code.ID, depth int) (typ types.ID, off uint64, index int) {
	o := f.Origins[id]
	switch o.Kind {
	case code.Param:
		return c.Given(entry, o.Reg, false)
	case code.Result:
		return c.Given(o.Target, o.Reg, true)
	case code.Load:
		if depth < maxLoads && o.Off >= 0 {
			if to := c.pointsTo(entry, f, o.Base, depth+1); to != 0 && uint64(o.Off) < c.p.program.Types.Type(to).Size {
				return to, uint64(o.Off), 0
			}
		}
	}
	return 0, 0, 0
}

// Given returns the type of the value that a function is given in an integer register, or
// gives back with result, where in that the register's word is, and which of its parameters
// or results it is; the type 0 where that is not known.
func (c *StoredReader) Given(entry uint64, reg uint8, result bool) (typ types.ID, off uint64, index int) {
	s := c.signature(entry)
	switch {
	case !s.known:
		return 0, 0, 0
	case result:
		return s.results.at(reg)
	case c.complete(entry, s):
		return s.params.at(reg)
	}
	return 0, 0, 0
}

// complete reports whether the signature of a function has all its parameters: until Go
// 1.21 debugging information lacks those without a name.
func (c *StoredReader) complete(entry uint64, s signature) bool {
	if c.named {
		return true
	}
	fn, ok := c.p.program.Function(entry)
	if !ok || fn.Entry != entry {
		return false
	}
	n, ok := fn.NumParams()
	return ok && n == s.number
}

// maxLoads bounds how many pointers are followed through memory.
const maxLoads = 8

// pointsTo returns the type of the value that a word points to, 0 where it is no pointer
// to one or that is not known.
func (c *StoredReader) pointsTo(entry uint64, f *code.Function, id code.ID, depth int) types.ID {
	if typ, form := c.made(f, f.Origins[id]); typ != 0 && form != typing.Container {
		return typ
	}
	typ, off, _ := c.typeOf(entry, f, id, depth)
	for _, w := range c.p.program.Types.Words(typ) {
		if w.Offset == off && w.Kind == types.PointerWord {
			return w.Target
		}
	}
	return 0
}

// made returns the type of what a function of the runtime makes and returns a pointer to,
// if a word is that pointer.
func (c *StoredReader) made(f *code.Function, o code.Origin) (types.ID, typing.Form) {
	m := program.Code{Program: c.p.program}.Made(f, o, c.descriptor)
	return m.Type, m.Form
}
