package types

import "strings"

// alignOf is the alignment of values of a type (cmd/compile/internal/types, CalcSize).
func alignOf(t *Table, id ID, depth int) uint64 {
	typ := t.Type(id)
	switch typ.Kind {
	case Bool, Int8, Uint8, Invalid:
		return 1
	case Int16, Uint16:
		return 2
	case Int32, Uint32, Float32, Complex64:
		return 4
	case Array:
		if depth < maxNesting {
			return alignOf(t, typ.Elem, depth+1)
		}
		return 1
	case Struct:
		align := uint64(1)
		for i := range typ.Fields {
			if depth < maxNesting {
				align = max(align, alignOf(t, typ.Fields[i].Type, depth+1))
			}
		}
		return align
	}
	return uint64(t.Arch.PtrSize) // also of 64 bits on a processor of 32
}

// Packed returns the size that a struct would have if its fields stood in the order of
// their alignment; that of types that are none, or that the standard library declares,
// whose fields nobody moves, is their size.
func Packed(t *Table, id ID) uint64 {
	typ := t.Type(id)
	first, _, _ := strings.Cut(typ.Package, "/")
	if typ.Kind != Struct || typ.Package == "" || typ.Package != "main" && !strings.Contains(first, ".") {
		return typ.Size
	}
	sum, align := uint64(0), uint64(1)
	for i := range typ.Fields {
		f := &typ.Fields[i]
		size := t.Type(f.Type).Size
		if sum += size; sum > typ.Size || f.Type == 0 {
			return typ.Size
		}
		if align = max(align, alignOf(t, f.Type, 0)); size == 0 && i == len(typ.Fields)-1 {
			return typ.Size // a pointer to it must not point behind the struct
		}
	}
	return min(typ.Size, (sum+align-1)/align*align)
}
