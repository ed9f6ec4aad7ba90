package gocore

import (
	"bytes"
	"cmp"
	"debug/elf"
	"fmt"
	"os"
	"slices"

	"goheap/dump"
	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
)

// plugin is the file of a module that the program loaded (package plugin).
type plugin struct {
	path        string
	text, etext uint64 // of its code in memory
	file        *symbols.File
	bias        uint64 // what to add to the file's addresses
	data        []byte
	free        func()
}

func (p *plugin) close() {
	p.file.Close()
	p.free()
}

// loadPlugin finds the file that is mapped where a module has its code, and lets the
// core have those of its pages that the dump left out. The error says what keeps the
// file from being read.
func (d *coreDecoder) loadPlugin(text, etext uint64) (*plugin, error) {
	i := slices.IndexFunc(d.core.Mappings, func(m dump.Mapping) bool { return text >= m.Start && text < m.End })
	if i < 0 {
		return nil, fmt.Errorf("the core does not say what is mapped at %#x", text)
	}
	m := d.core.Mappings[i]
	p := &plugin{path: m.Path, text: text, etext: etext}
	st, err := os.Stat(m.Path)
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", m.Path)
	}
	if err == nil {
		p.data, p.free, err = dump.MapFile(m.Path)
	}
	if err != nil {
		return nil, fmt.Errorf("%w; put the plugin where it was loaded from", err)
	}
	if p.file, err = symbols.New(bytes.NewReader(p.data)); err != nil {
		p.free()
		return nil, fmt.Errorf("%s: %w", m.Path, err)
	}
	if err := p.place(d.core, m, text, d.exe.force); err != nil {
		p.close()
		return nil, err
	}
	missing, again := fillConstant(d.core, p.file.ELF(), p.data, p.bias)
	if again > 0 {
		d.problems = append(d.problems, headersAgain(p.path, again))
	}
	d.problem(dump.Error, missing, fmt.Sprintf("pages of the data of %s are not in the core: some variables, and some types that only they describe, are missing", p.path))
	d.exe.plugins = append(d.exe.plugins, p)
	return p, nil
}

// place computes the bias from the mapping that holds text, and compares build ids.
func (p *plugin) place(core *dump.Core, m dump.Mapping, text uint64, force bool) error {
	f := p.file.ELF()
	off := text - m.Start + m.Offset
	i := slices.IndexFunc(f.Progs, func(s *elf.Prog) bool {
		return s.Type == elf.PT_LOAD && off >= s.Off && off-s.Off < s.Filesz
	})
	if i < 0 {
		return fmt.Errorf("%w: %s has nothing at file offset %#x, where the core has the code of a module", ErrWrongExecutable, p.path, off)
	}
	p.bias = text - (f.Progs[i].Vaddr + off - f.Progs[i].Off)
	if _, other := compareNotes(core, f, p.data, p.bias); other > 0 && !force {
		return fmt.Errorf("%w: the build id of %s is not the one in the core; put the file there that was loaded", ErrWrongExecutable, p.path)
	}
	return nil
}

// addPlugins makes the package variables of plugins the program's own. Their types
// are found among the program's by descriptor and by name. It is called once the
// type table knows the modules of r.
func (d *coreDecoder) addPlugins(r types.Runtime) {
	x := d.exe
	untyped := 0
	for i, m := range d.modules {
		if m.plugin == nil {
			continue
		}
		own := m.plugin.file.Types()
		mine := r
		mine.Modules = slices.Clone(r.Modules)
		for k := range mine.Modules {
			mine.Modules[k].DWARF = k == i
		}
		own.SetRuntime(mine)
		for _, v := range m.plugin.file.Globals() {
			t := d.types.Import(own, v.Type)
			if t == 0 {
				untyped++
			}
			x.variables = append(x.variables, symbols.Variable{Name: v.Name, Addr: v.Addr + m.plugin.bias - x.bias, Type: t})
		}
	}
	slices.SortFunc(x.variables, func(a, b symbols.Variable) int {
		return cmp.Or(cmp.Compare(a.Addr, b.Addr), cmp.Compare(a.Name, b.Name))
	})
	d.problem(dump.Info, untyped, "variables of plugins have types of which the program itself knows nothing: what they hold is found, but has no type by them")
}

// global returns the package variable of a name, of the program or of a plugin.
func (x *executable) global(name string) (symbols.Variable, bool) {
	if v, ok := x.file.Global(name); ok || len(x.plugins) == 0 {
		return v, ok
	}
	i := slices.IndexFunc(x.variables, func(v symbols.Variable) bool { return v.Name == name })
	if i < 0 {
		return symbols.Variable{}, false
	}
	return x.variables[i], true
}

// pluginSymbolAt returns the symbol of a plugin that covers addr, and what to add to
// its address.
func (x *executable) pluginSymbolAt(addr uint64) (s symbols.Symbol, bias uint64, ok bool) {
	for _, p := range x.plugins {
		if s, ok := p.file.SymbolAt(addr - p.bias); ok {
			return s, p.bias, true
		}
	}
	return symbols.Symbol{}, 0, false
}

// codeAt returns the file that has the code at pc, the program's own or a plugin's,
// and what to add to its addresses.
func (x *executable) codeAt(pc uint64) (f *symbols.File, bias uint64) {
	for _, p := range x.plugins {
		if pc >= p.text && pc < p.etext {
			return p.file, p.bias
		}
	}
	return x.file, x.bias
}

// funcVars returns the variables in scope at pc, in frames whose canonical frame
// address is cfaOrigin. What cannot be located is left out.
func (p *Process) funcVars(pc uint64) []symbols.LocalVar {
	f, bias := p.exe.codeAt(pc)
	list, _ := f.FuncVars(pc-bias, symbols.FrameState{CFA: cfaOrigin, Bias: bias})
	if f == p.exe.file {
		return list
	}
	for i := range list {
		list[i].Type = p.types.Import(f.Types(), list[i].Type)
	}
	return slices.DeleteFunc(list, func(v symbols.LocalVar) bool { return v.Type == 0 })
}

// capturesOf returns the variables of the closure whose code starts at entry, those
// that have a type.
func (p *Process) capturesOf(entry uint64) []symbols.Capture {
	f, bias := p.exe.codeAt(entry)
	list, _ := f.Captures(entry - bias)
	if f == p.exe.file {
		return list
	}
	for i := range list {
		list[i].Type = p.types.Import(f.Types(), list[i].Type)
	}
	return slices.DeleteFunc(list, func(c symbols.Capture) bool { return c.Type == 0 })
}
