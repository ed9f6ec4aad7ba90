package types

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
)

// Constants are the constants of one type, by value. nil has none.
type Constants struct {
	list []constant
	// bits has those of the values that are a single bit, if the type can be one of
	// flags; else it is 0.
	bits uint64
}

type constant struct {
	value uint64 // without the bits that the type does not have
	name  string
}

// ConstantsOf returns the constants of a named integer type that are declared in its own
// package; nil where there are none.
//
// The compiler writes the constants of packages, not those of functions, if their types
// are of an integer kind, exported or not, used or not (cmd/compile/internal/gc,
// dumpGlobalConst), file by file as declared. The linker keeps those of every package of
// which it keeps a function (cmd/link/internal/ld/dwarf.go, dwarfGenerateDebugInfo).
func ConstantsOf(t *Table, id ID) *Constants {
	if t.index == nil || id == 0 {
		return nil
	}
	t.constantsOnce.Do(func() { readConstants(t) })
	return t.constants[id]
}

// Constant is a constant of a package, of an integer type. One that is declared without a
// type is an int, if it fits.
type Constant struct {
	Package, Name string
	Value         int64 // of an unsigned type the same bits
	Type          ID
}

// ConstantsNamed returns the constants of all packages that have a name, in the order of
// the file. ConstantsOf says which there are.
func ConstantsNamed(t *Table, name string) []Constant {
	if t.index == nil {
		return nil
	}
	t.namesOnce.Do(func() {
		t.byConstant = map[string][]Constant{}
		for _, x := range t.index.Constants {
			dot := strings.LastIndexByte(x.Name, '.')
			if id := t.ByOffset(x.Type); dot > 0 && t.Type(id).Kind >= Int && t.Type(id).Kind <= Uintptr {
				short := x.Name[dot+1:]
				t.byConstant[short] = append(t.byConstant[short], Constant{x.Name[:dot], short, x.Value, id})
			}
		}
	})
	return t.byConstant[name]
}

func readConstants(t *Table) {
	t.constants = map[ID]*Constants{}
	for _, x := range t.index.Constants {
		id := t.ByOffset(x.Type)
		typ := t.Type(id)
		dot := strings.LastIndexByte(x.Name, '.')
		// The package of a constant is not escaped as that of a type is.
		if dot < 0 || typ.Kind < Int || typ.Kind > Uintptr || typ.Package == "" || typ.Package != x.Name[:dot] {
			continue
		}
		c := t.constants[id]
		if c == nil {
			c = &Constants{}
			t.constants[id] = c
		}
		c.list = append(c.list, constant{masked(uint64(x.Value), typ.Size), x.Name[dot+1:]})
	}
	for _, c := range t.constants {
		c.order()
	}
}

// masked drops the bits of a number that a type of size bytes does not have.
func masked(v, size uint64) uint64 {
	if size >= 8 {
		return v
	}
	return v & (1<<(8*size) - 1)
}

// order sorts the list, in which constants stand as they are declared. Of those that
// have the same value the first remains, as golang.org/x/tools/cmd/stringer has it.
func (c *Constants) order() {
	bitsFirst := true // no sum of bits is declared before a bit
	sums := false
	var all uint64
	for _, x := range c.list {
		all |= x.value
		switch bits.OnesCount64(x.value) {
		case 0:
		case 1:
			c.bits |= x.value
			bitsFirst = bitsFirst && !sums
		default:
			sums = true
		}
	}
	slices.SortStableFunc(c.list, func(a, b constant) int { return cmp.Compare(a.value, b.value) })
	c.list = slices.CompactFunc(c.list, func(a, b constant) bool { return a.value == b.value })
	// Numbers without a gap, declared in this order, count something: the bits that they
	// have in common are an accident. So they are where a constant has a bit that is none
	// by itself.
	last := c.list[len(c.list)-1].value
	if last-c.list[0].value == uint64(len(c.list)-1) && !bitsFirst || all != c.bits {
		c.bits = 0
	}
}

// Name returns the name of the constant that has a value of size bytes, or of several,
// each a single bit, that make it up: "Read|Write"; "" if there is none.
func (c *Constants) Name(v, size uint64) string {
	if c == nil {
		return ""
	}
	v = masked(v, size)
	if name, ok := c.find(v); ok {
		return name
	}
	if v == 0 || v&^c.bits != 0 {
		return ""
	}
	var names []string
	for ; v != 0; v &= v - 1 {
		name, _ := c.find(v & -v)
		names = append(names, name)
	}
	return strings.Join(names, "|")
}

func (c *Constants) find(v uint64) (string, bool) {
	i, ok := slices.BinarySearchFunc(c.list, v, func(x constant, v uint64) int { return cmp.Compare(x.value, v) })
	if !ok {
		return "", false
	}
	return c.list[i].name, true
}
