package types

import (
	"fmt"
	"strings"
)

// maxUnshaped bounds how deep types are taken apart.
const maxUnshaped = 8

// Unshaped returns what a type is where its shapes stand for certain types, which
// unshaped writes in the place of theirs in its name, if it can. Debugging information
// has no type that code which instances share makes, such as
// *struct { result go.shape.*uint8 }: it is made of its parts then, as far as these are
// pointers, functions and fields. It is 0 where the type is not known.
func Unshaped(t *Table, id ID, unshaped func(name string) (string, bool)) ID {
	return withoutShapes(t, id, unshaped, 0)
}

func withoutShapes(t *Table, id ID, unshaped func(name string) (string, bool), depth int) ID {
	typ := t.Type(id)
	if !strings.Contains(typ.Name, shapePrefix) {
		return id
	}
	name, ok := unshaped(typ.Name)
	if !ok {
		return 0
	}
	linked, _ := unshaped(typ.LinkerName())
	for _, name := range []string{linked, name} {
		if own, ok := t.Lookup(name); ok {
			if t.Type(own).Size != typ.Size {
				return 0
			}
			return own
		}
	}
	if depth >= maxUnshaped || strings.HasPrefix(typ.Name, shapePrefix) {
		return 0 // a shape itself: of what it stands for no more than the name is known
	}
	own := Type{Name: name, Kind: typ.Kind, Size: typ.Size}
	switch {
	case typ.Kind == Func:
	case typ.Kind == Pointer:
		if own.Elem = withoutShapes(t, typ.Elem, unshaped, depth+1); own.Elem == 0 {
			return 0
		}
	case typ.Kind == Struct && strings.HasPrefix(typ.Name, "struct {"):
		own.Fields = append([]Field(nil), typ.Fields...)
		for i := range own.Fields {
			f := &own.Fields[i]
			if f.Type = withoutShapes(t, f.Type, unshaped, depth+1); f.Type == 0 {
				return 0
			}
		}
	default:
		return 0
	}
	return t.made(fmt.Sprintf("unshaped %d %s", id, name), own)
}
