package program

import (
	"debug/elf"
	"fmt"
	"slices"

	"goheap/dump"
	"goheap/gocore/internal/symbols"
)

// Plugin is the file of a module that the program loaded (package plugin).
type Plugin struct {
	Path        string
	Text, Etext uint64 // of its code in memory
	File        *symbols.File
	Bias        uint64 // what to add to the file's addresses
	Data        []byte
	Free        func()
}

func (p *Plugin) Close() {
	p.File.Close()
	p.Free()
}

// Place computes the bias from the mapping that holds text, and compares build ids.
func (p *Plugin) Place(core *dump.Core, m dump.Mapping, text uint64, force bool) error {
	f := p.File.ELF()
	off := text - m.Start + m.Offset
	i := slices.IndexFunc(f.Progs, func(s *elf.Prog) bool {
		return s.Type == elf.PT_LOAD && off >= s.Off && off-s.Off < s.Filesz
	})
	if i < 0 {
		return fmt.Errorf("%w: %s has nothing at file offset %#x, where the core has the code of a module", ErrWrongExecutable, p.Path, off)
	}
	p.Bias = text - (f.Progs[i].Vaddr + off - f.Progs[i].Off)
	if _, other := CompareNotes(core, f, p.Data, p.Bias); other > 0 && !force {
		return fmt.Errorf("%w: the build id of %s is not the one in the core; put the file there that was loaded", ErrWrongExecutable, p.Path)
	}
	return nil
}

// Global returns the package variable of a name, of the program or of a plugin.
func (x *Executable) Global(name string) (symbols.Variable, bool) {
	if v, ok := x.File.Global(name); ok || len(x.Plugins) == 0 {
		return v, ok
	}
	i := slices.IndexFunc(x.Variables, func(v symbols.Variable) bool { return v.Name == name })
	if i < 0 {
		return symbols.Variable{}, false
	}
	return x.Variables[i], true
}

// OwnPath is the path of package main, "" if unknown.
func (x *Executable) OwnPath() string {
	if x == nil || x.File == nil {
		return ""
	}
	return x.File.MainPath
}

// VariableNames calls yield with the names of the variables of packages.
func (x *Executable) VariableNames(yield func(name string) bool) {
	for i := range x.Variables {
		if !yield(x.Variables[i].Name) {
			return
		}
	}
}

// pluginSymbolAt returns the symbol of a plugin that covers addr, and what to add to
// its address.
func (x *Executable) pluginSymbolAt(addr uint64) (s symbols.Symbol, bias uint64, ok bool) {
	for _, p := range x.Plugins {
		if s, ok := p.File.SymbolAt(addr - p.Bias); ok {
			return s, p.Bias, true
		}
	}
	return symbols.Symbol{}, 0, false
}

// codeAt returns the file that has the code at pc, the program's own or a plugin's,
// and what to add to its addresses.
func (x *Executable) codeAt(pc uint64) (f *symbols.File, bias uint64) {
	for _, p := range x.Plugins {
		if pc >= p.Text && pc < p.Etext {
			return p.File, p.Bias
		}
	}
	return x.File, x.Bias
}
