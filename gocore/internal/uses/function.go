package uses

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"strings"

	"goheap/dump"
	"goheap/gocore/internal/code"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
)

// lookup reads functions, and keeps what it has found of those that they call. What it says
// of one does not depend on which it has read before.
type lookup struct {
	p       program.Code
	callees map[uint64]code.Callee
	returns map[returning]results
	steps   int // bytes of code that were followed
}

func newLookup(p *program.Program) *lookup {
	return &lookup{p: program.Code{Program: p}, callees: map[uint64]code.Callee{}, returns: map[returning]results{}}
}

// descriptor returns the type that has its descriptor at an address, 0 for none. Unlike the
// typer it may be asked by several at once.
func (x *lookup) descriptor(addr uint64) types.ID {
	id, _ := x.p.Types.ByRuntimeType(addr)
	return id
}

// maxReaders is how many functions are read at once, and ahead how many wait to be heard.
const (
	maxReaders = 4
	ahead      = 64
)

// readAll reads functions, given by their entries, and calls f with each that can be
// followed, in their order.
func readAll(ctx context.Context, p *program.Program, entries []uint64, f func(*function)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	readers := make(chan *lookup, maxReaders)
	for range min(runtime.GOMAXPROCS(0), maxReaders) {
		readers <- newLookup(p)
	}
	read := make(chan chan *function, ahead)
	go func() {
		defer close(read)
		left := uint64(maxAllSteps)
		for _, entry := range entries {
			fn, _ := p.Function(entry)
			size := fn.End - fn.Entry
			if size > left {
				return
			}
			left -= size
			one := make(chan *function, 1)
			select {
			case read <- one:
			case <-ctx.Done():
				return
			}
			x := <-readers
			go func() {
				// A page of the file that is gone is a fault in the goroutine that reads it.
				if err := dump.Guard(func() error { one <- x.read(entry); return nil }); err != nil {
					stop(err)
					one <- nil
				}
				readers <- x
			}()
		}
	}()
	for one := range read {
		if function := <-one; function != nil && ctx.Err() == nil {
			f(function)
		}
	}
	return context.Cause(ctx)
}

// function is what the code of a function says of words.
type function struct {
	*code.Function
	entry   uint64
	sayings []saying
	made    []program.Pointee    // by the runtime
	stores  []code.Store         // of what functions returned
	calls   map[uint64]code.Call // by the addresses behind them
	// asked has the origins of words by which the code finds out what is in an interface.
	asked  map[code.Origin]bool
	met    map[uint64]bool             // where ways meet that such words come from
	madeBy map[code.ID]program.Pointee // see reader.madeOf
	slots  map[uint64][]code.Slot      // what frames keep, by where they continue
}

// saying is what a word leads to: the one that is base; or, if it is stored, the one at off
// behind what base leads to, by what made the value.
type saying struct {
	base   code.ID
	to     program.Pointee // unless it is stored
	stored bool
	off    int64
	value  code.ID
}

// read returns what the code of a function says, nil if it cannot be followed.
func (x *lookup) read(entry uint64) *function {
	f := x.code(entry)
	if f == nil {
		return nil
	}
	list := function{Function: f, entry: entry, calls: map[uint64]code.Call{}, asked: map[code.Origin]bool{}, met: map[uint64]bool{}, madeBy: map[code.ID]program.Pointee{}, slots: map[uint64][]code.Slot{}}
	f.Uses(code.Visitor{
		Call: func(c code.Call) {
			list.calls[c.Return] = c
			if to := x.makes(f, c); to.Type != 0 && !slices.Contains(list.made, to) {
				list.made = append(list.made, to)
			}
			x.p.Given(f, c, x.descriptor, func(argument int, to program.Pointee) {
				list.sayings = append(list.sayings, saying{base: c.Args[argument], to: to})
			})
		},
		Store: func(s code.Store) {
			if f.Origins[s.Value].Kind == code.Result {
				list.stores = append(list.stores, s)
			}
			if k := f.Origins[s.Value].Kind; k == code.Result || k == code.Either {
				list.sayings = append(list.sayings, saying{base: s.To, stored: true, off: s.Off, value: s.Value})
			}
		},
		Asked: func(id code.ID) {
			o := f.Origins[id]
			if list.asked[o] = true; o.Kind == code.Either {
				list.met[o.Addr] = true
			}
		},
	})
	return &list
}

// code follows the code of a function.
func (x *lookup) code(entry uint64) *code.Function {
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
	return code.Follow(code.Config{Entry: entry, Text: text, Callee: x.callee, Unknown: code.Callee{Returns: true, Outgoing: program.MaxOutgoing}, Merges: true, MaxSteps: maxSteps})
}

func (x *lookup) callee(entry uint64) code.Callee {
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
func (x *lookup) leadsTo(f *code.Function, id code.ID, depth int) program.Pointee {
	o := f.Origins[id]
	if o.Kind == code.Either {
		return x.eitherLeadsTo(f, id, depth)
	}
	if o.Kind != code.Result || o.Target == 0 {
		return program.Pointee{}
	}
	if to := x.p.Made(f, o, x.descriptor); to.Type != 0 {
		return to
	}
	return x.returned(returning{o.Target, depth + 1})[o.Reg]
}

// eitherLeadsTo is leadsTo of a word that has one of several origins: they must all lead to
// the same.
func (x *lookup) eitherLeadsTo(f *code.Function, id code.ID, depth int) (to program.Pointee) {
	list, all := f.Alternatives(id)
	if depth > maxReturns || !all {
		return to
	}
	for i, a := range list {
		if next := x.leadsTo(f, a, depth+1); i == 0 {
			to = next
		} else if next != to {
			return program.Pointee{}
		}
	}
	return to
}

// maxReturns is how deep functions that return what another one returns are followed.
const maxReturns = 4

// returning is a function, and how many others return what it returns.
type returning struct {
	entry uint64
	depth int
}

// returned returns what the results of a function lead to. Each of its returns has to say
// the same, or nil.
func (x *lookup) returned(of returning) results {
	if r, ok := x.returns[of]; ok || of.depth > maxReturns {
		return r
	}
	x.returns[of] = results{}
	if x.ofRuntime(of.entry) {
		return results{} // what it makes program.Code.Made knows
	}
	f := x.code(of.entry)
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
			to := x.leadsTo(f, id, of.depth)
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
	x.returns[of] = all
	return all
}

// ofRuntime reports whether the function that begins at entry is of package runtime.
func (x *lookup) ofRuntime(entry uint64) bool {
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
		to, ok := s.to, true
		list := x.values(f, known, s.base)
		if s.stored && len(list) > 0 {
			if to = x.madeOf(f, s.value); to.Type == 0 || to.Part {
				continue
			}
		}
		for _, addr := range list {
			is := to
			if s.stored {
				at := addr + uint64(s.off)
				if addr, ok = typing.Word(x.t, at); !ok || typing.Dynamic(x.t, at) {
					continue
				}
				is = x.asSlice(to, at)
			}
			x.say(addr, is)
		}
	}
}

// madeOf is leadsTo for a value that a function stores, which is looked at once.
func (x *reader) madeOf(f *function, id code.ID) program.Pointee {
	to, ok := f.madeBy[id]
	if !ok {
		to = x.leadsTo(f.Function, id, 0)
		f.madeBy[id] = to
	}
	return to
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
		base := x.values(f, known, s.To)
		if len(base) != 1 || base[0] == 0 {
			continue
		}
		if at := base[0] + uint64(s.Off); !typing.Dynamic(x.t, at) {
			if v, ok := typing.Word(x.t, at); ok {
				all[s.Value] = word{v, true}
			}
		}
	}
	return all
}

// Bounds of what a word may have been that is one of several, and of the origins that are
// looked at for one, and for all.
const (
	maxValues     = 8
	maxLookups    = 256
	maxAllLookups = 1 << 25
)

// values returns what a word has now, by what is known of a call, or came from variables when
// the code ran: one value, or of a word that is one of several what these are.
func (x *reader) values(f *function, known words, id code.ID) []uint64 {
	v := valuer{reader: x, f: f, known: known, left: maxLookups}
	return v.of(id, 0)
}

// valuer finds what a word of a function has.
type valuer struct {
	*reader
	f     *function
	known words
	left  int
	// open has what was found of the Eithers that are being looked at: of a list that the
	// code goes through each is what the one before it leads to.
	open map[code.ID][]uint64
}

func (v *valuer) of(id code.ID, depth int) []uint64 {
	v.lookups++
	if v.left--; v.left < 0 || v.lookups > maxAllLookups || depth > maxLoads || v.f.dynamic(id, 0) {
		return nil
	}
	if w, ok := v.known[id]; ok {
		if !w.live {
			return nil
		}
		return []uint64{w.value}
	}
	o := v.f.Origins[id]
	var list []uint64
	switch o.Kind {
	case code.Static:
		return []uint64{o.Addr}
	case code.Inside:
		for _, base := range v.of(o.Base, depth+1) {
			if base != 0 {
				list = append(list, base+uint64(o.Off))
			}
		}
	case code.Load:
		for _, base := range v.of(o.Base, depth+1) {
			at := base + uint64(o.Off)
			// What is in an interface may be of any type: the code has asked for one.
			if base == 0 || typing.Dynamic(v.t, at) {
				continue
			}
			if word, ok := typing.Word(v.t, at); ok {
				list = append(list, word)
			}
		}
	case code.Either:
		return v.either(id, depth)
	}
	return list
}

// either returns what the alternatives have, and what these lead to where one comes from
// the word itself.
func (v *valuer) either(id code.ID, depth int) []uint64 {
	if list, ok := v.open[id]; ok {
		return list
	}
	if v.open == nil {
		v.open = map[code.ID][]uint64{}
	}
	v.open[id] = nil
	defer delete(v.open, id)
	var list []uint64
	alternatives, _ := v.f.Alternatives(id)
	for more := true; more; {
		more = false
		for _, a := range alternatives {
			for _, value := range v.of(a, depth+1) {
				if len(list) < maxValues && !slices.Contains(list, value) {
					list, more = append(list, value), true
				}
			}
		}
		v.open[id] = list
	}
	return list
}

// dynamic reports whether a word may be the second of an interface of which the code asks
// what is in it: where it does something with that, it has found out that it can. Where ways
// meet that have interfaces of several kinds, both words are one of several.
func (f *function) dynamic(id code.ID, depth int) bool {
	o := f.Origins[id]
	switch {
	case o.Kind == code.Either:
		if depth > maxLoads || f.met[o.Addr] {
			return true
		}
		list, _ := f.Alternatives(id)
		return slices.ContainsFunc(list, func(a code.ID) bool {
			return f.Origins[a].Kind != code.Either && f.dynamic(a, depth+1)
		})
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
