package symbols

import (
	"cmp"
	"debug/elf"
	"slices"
	"sort"

	"goheap/gocore/internal/types"
)

// Variable is a package variable.
type Variable struct {
	Name string
	Addr uint64 // as linked
	Type types.ID
}

// Globals returns the package variables, by address and then by name. It
// computes the list anew: keep it.
func (f *File) Globals() []Variable {
	if f.index == nil {
		return nil
	}
	vs := make([]Variable, len(f.index.Vars))
	for i, v := range f.index.Vars {
		vs[i] = Variable{v.Name, v.Addr, f.types.ByOffset(v.Type)}
	}
	slices.SortFunc(vs, func(a, b Variable) int {
		return cmp.Or(cmp.Compare(a.Addr, b.Addr), cmp.Compare(a.Name, b.Name))
	})
	return vs
}

// Global returns the package variable of the given name.
func (f *File) Global(name string) (Variable, bool) {
	if f.index == nil {
		return Variable{}, false
	}
	v, ok := f.index.Var(name)
	if !ok {
		return Variable{}, false
	}
	return Variable{v.Name, v.Addr, f.types.ByOffset(v.Type)}, true
}

// Symbol is an entry of the ELF symbol table.
type Symbol struct {
	Name       string
	Addr, Size uint64
	Func       bool // code, otherwise data
}

// Symbols returns the functions and data of the symbol table, by address; of
// several symbols at one address the largest comes first. It is empty if the
// executable is stripped, and must not be changed.
func (f *File) Symbols() []Symbol {
	f.symbolsOnce.Do(f.readSymbols)
	return f.symbols
}

func (f *File) readSymbols() {
	f.byName = map[string]int{}
	var all []elf.Symbol
	if f.elf == nil {
		return // see None
	}
	guarded("reading symbols", func() (err error) {
		all, err = f.elf.Symbols()
		if f.debug != nil && len(all) == 0 {
			all, err = f.debug.elf.Symbols()
			for i := range all {
				all[i].Value = f.placedHere(all[i].Value)
			}
		}
		return err
	})
	f.symbols = make([]Symbol, 0, len(all))
	for i := range all {
		s := &all[i]
		kind := elf.ST_TYPE(s.Info)
		if s.Section == elf.SHN_UNDEF || s.Name == "" || kind != elf.STT_FUNC && kind != elf.STT_OBJECT {
			continue
		}
		f.symbols = append(f.symbols, Symbol{s.Name, s.Value, s.Size, kind == elf.STT_FUNC})
	}
	f.sortSymbols()
}

func (f *File) sortSymbols() {
	slices.SortFunc(f.symbols, func(a, b Symbol) int {
		return cmp.Or(cmp.Compare(a.Addr, b.Addr), cmp.Compare(b.Size, a.Size), cmp.Compare(a.Name, b.Name))
	})
	for i := len(f.symbols) - 1; i >= 0; i-- {
		f.byName[f.symbols[i].Name] = i
	}
}

// Adopt makes known what was found out of a file that has no symbols. It must be called
// before the file is used by several goroutines, and does nothing to one that has some.
func (f *File) Adopt(found []Symbol) {
	if len(f.Symbols()) > 0 && !f.adopted {
		return
	}
	f.adopted = true
	f.symbols = append(f.symbols, found...)
	f.sortSymbols()
}

// Symbol returns the symbol of the given name, the one with the lowest address
// if there are several.
func (f *File) Symbol(name string) (Symbol, bool) {
	s := f.Symbols()
	i, ok := f.byName[name]
	if !ok {
		return Symbol{}, false
	}
	return s[i], true
}

// SymbolAt returns the symbol whose bytes include addr. A symbol of size 0
// includes none.
func (f *File) SymbolAt(addr uint64) (Symbol, bool) {
	s := f.Symbols()
	// Symbols hardly overlap: an enclosing one is within a few steps.
	i := sort.Search(len(s), func(i int) bool { return s[i].Addr > addr }) - 1
	for n := 0; i >= 0 && n < 16; i, n = i-1, n+1 {
		if addr-s[i].Addr < s[i].Size {
			for i > 0 && s[i-1].Addr == s[i].Addr {
				i--
			}
			return s[i], true
		}
	}
	return Symbol{}, false
}
