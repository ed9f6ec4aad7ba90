package main

import (
	"bytes"
	"debug/elf"
	"fmt"
	"math"
	"slices"
	"strings"

	"goheap/gocore/internal/code"
	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/pclntab"
	"goheap/gocore/internal/symbols"
	"goheap/internal/testcore"
)

// builder returns the path of an executable of one of the test programs.
type builder func(program string, opt testcore.Options) (path string, err error)

// small has what every Go program has; the others have between them all that the table of
// layout names.
const small = "threads"

var large = []string{"kinds", "values", "opened", "profiled"}

// builds reports whether a program is one for a version of Go.
func builds(program, version string) bool {
	return program != "values" || minor(version) >= 23
}

func minor(version string) (n int) {
	if _, err := fmt.Sscanf(version, "go1.%d", &n); err != nil {
		return math.MaxInt // a development version
	}
	return n
}

// program is a layout.Program over DWARF.
type program struct{ *symbols.File }

func (p program) GoMinor() int { return minor(p.GoVersion) }

func (p program) HasType(name string) bool {
	_, ok := p.Types().Lookup(name)
	return ok
}

func (p program) HasVariable(name string) bool {
	_, ok := p.Global(name)
	return ok
}

// facts builds programs as opt says, and returns what is to be recorded of them, and the
// version that they name.
func facts(build builder, opt testcore.Options) (version string, all map[layout.Fact]string, err error) {
	all = map[layout.Fact]string{}
	pie := opt
	pie.PIE = true
	type one struct {
		name string
		opt  testcore.Options
	}
	list := []one{{small, opt}, {small, pie}}
	for _, p := range large {
		if builds(p, opt.Go) {
			list = append(list, one{p, opt})
		}
	}
	for i, of := range list {
		path, err := build(of.name, of.opt)
		if err != nil {
			return "", nil, err
		}
		f, err := symbols.Open(path)
		if err != nil {
			return "", nil, err
		}
		version = f.GoVersion
		named := variables(f)
		sizes := map[string]uint64{}
		for name, s := range named {
			sizes[name] = s.Size
		}
		known := layout.Record(program{f}, sizes)
		fresh := map[string]bool{} // variables that no program before has
		for fact, value := range known {
			if _, ok := all[fact]; !ok {
				all[fact] = value
				fresh[fact.Name] = true
			}
		}
		err = operands(f, named, func(variable string, o layout.Operand, print string) {
			fact := layout.OperandFact(variable, o)
			switch was, ok := all[fact]; {
			case i == 1 && ok && !slices.Contains(strings.Split(was, "|"), print):
				all[fact] = was + "|" + print
			case i == 1 && !ok, !ok && fresh[variable]:
				all[fact] = print
			}
		})
		f.Close()
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return version, all, nil
}

// variables returns those that are recorded: those that are relied on, and all that hold
// objects for the runtime.
func variables(f *symbols.File) map[string]symbols.Symbol {
	list := map[string]symbols.Symbol{}
	for _, v := range layout.Variables() {
		if s, ok := f.Symbol(v.Name); ok {
			list[v.Name] = s
		}
	}
	for _, name := range []string{".data", ".bss"} {
		section := f.ELF().Section(name)
		for _, v := range f.Globals() {
			s, ok := f.Symbol(v.Name)
			if ok && layout.OwnVariable(v.Name) && section != nil && v.Addr-section.Addr < section.Size {
				list[v.Name] = s
			}
		}
	}
	return list
}

// operands calls f for each place in the code of the standard library where one of the
// variables is named.
func operands(f *symbols.File, variables map[string]symbols.Symbol, found func(variable string, o layout.Operand, print string)) error {
	table, err := functions(f)
	if err != nil {
		return err
	}
	type place struct {
		name string
		size uint64
	}
	at := map[uint64]place{}
	var starts []uint64
	for name, s := range variables {
		if s.Size > 0 {
			at[s.Addr] = place{name, s.Size}
			starts = append(starts, s.Addr)
		}
	}
	slices.Sort(starts)
	count := map[string]int{}
	for fn := range table.All() {
		count[fn.Name()]++
	}
	for fn := range table.All() {
		name := fn.Name()
		if count[name] > 1 || !ofTheRuntime(name) || fn.End-fn.Entry > maxFunction {
			continue
		}
		text, err := bytesAt(f, fn.Entry, fn.End-fn.Entry)
		if err != nil {
			continue // another section's, behind the last function
		}
		refs, ok := code.Refers(f.Arch.Name, fn.Entry, text)
		if !ok {
			continue
		}
		for i, addr := range refs.Data {
			k, exact := slices.BinarySearch(starts, addr)
			if !exact {
				k--
			}
			if k < 0 || addr-starts[k] >= at[starts[k]].size {
				continue
			}
			found(at[starts[k]].name, layout.Operand{Function: name, Number: i, Offset: addr - starts[k]}, layout.Print(refs.Print))
		}
	}
	return nil
}

// maxFunction bounds the functions that are looked at: of two that name a variable, the
// shorter is more likely to stay as it is.
const maxFunction = 6 << 10

// ofTheRuntime reports whether a function may be recorded. Those of package unique that name
// its variables are generic; of these the ones that package net/netip makes are in most
// programs.
func ofTheRuntime(name string) bool {
	if strings.HasPrefix(name, "unique.") {
		return !strings.Contains(name, "main.")
	}
	return (strings.HasPrefix(name, "runtime.") || strings.HasPrefix(name, "sync.") || strings.HasPrefix(name, "internal/runtime/")) && !strings.ContainsAny(name, "[#+@")
}

func functions(f *symbols.File) (*pclntab.Table, error) {
	for _, name := range []string{".gopclntab", ".data.rel.ro.gopclntab"} {
		s := f.ELF().Section(name)
		if s == nil {
			continue
		}
		b, err := s.Data()
		if err != nil {
			return nil, err
		}
		text, ok1 := f.Symbol("runtime.text")
		etext, ok2 := f.Symbol("runtime.etext")
		if !ok1 || !ok2 {
			return nil, fmt.Errorf("no symbols runtime.text and runtime.etext")
		}
		return pclntab.New(pclntab.Config{Arch: f.Arch, Pclntab: bytes.Clone(b), Text: text.Addr, EText: etext.Addr})
	}
	return nil, fmt.Errorf("no function table")
}

func bytesAt(f *symbols.File, addr, n uint64) ([]byte, error) {
	for _, p := range f.ELF().Progs {
		if p.Type == elf.PT_LOAD && addr >= p.Vaddr && addr-p.Vaddr < p.Filesz && p.Filesz-(addr-p.Vaddr) >= n {
			b := make([]byte, n)
			_, err := p.ReadAt(b, int64(addr-p.Vaddr))
			return b, err
		}
	}
	return nil, fmt.Errorf("no bytes at %#x", addr)
}
