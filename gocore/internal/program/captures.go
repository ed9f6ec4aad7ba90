package program

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"goheap/gocore/internal/code"
	"goheap/gocore/internal/pclntab"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
)

// Until Go 1.22 debugging information does not say where in a closure a captured variable
// is. The code does: a closure's function is called with the closure's address in a
// register, loads what it needs from there, and debugging information says in which
// register or word of the frame each variable is from then on. What is captured is
// assigned to nowhere, or it would be captured by its address
// (cmd/compile/internal/ssagen, buildssa, "Populate closure variables", Go 1.22).
//
// A variable of the function's own may hold the same word, by an assignment or a type
// assertion, and its type need not be the one that was captured. So the function around the
// closure must have a variable of that name and type. One whose name is that of an address
// is captured by the compiler's word: a variable of the function's own that has gone to the
// heap was made there and not loaded. Such a name is also that of a variable which the
// closure holds itself and whose address the code uses: the code tells these apart, in all
// versions.

// describedCaptures is the first minor version of Go whose debugging information says
// where captured variables are (DW_AT_go_closure_offset).
const describedCaptures = 23

// Bounds of the code that is followed, far above what closures have: bytes and
// instructions of a function, and words of a closure.
const (
	maxClosureCode  = 1 << 16
	maxClosureSteps = 1 << 18
	maxClosure      = 1 << 16
)

// Code is a program as far as its instructions are followed.
type Code struct{ *Program }

// followed has the captures that the code of functions has told.
type followed struct {
	mu        sync.Mutex
	list      map[uint64][]symbols.Capture
	functions map[string][]uint64 // the entries of those that have closures in them, by name
}

// followCaptures returns the captures of the closure whose code starts at entry, by offset:
// those that debugging information describes, and until Go 1.22 those of which the code
// tells where they are. Types are of the file that has the code.
func (d Code) followCaptures(entry uint64, described []symbols.Capture) []symbols.Capture {
	minor, ok := d.Minor()
	byRef := slices.ContainsFunc(described, func(c symbols.Capture) bool { return c.ByRef })
	if !ok || !code.Follows(d.Image.Arch.Name) || len(described) > 0 && !byRef || len(described) == 0 && minor >= describedCaptures {
		return described
	}
	k := &d.Exe.followed
	k.mu.Lock()
	defer k.mu.Unlock()
	if list, ok := k.list[entry]; ok {
		return list
	}
	if k.list == nil {
		k.list = map[uint64][]symbols.Capture{}
	}
	fn, ok := d.Function(entry)
	if !ok || fn.Entry != entry || fn.Flags()&(pclntab.Asm|pclntab.SPWrite) != 0 {
		return described
	}
	list := slices.Clone(described)
	for _, c := range d.CapturesByCode(fn) {
		i := slices.IndexFunc(described, func(x symbols.Capture) bool { return x.Name == c.Name && x.ByRef && x.Offset == c.Offset })
		switch {
		case !c.Declared:
		case i >= 0:
			list[i].Sure = true
			if c.InPlace {
				list[i].ByRef, list[i].Type = false, c.Type
			}
		case len(described) == 0:
			list = append(list, c.Capture)
		}
	}
	k.list[entry] = list
	return list
}

// CodeCapture is a variable that the code of a function loads from the closure.
type CodeCapture struct {
	symbols.Capture
	size   uint64
	starts []uint64 // where in the closure it may begin
	// InPlace says that the closure has the variable itself, though the code uses its
	// address.
	InPlace bool
	// Declared says that the variable is one of the function around it; without it, it may
	// be one of the function's own.
	Declared bool
}

// CapturesByCode returns the variables of a function that have the words of its closure as
// soon as they have a value: those that are declared around it by offset, and the others.
func (d Code) CapturesByCode(fn pclntab.Func) []CodeCapture {
	f, bias := d.Exe.codeAt(fn.Entry)
	vars, ok := f.PlacedVars(fn.Entry - bias)
	n := fn.End - fn.Entry
	if !ok || len(vars) == 0 || n > maxClosureCode {
		return nil
	}
	text, ok := d.Image.Mem.Slice(fn.Entry, n)
	if !ok {
		return nil
	}
	flow := code.Follow(code.Config{
		Entry: fn.Entry, Text: text, MaxSteps: maxClosureSteps,
		Callee: d.Callee, Unknown: code.Callee{Returns: true, Outgoing: MaxOutgoing},
	})
	if flow == nil {
		return nil
	}
	var list []CodeCapture
	for i := range vars {
		if c, ok := d.capture(f, bias, flow, &vars[i]); ok {
			c.Declared = vars[i].Escaped || vars[i].Name == symbols.DictName
			list = append(list, c)
		}
	}
	d.declared(f, bias, fn.Entry, list)
	var own []CodeCapture
	list = slices.DeleteFunc(list, func(c CodeCapture) bool {
		if !c.Declared {
			c.Offset = c.starts[0]
			own = append(own, c)
		}
		return !c.Declared
	})
	return append(apart(list), own...)
}

// declared notes which of the captures of the closure whose code starts at entry a function
// around it declares.
func (d Code) declared(f *symbols.File, bias, entry uint64, list []CodeCapture) {
	left := 0
	for i := range list {
		if !list[i].Declared {
			left++
		}
	}
	if left == 0 {
		return
	}
	for _, around := range d.enclosing(entry) {
		f.EachDeclared(around-bias, func(name string, typ types.ID) bool {
			for i := range list {
				if c := &list[i]; !c.Declared && c.Name == name && c.Type == typ {
					c.Declared = true
					left--
				}
			}
			return left > 0
		})
	}
}

// maxEnclosing bounds the functions that a closure may be in: each level has a copy for each
// instantiation.
const maxEnclosing = 1 << 8

// enclosing returns the entries of the functions that the closure whose code starts at entry
// may stand in, by its name: that of main.f.func1.2 is in main.f.func1, which is in main.f,
// and so is main.f.g.func1, of which g is inlined in f.
func (d Code) enclosing(entry uint64) (list []uint64) {
	name := d.CodeName(entry)
	k := &d.Exe.followed
	if k.functions == nil {
		k.functions = d.closureParents()
	}
	for {
		dot := lastDot(name)
		if dot < 0 {
			return list
		}
		name = name[:dot]
		for _, at := range slices.Concat(k.functions[name], k.functions[WithoutShapes(name)]) { // by the latter until Go 1.20
			if d.CodeName(at) == name && len(list) < maxEnclosing && !slices.Contains(list, at) {
				list = append(list, at)
			}
		}
	}
}

// closureParents returns the entries of the functions whose names closures begin with.
func (d Code) closureParents() map[string][]uint64 {
	found := map[string][]uint64{}
	for _, m := range d.Modules {
		if m.Table == nil {
			continue
		}
		for fn := range m.Table.All() {
			name := fn.Name()
			if !isClosure(name) && !isNumbered(name) {
				continue
			}
			for dot := lastDot(name); dot > 0; dot = lastDot(name) {
				name = name[:dot]
				found[name] = nil
			}
		}
	}
	for _, m := range d.Modules {
		if m.Table == nil {
			continue
		}
		for fn := range m.Table.All() {
			if list, ok := found[fn.Name()]; ok {
				found[fn.Name()] = append(list, fn.Entry)
			}
		}
	}
	return found
}

// isNumbered reports whether a function is a closure in a closure: main.f.func1.2.
func isNumbered(name string) bool {
	last := name[strings.LastIndexByte(name, '.')+1:]
	return last != "" && strings.Trim(last, "0123456789") == ""
}

// capture returns which part of the closure a variable has wherever it is. It fails where
// that is not known of one place at least, or two places differ.
func (d Code) capture(f *symbols.File, bias uint64, flow *code.Function, v *symbols.PlacedVar) (c CodeCapture, ok bool) {
	typ := f.Types().Type(v.Type)
	if v.Name != symbols.DictName && strings.ContainsAny(v.Name, "~.") || typ.Size == 0 { // one of the compiler's
		return c, false
	}
	c.Capture = symbols.Capture{Name: v.Name, Type: v.Type, Dict: v.Dict, ByRef: v.Escaped, Sure: true}
	c.size = typ.Size
	first := true
	for _, place := range v.Places {
		pc := place.PC + bias
		if place.PC == 0 {
			pc = flow.Prologue()
		}
		w, reached := flow.Window(pc)
		if !reached {
			continue
		}
		for _, p := range place.Pieces {
			var from code.Captured
			var known, part bool
			switch p.Kind {
			case symbols.InRegister:
				from, known, part = w.Register(p.Value)
			case symbols.InMemory:
				from, known, part = w.Word(int64(p.Value))
			}
			if !known {
				continue
			}
			if !part || from.Inside && !v.Escaped || !first && from.Inside != c.InPlace {
				return c, false
			}
			c.starts = startsAt(c.starts, first, uint64(d.Image.Arch.PtrSize), from.Off, p.Offset, place.Parted, v.Parts)
			c.InPlace, first = from.Inside, false
		}
	}
	if c.InPlace {
		c.ByRef = false
		c.Type = typ.Elem
		c.size = f.Types().Type(c.Type).Size
	}
	return c, len(c.starts) > 0 && c.size > 0 && c.size < maxClosure
}

// startsAt returns the offsets in a closure at which a variable may begin that has the word
// at from at the offset at, or at one of its parts if it is parted; not below least, and
// those of a list alone, unless this is the first word that is known.
func startsAt(list []uint64, first bool, least uint64, from int64, at uint64, parted bool, parts []uint64) (out []uint64) {
	if !parted {
		parts = []uint64{at}
	}
	for _, p := range parts {
		start := uint64(from) - p
		if uint64(from) >= p && start >= least && start < maxClosure && (first || slices.Contains(list, start)) {
			out = append(out, start)
		}
	}
	return out
}

// apart gives captures their offsets and returns them by these, without those that share a
// word, and without those that may begin at several offsets where the others leave room.
func apart(list []CodeCapture) []CodeCapture {
	placed := withoutShared(slices.DeleteFunc(slices.Clone(list), func(c CodeCapture) bool { return len(c.starts) != 1 }))
	fixed := slices.Clone(placed)
	for _, c := range list {
		if len(c.starts) == 1 {
			continue
		}
		c.starts = slices.DeleteFunc(slices.Clone(c.starts), func(start uint64) bool {
			return slices.ContainsFunc(fixed, func(o CodeCapture) bool { return start < o.Offset+o.size && o.Offset < start+c.size })
		})
		if len(c.starts) == 1 {
			placed = append(placed, c)
		}
	}
	return withoutShared(placed)
}

// withoutShared sorts captures that begin at one offset by that, and leaves out those that
// share a word.
func withoutShared(list []CodeCapture) (out []CodeCapture) {
	for i := range list {
		list[i].Offset = list[i].starts[0]
	}
	slices.SortStableFunc(list, func(a, b CodeCapture) int { return cmp.Compare(a.Offset, b.Offset) })
	shared := make([]bool, len(list))
	end, last := uint64(0), -1 // of those before
	for i, c := range list {
		if c.Offset < end {
			shared[i], shared[last] = true, true
		}
		if c.Offset+c.size > end {
			end, last = c.Offset+c.size, i
		}
	}
	for i, c := range list {
		if !shared[i] {
			out = append(out, c)
		}
	}
	return out
}

// MaxOutgoing is room for all registers of the calling convention, which a function may
// write to the frame that called it.
const MaxOutgoing = 24 * 8

// Callee says what has to be known to follow the code of a function that calls the one at
// entry.
func (d Code) Callee(entry uint64) code.Callee {
	fn, ok := d.Function(entry)
	if !ok || fn.Entry != entry {
		return unknownCallee
	}
	return calleeOf(fn)
}

// unknownCallee is what has to be thought of a function of which nothing is known.
var unknownCallee = code.Callee{Returns: true, Outgoing: MaxOutgoing}

func calleeOf(fn pclntab.Func) code.Callee {
	c := unknownCallee
	name := fn.Name()
	switch {
	case strings.HasPrefix(name, "runtime.gcWriteBarrier"), strings.HasPrefix(name, "runtime.duff"):
		return code.Callee{Returns: true, KeepsRegisters: true}
	case strings.HasPrefix(name, "runtime.panic"), strings.HasPrefix(name, "runtime.goPanic"),
		name == "runtime.gopanic", name == "runtime.throw", name == "runtime.fatal", name == "runtime.block", name == "runtime.goexit0":
		return code.Callee{}
	case name == "runtime.morestack":
		c.KeepsContext = true
	}
	// What the compiler notes of a function has room for what it is called with, in
	// registers too (cmd/compile/internal/abi, ArgWidth, Go 1.26).
	if n, known := fn.Args(); known && n >= 0 && fn.Flags()&pclntab.Asm == 0 {
		c.Outgoing = int64(n)
	}
	return c
}
