package program

import (
	"slices"
	"strings"

	"goheap/gocore/internal/pclntab"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
	"goheap/gocore/internal/unwind"
)

// Instance returns the type that stands at a place of a dictionary of a generic
// function's type arguments and of the types made of them; 0 where there is no
// dictionary, or nothing known in it (cmd/compile/internal/noder/reader.go,
// Go 1.26: the entries for types are the addresses of their descriptors).
func (d *Program) Instance(place symbols.DictPlace, dict uint64) types.ID {
	if place == 0 || dict == 0 {
		return 0
	}
	w := uint64(d.Image.Arch.PtrSize)
	addr, ok := d.Image.Mem.Word(dict + place.Index()*w)
	if !ok {
		return 0
	}
	id, _ := d.Types.ByRuntimeType(addr)
	return id
}

// receiverType returns the type in the name of a method: *main.T of "main.(*T).M",
// main.T of "main.T.M", type arguments included.
func (d *Program) receiverType(method string) (types.ID, bool) {
	dot := lastDot(method)
	if dot < 0 {
		return 0, false
	}
	name := method[:dot]
	if pkg, rest, ok := strings.Cut(name, ".(*"); ok && strings.HasSuffix(rest, ")") {
		name = "*" + pkg + "." + strings.TrimSuffix(rest, ")")
	}
	return d.Types.Lookup(name)
}

// ScansVectorRegisters reports whether the program's collector scans the vector
// registers of preempted goroutines (runtime/mgcmark.go, scanstack, Go 1.27).
func (d *Program) ScansVectorRegisters() bool {
	minor, ok := GoMinor(d.Exe.File.GoVersion)
	return !ok || minor >= 27
}

// Walker returns a walker of stacks through all modules.
func (d *Program) Walker() (*unwind.Walker, error) {
	c := unwind.Config{
		Arch: d.Image.Arch, Memory: d.Image.Mem,
		Defer: unwind.DeferLayout{Heap: d.Layout.Defer.Heap.Offset, Fn: d.Layout.Defer.Fn.Offset, Link: d.Layout.Defer.Link.Offset},
	}
	for _, m := range d.Modules {
		if m.Table != nil {
			c.Modules = append(c.Modules, unwind.Module{Table: m.Table, ROData: m.rodata})
		}
	}
	return unwind.New(c)
}

// IsDescriptor reports whether an address is among the type descriptors of a module.
func (d *Program) IsDescriptor(addr uint64) bool {
	for i := range d.Modules {
		if m := &d.Modules[i]; addr >= m.Types && addr < m.Etypes {
			return true
		}
	}
	return false
}

// FuncVars returns the variables in scope at pc, in frames whose canonical frame
// address is cfa. inCall says that pc is in a call, whose last byte it is. What cannot
// be located is left out.
func (d *Program) FuncVars(pc, cfa uint64, inCall bool) []symbols.LocalVar {
	f, bias := d.Exe.codeAt(pc)
	fr := symbols.FrameState{CFA: cfa, Bias: bias}
	if inCall {
		fr.Return = pc - bias + 1
	}
	list, _ := f.FuncVars(pc-bias, fr)
	if f == d.Exe.File {
		return list
	}
	for i := range list {
		list[i].Type = d.Types.Import(f.Types(), list[i].Type)
	}
	return slices.DeleteFunc(list, func(v symbols.LocalVar) bool { return v.Type == 0 })
}

// CapturesAddress reports whether the word at an offset in a closure whose code starts at
// entry is the address of a variable that the function shares with others.
func (d *Program) CapturesAddress(entry, off uint64) bool {
	if d.Exe == nil || d.Exe.File == nil {
		return false
	}
	for _, c := range d.CapturesOf(entry) {
		if c.Offset == off {
			return c.ByRef
		}
	}
	return false
}

// CapturesOf returns the variables of the closure whose code starts at entry, those
// that have a type, by offset.
func (d *Program) CapturesOf(entry uint64) []symbols.Capture {
	f, bias := d.Exe.codeAt(entry)
	list, _ := f.Captures(entry - bias)
	list = slices.Clone(Code{d}.followCaptures(entry, list))
	if f == d.Exe.File {
		return list
	}
	for i := range list {
		list[i].Type = d.Types.Import(f.Types(), list[i].Type)
	}
	return slices.DeleteFunc(list, func(c symbols.Capture) bool { return c.Type == 0 })
}

// Parameters returns the parameters of the function whose code starts at entry, the
// receiver first, and whether they are known. Types of generic code may be shapes.
func (d *Program) Parameters(entry uint64) ([]symbols.Param, bool) {
	f, bias := d.Exe.codeAt(entry)
	list, ok := f.Parameters(entry - bias)
	if f != d.Exe.File {
		for i := range list {
			list[i].Type = d.Types.Import(f.Types(), list[i].Type)
		}
	}
	return list, ok
}

// Signature returns the types of the parameters and results of the function whose code
// starts at entry, and whether all of them are known; 0 stands for a type that is not. See
// symbols.File.Signature.
func (d *Program) Signature(entry uint64) (params, results []types.ID, ok bool) {
	f, bias := d.Exe.codeAt(entry)
	params, results, ok = f.Signature(entry - bias)
	if f != d.Exe.File {
		for _, list := range [][]types.ID{params, results} {
			for i := range list {
				list[i] = d.Types.Import(f.Types(), list[i])
			}
		}
	}
	return params, results, ok
}

// Minor returns the minor version of Go that built the program: 26 of go1.26.8.
func (d *Program) Minor() (int, bool) { return GoMinor(d.Exe.File.GoVersion) }

// Function returns the function whose code pc lies in, and false outside Go's code.
func (d *Program) Function(pc uint64) (pclntab.Func, bool) {
	for _, m := range d.Modules {
		if m.Table == nil {
			continue
		}
		if f, ok := m.Table.Find(pc); ok {
			return f, true
		}
	}
	return pclntab.Func{}, false
}

// IsEntry reports whether the code of a function begins at pc.
func (d *Program) IsEntry(pc uint64) bool {
	f, ok := d.Function(pc)
	return ok && f.Entry == pc
}

// CallsAt returns the calls that were inlined at pc, as pclntab.Func.Inlined does.
func (d *Program) CallsAt(pc uint64) []pclntab.InlinedCall {
	f, ok := d.Function(pc)
	if !ok {
		return nil
	}
	return f.Inlined(pc)
}
