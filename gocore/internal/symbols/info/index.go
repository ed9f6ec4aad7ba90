package info

import (
	"cmp"
	"slices"
)

// Index is what one pass over all entries of Go units finds.
type Index struct {
	Types   []Named   // types of the program by name; ties by offset
	Runtime []Runtime // by descriptor, then offset
	Vars    []Var     // package variables, in the order of the file
	varsBy  []int32   // of Vars, by name; ties in the order of the file
	Funcs   []Func    // by Low
	Consts  map[string]int64
	// Constants are those that Consts has by name, with their types, in the order of
	// the file.
	Constants []Constant
}

// Constant is a constant of a package.
type Constant struct {
	Name  string
	Value int64
	Type  Offset
}

// Named is a type with a name.
type Named struct {
	Name string
	Off  Offset
}

// Runtime ties a runtime type descriptor to the entry of its type.
type Runtime struct {
	Type uint64 // offset from moduledata.types
	Off  Offset
}

// Var is a package variable.
type Var struct {
	Name string
	Addr uint64 // as linked
	Type Offset
}

// Func is the code of a function: [Low, High), as linked.
type Func struct {
	Low, High uint64
	Off       Offset
}

// opAddr is DW_OP_addr, opAddrx is DW_OP_addrx (DWARF 5, section 7.7.1).
const (
	opAddr  = 0x03
	opAddrx = 0xa1
)

// BuildIndex reads the entries on the outermost level of every Go unit. On
// damage it returns what it found so far with an error.
func (d *Data) BuildIndex() (*Index, error) {
	x := &Index{Consts: map[string]int64{}}
	var first error
	for i := range d.Units {
		if u := &d.Units[i]; u.Lang == LangGo {
			if err := d.indexUnit(u, x); err != nil && first == nil {
				first = err
			}
		}
	}
	slices.SortFunc(x.Types, func(a, b Named) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Off, b.Off))
	})
	slices.SortFunc(x.Runtime, func(a, b Runtime) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Off, b.Off))
	})
	slices.SortFunc(x.Funcs, func(a, b Func) int {
		return cmp.Or(cmp.Compare(a.Low, b.Low), cmp.Compare(a.Off, b.Off))
	})
	x.varsBy = make([]int32, len(x.Vars))
	for i := range x.varsBy {
		x.varsBy[i] = int32(i)
	}
	slices.SortFunc(x.varsBy, func(a, b int32) int {
		return cmp.Or(cmp.Compare(x.Vars[a].Name, x.Vars[b].Name), cmp.Compare(a, b))
	})
	return x, first
}

func (d *Data) indexUnit(u *Unit, x *Index) error {
	_, children, off, err := d.Skip(u, u.First)
	if err != nil || !children {
		return err
	}
	var e Entry
	for off < u.End {
		next, err := d.Read(u, off, &e)
		if err != nil {
			return err
		}
		switch e.Tag {
		case 0:
			return nil
		case TagSubprogram:
			if e.HasPC && e.HighPC > e.LowPC {
				x.Funcs = append(x.Funcs, Func{e.LowPC, e.HighPC, off})
			}
		case TagVariable:
			if addr, ok := d.staticAddr(u, e.Location); ok && e.Name != "" {
				x.Vars = append(x.Vars, Var{e.Name, addr, e.Type})
			}
		case TagConstant:
			if e.HasConst && e.Name != "" {
				x.Consts[e.Name] = e.Const
				x.Constants = append(x.Constants, Constant{e.Name, e.Const, e.Type})
			}
		case TagArray, TagPointer, TagStruct, TagSubroutine, TagTypedef, TagBase:
			if e.Name != "" {
				x.Types = append(x.Types, Named{e.Name, off})
			}
			if e.RuntimeType != 0 {
				x.Runtime = append(x.Runtime, Runtime{e.RuntimeType, off})
			}
		}
		if e.Children {
			if next, err = d.SkipChildren(u, next); err != nil {
				return err
			}
		}
		off = next
	}
	return nil
}

// staticAddr evaluates a location that is nothing but an address.
func (d *Data) staticAddr(u *Unit, loc []byte) (uint64, bool) {
	if len(loc) == 0 {
		return 0, false
	}
	c := Cursor{B: loc, Off: 1, Big: d.Big}
	var addr uint64
	ok := true
	switch loc[0] {
	case opAddr:
		addr = c.Uint(int(u.AddrSize))
	case opAddrx:
		addr, ok = d.Addr(u, c.Uleb())
	default:
		return 0, false
	}
	return addr, ok && !c.Bad && c.Off == len(loc)
}

// Find returns the entries named name: Types[lo:hi].
func (x *Index) Find(name string) (lo, hi int) {
	lo, _ = slices.BinarySearchFunc(x.Types, name, func(t Named, n string) int { return cmp.Compare(t.Name, n) })
	for hi = lo; hi < len(x.Types) && x.Types[hi].Name == name; hi++ {
	}
	return lo, hi
}

// Var returns the package variable of that name; of several the first of the file.
func (x *Index) Var(name string) (Var, bool) {
	i, ok := slices.BinarySearchFunc(x.varsBy, name, func(v int32, n string) int { return cmp.Compare(x.Vars[v].Name, n) })
	if !ok {
		return Var{}, false
	}
	return x.Vars[x.varsBy[i]], true
}

// ByRuntime returns the entry of the type with the descriptor at offset t of
// moduledata.types.
func (x *Index) ByRuntime(t uint64) (Offset, bool) {
	i, ok := slices.BinarySearchFunc(x.Runtime, t, func(r Runtime, t uint64) int { return cmp.Compare(r.Type, t) })
	if !ok {
		return 0, false
	}
	return x.Runtime[i].Off, true
}

// FuncAt returns the function whose code holds pc.
func (x *Index) FuncAt(pc uint64) (Func, bool) {
	i, ok := slices.BinarySearchFunc(x.Funcs, pc, func(f Func, pc uint64) int { return cmp.Compare(f.Low, pc) })
	if !ok {
		i--
	}
	if i < 0 || pc >= x.Funcs[i].High {
		return Func{}, false
	}
	return x.Funcs[i], true
}
