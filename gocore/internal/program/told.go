package program

import (
	"strings"

	"goheap/gocore/internal/code"
	"goheap/gocore/internal/pclntab"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
)

// Pointee is what a word points to: a value of a type, several of them, or a map or channel.
type Pointee struct {
	Type types.ID
	Form typing.Form
	// Part says that the value may be the first part of another one.
	Part bool
}

// Made returns what a function of the runtime makes and returns a pointer to, if o is that
// pointer (runtime/malloc.go, slice.go, map.go, chan.go, iface.go). descriptor knows types
// by the addresses of their descriptors. The type is 0 for all else.
func (d Code) Made(f *code.Function, o code.Origin, descriptor func(uint64) types.ID) Pointee {
	if o.Kind != code.Result || o.Reg != 0 {
		return Pointee{}
	}
	fn, ok := d.Function(o.Target)
	if !ok {
		return Pointee{}
	}
	name, argument, form := fn.Name(), 0, typing.OneValue
	for _, one := range [...]string{"runtime.mallocgcSmallScanNoHeaderSC", "runtime.mallocgcSmallNoScanSC"} {
		if strings.HasPrefix(name, one) {
			name = one // without the number of the size class
		}
	}
	switch name {
	case "runtime.newobject", "runtime.convT", "runtime.convTnoptr":
	case "runtime.mallocgcSmallScanNoHeaderSC", "runtime.mallocgcSmallNoScanSC":
		argument = 1 // what newobject is compiled to (cmd/compile/internal/ssagen, Go 1.27)
	case "runtime.makeslice", "runtime.makeslice64", "runtime.makeslicecopy":
		form = typing.ManyValues
	case "runtime.growslice":
		argument, form = d.grownType(), typing.ManyValues
	case "runtime.makemap", "runtime.makemap64", "runtime.makechan", "runtime.makechan64":
		form = typing.Container
	default:
		return Pointee{}
	}
	if arg := f.Origins[o.Args[argument]]; arg.Kind == code.Static {
		return Pointee{Type: descriptor(arg.Addr), Form: form}
	}
	return Pointee{}
}

// grownType returns which argument of runtime.growslice is the descriptor of the elements
// (runtime/slice.go: the first until Go 1.19).
func (d Code) grownType() int {
	if minor, ok := d.Minor(); ok && minor < 20 {
		return 0
	}
	return 4
}

// Given calls found with each argument of a call of which the function called says what it
// points to: the receiver of a method, or what a function of the runtime does with the
// type that it is handed (runtime/map.go, slice.go, mbarrier.go).
func (d Code) Given(f *code.Function, c code.Call, descriptor func(uint64) types.ID, found func(argument int, to Pointee)) {
	fn, ok := d.Function(c.Target)
	if !ok || fn.Entry != c.Target {
		return
	}
	typeAt := func(argument int) types.ID {
		if o := f.Origins[c.Args[argument]]; o.Kind == code.Static {
			return descriptor(o.Addr)
		}
		return 0
	}
	name := fn.Name()
	function, ok := strings.CutPrefix(name, "runtime.")
	if !ok || strings.HasPrefix(function, "(") {
		t, ok := d.Receiver(fn)
		if dictionary := f.Origins[c.Args[1]]; !ok && dictionary.Kind == code.Static {
			t, ok = d.instanceReceiver(fn, dictionary.Addr, descriptor)
		}
		if ok {
			found(0, Pointee{Type: t, Part: true})
		}
		return
	}
	switch {
	case strings.HasPrefix(function, "map"):
		if t := typeAt(0); d.Types.Type(t).Kind == types.Map {
			found(1, Pointee{Type: t, Form: typing.Container})
		}
	case function == "growslice":
		array := 0
		if d.grownType() == 0 {
			array = 1
		}
		if t := typeAt(d.grownType()); t != 0 {
			found(array, Pointee{Type: t, Form: typing.ManyValues})
		}
	case function == "typedmemmove", function == "typedmemclr", function == "wbMove", function == "wbZero":
		if t := typeAt(0); t != 0 {
			found(1, Pointee{Type: t, Part: true})
		}
	}
}

// Receiver returns the type that the receiver of a method points to, by the name of the
// method: "example.com/m.(*T).M". It is known where one described type has the name, and
// the method is no closure, no wrapper and not generic.
func (d Code) Receiver(fn pclntab.Func) (types.ID, bool) {
	name := fn.Name()
	pkg, rest, ok := strings.Cut(name, ".(*")
	if !ok || fn.Flags()&pclntab.Asm != 0 {
		return 0, false
	}
	typ, method, ok := strings.Cut(rest, ").")
	if !ok || strings.ContainsAny(method, ".-") || strings.ContainsAny(typ, ".[") {
		return 0, false
	}
	return d.Types.Lookup(types.Unescaped(pkg) + "." + typ)
}

// maxDictionaryWords bounds the words of a dictionary that are looked at.
const maxDictionaryWords = 256

// instanceReceiver returns the type that the receiver of a method points to whose code
// instances share, by the dictionary that it is given. Behind the dictionaries of what it
// calls are the descriptors of the types that it uses, of which the receiver's is the first
// (cmd/compile/internal/noder/reader.go, readerDict, Go 1.26): no other one is taken.
func (d Code) instanceReceiver(fn pclntab.Func, dictionary uint64, descriptor func(uint64) types.ID) (types.ID, bool) {
	pkg, rest, ok := strings.Cut(fn.Name(), ".(*")
	typ, rest, ok2 := strings.Cut(rest, "[")
	if args, method, ok3 := strings.Cut(rest, "])."); !ok || !ok2 || !ok3 || !strings.HasPrefix(args, typing.ShapePrefix) || strings.ContainsAny(method, ".-") {
		return 0, false
	}
	w := uint64(d.Image.Arch.PtrSize)
	for i := range uint64(maxDictionaryWords) {
		word, ok := d.Image.Mem.Word(dictionary + i*w)
		if !ok || word == 0 {
			break
		}
		if id := descriptor(word); id != 0 {
			p := d.Types.Type(id)
			of := d.Types.Type(p.Elem)
			return p.Elem, p.Kind == types.Pointer && of.Kind == types.Struct && strings.HasPrefix(of.LinkerName(), types.Unescaped(pkg)+"."+typ+"[")
		}
	}
	return 0, false
}

// Namings appends the places in the code of a module that may name an address in [lo, hi),
// as code.Namings does.
func (d Code) Namings(list []code.Naming, m *Module, lo, hi uint64, address bool) []code.Naming {
	for at := m.Text; at < m.Etext; {
		start, data := d.Image.Mem.Segment(at)
		if data == nil {
			at = (at + MinPage) &^ (MinPage - 1)
			continue
		}
		data = data[at-start:]
		data = data[:min(uint64(len(data)), m.Etext-at)]
		list = code.Namings(list, at, data, lo, hi, address)
		at += uint64(len(data))
	}
	return list
}

// WithoutDebugging reports whether the program has no debugging information, so that its
// types are those that have descriptors.
func WithoutDebugging(d *Program) bool { return d.Exe != nil && d.Exe.recorded != nil }
