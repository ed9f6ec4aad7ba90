package uses

import (
	"maps"
	"strings"

	"goheap/gocore/internal/code"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
)

// function is what the code of a function says of words.
type function struct {
	*code.Function
	sayings []saying
	stores  []code.Store         // of what functions returned
	calls   map[uint64]code.Call // by the addresses behind them
	// asked has the origins of words by which the code finds out what is in an interface.
	asked map[code.Origin]bool
	slots map[uint64][]code.Slot // what frames keep, by where they continue
}

// saying is what a word leads to: the one that is base, or, if it is stored, the one at off
// behind what base leads to.
type saying struct {
	base   code.ID
	stored bool
	off    int64
	to     program.Pointee
}

// read returns what the code of a function says, nil if it cannot be followed.
func (x *reader) read(entry uint64) *function {
	f := x.code(entry)
	if f == nil {
		return nil
	}
	list := function{Function: f, calls: map[uint64]code.Call{}, asked: map[code.Origin]bool{}, slots: map[uint64][]code.Slot{}}
	f.Uses(code.Visitor{
		Call: func(c code.Call) {
			list.calls[c.Return] = c
			x.p.Given(f, c, x.t.ByDescriptor, func(argument int, to program.Pointee) {
				list.sayings = append(list.sayings, saying{base: c.Args[argument], to: to})
			})
		},
		Store: func(s code.Store) {
			if f.Origins[s.Value].Kind == code.Result {
				list.stores = append(list.stores, s)
			}
			if to := x.leadsTo(f, s.Value, 0); to.Type != 0 && !to.Part {
				list.sayings = append(list.sayings, saying{base: s.To, stored: true, off: s.Off, to: to})
			}
		},
		Asked: func(id code.ID) { list.asked[f.Origins[id]] = true },
	})
	return &list
}

// code follows the code of a function.
func (x *reader) code(entry uint64) *code.Function {
	fn, ok := x.p.Function(entry)
	n := fn.End - fn.Entry
	if !ok || fn.Entry != entry || n > maxCode || x.steps > maxAllSteps {
		return nil
	}
	text, ok := x.p.Image.Mem.Slice(entry, n)
	if !ok {
		return nil
	}
	x.steps += int(n)
	return code.Follow(code.Config{Entry: entry, Text: text, Callee: x.callee, Unknown: code.Callee{Returns: true, Outgoing: program.MaxOutgoing}, MaxSteps: maxSteps})
}

func (x *reader) callee(entry uint64) code.Callee {
	c, ok := x.callees[entry]
	if !ok {
		c = x.p.Callee(entry)
		x.callees[entry] = c
	}
	return c
}

// results are what the integer registers lead to behind a call of a function, the type 0
// where that is not known.
type results [code.MaxRegs]program.Pointee

// leadsTo returns what a word leads to, by what made it: a function of the runtime, or one
// that returns nothing else.
func (x *reader) leadsTo(f *code.Function, id code.ID, depth int) program.Pointee {
	o := f.Origins[id]
	if o.Kind != code.Result || o.Target == 0 {
		return program.Pointee{}
	}
	if to := x.p.Made(f, o, x.t.ByDescriptor); to.Type != 0 {
		return to
	}
	return x.returned(o.Target, depth+1)[o.Reg]
}

// maxReturns is how deep functions that return what another one returns are followed.
const maxReturns = 4

// returned returns what the results of a function lead to. Each of its returns has to say
// the same, or nil.
func (x *reader) returned(entry uint64, depth int) results {
	if r, ok := x.returns[entry]; ok || depth > maxReturns {
		return r
	}
	x.returns[entry] = results{} // for those that call themselves
	if x.ofRuntime(entry) {
		return results{} // what it makes program.Code.Made knows
	}
	f := x.code(entry)
	if f == nil {
		return results{}
	}
	var all results
	var unsure [code.MaxRegs]bool
	f.Uses(code.Visitor{Return: func(regs [code.MaxRegs]code.ID) {
		for r, id := range regs {
			if f.Origins[id].Kind == code.Zero {
				continue
			}
			to := x.leadsTo(f, id, depth)
			if to.Type == 0 || to.Part || all[r].Type != 0 && all[r] != to {
				unsure[r] = true
			}
			all[r] = to
		}
	}})
	for r := range all {
		if unsure[r] {
			all[r] = program.Pointee{}
		}
	}
	x.returns[entry] = all
	return all
}

// ofRuntime reports whether the function that begins at entry is of package runtime.
func (x *reader) ofRuntime(entry uint64) bool {
	fn, _ := x.p.Function(entry)
	return strings.HasPrefix(fn.Name(), "runtime.")
}

// words are what is known of the words with the origins of one function.
type words map[code.ID]word

// word is a word of a frame.
type word struct {
	value uint64
	// live says that the collector follows it. What another one leads to may be gone, and
	// something else may be there now.
	live bool
}

// evaluate notes what the code of a function says of the words that are known, and of those
// that they and variables lead to.
func (x *reader) evaluate(f *function, known words) {
	known = x.stored(f, known)
	for _, s := range f.sayings {
		addr, ok := x.value(f, known, s.base, 0)
		if !ok {
			continue
		}
		to := s.to
		if s.stored {
			at := addr + uint64(s.off)
			if addr, ok = typing.Word(x.t, at); !ok || typing.Dynamic(x.t, at) {
				continue
			}
			to = x.asSlice(to, at)
		}
		x.say(addr, to)
	}
}

// stored adds to what is known what functions returned and the code has stored where it can
// be found: a map that is made without its type, and has its entries added by the same code.
func (x *reader) stored(f *function, known words) words {
	all := words{}
	maps.Copy(all, known)
	for _, s := range f.stores {
		if _, old := all[s.Value]; old {
			continue
		}
		base, ok := x.value(f, known, s.To, 0)
		if at := base + uint64(s.Off); ok && base != 0 && !typing.Dynamic(x.t, at) {
			if v, ok := typing.Word(x.t, at); ok {
				all[s.Value] = word{v, true}
			}
		}
	}
	return all
}

// value returns what a word has now, by what is known of a call, or came from variables when
// the code ran.
func (x *reader) value(f *function, known words, id code.ID, depth int) (uint64, bool) {
	if f.dynamic(id) {
		return 0, false
	}
	if w, ok := known[id]; ok {
		return w.value, w.live
	}
	o := f.Origins[id]
	switch {
	case depth > maxLoads:
	case o.Kind == code.Static:
		return o.Addr, true
	case o.Kind == code.Inside:
		base, ok := x.value(f, known, o.Base, depth+1)
		return base + uint64(o.Off), ok && base != 0
	case o.Kind == code.Load:
		base, ok := x.value(f, known, o.Base, depth+1)
		// What is in an interface may be of any type: the code has asked for one.
		if !ok || base == 0 || typing.Dynamic(x.t, base+uint64(o.Off)) {
			return 0, false
		}
		return typing.Word(x.t, base+uint64(o.Off))
	}
	return 0, false
}

// dynamic reports whether a word may be the second of an interface of which the code asks
// what is in it: where it does something with that, it has found out that it can.
func (f *function) dynamic(id code.ID) bool {
	o := f.Origins[id]
	switch {
	case (o.Kind == code.Param || o.Kind == code.Result) && o.Reg > 0:
		o.Reg--
	case o.Kind == code.Load:
		o.Off -= 8
	default:
		return false
	}
	return f.asked[o]
}

// captured returns what the word at an offset in a closure leads to, of those variables that
// it captured; a word that is in none leads to nothing.
func (x *reader) captured(list []symbols.Capture, off int64) program.Pointee {
	for _, c := range list {
		if at := uint64(off) - c.Offset; uint64(off) >= c.Offset && at < x.p.Types.Type(c.Type).Size {
			for _, w := range x.p.Types.Words(c.Type) {
				if w.Offset == at {
					return x.pointee(w)
				}
			}
		}
	}
	return program.Pointee{}
}

// pointee returns what a word of a value leads to. A channel is made to send and receive,
// whatever the words that lead to it are for.
func (x *reader) pointee(w types.Word) program.Pointee {
	switch w.Kind {
	case types.PointerWord:
		return program.Pointee{Type: w.Target, Part: true}
	case types.MapWord:
		return program.Pointee{Type: w.Target, Form: typing.Container}
	case types.ChanWord:
		typ := x.p.Types.Type(w.Target)
		if id, ok := x.p.Types.Lookup("chan " + x.p.Types.Type(typ.Elem).Name); ok && strings.Contains(typ.Name[:min(len(typ.Name), 6)], "<-") {
			return program.Pointee{Type: id, Form: typing.Container}
		}
		return program.Pointee{Type: w.Target, Form: typing.Container}
	}
	return program.Pointee{}
}
