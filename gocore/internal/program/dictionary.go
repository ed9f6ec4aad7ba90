package program

import (
	"strings"
	"sync"

	"goheap/gocore/internal/types"
	"goheap/gocore/internal/typing"
)

// dictionaries are those of the program's generic functions and types, by the function or
// type that they are for. They are read from the table of symbols when the first one is
// asked for.
type dictionaries struct {
	once sync.Once
	of   map[string][]dictionary
}

// dictionary has the types that code which several type arguments share is run with.
type dictionary struct {
	args []string
	addr uint64
}

// dictInfix stands between the package and the rest in the names of dictionaries
// (cmd/compile/internal/noder, reader.go, Go 1.26).
const dictInfix = "..dict."

func (e *Executable) readDictionaries() {
	e.dictionaries.of = map[string][]dictionary{}
	for _, s := range e.File.Symbols() {
		pkg, rest, ok := strings.Cut(s.Name, dictInfix)
		if !ok {
			continue
		}
		if name, args, ok := typeArguments(rest); ok {
			key := pkg + "." + name
			e.dictionaries.of[key] = append(e.dictionaries.of[key], dictionary{args, s.Addr + e.Bias})
		}
	}
}

// OnlyDictionary returns the address of the dictionary that a generic function, or one
// inside it, is run with, by its name with the shapes of its type arguments; 0 where the
// program has several that these shapes stand for. Until Go 1.26 optimised code has no
// variable for it.
func (d *Program) OnlyDictionary(function string) uint64 {
	only, _ := d.onlyDictionary(function)
	return only.addr
}

// Argument returns the type argument of a generic function, or of one around it, that a
// shape stands for in it; 0 where that is not known.
func (d *Program) Argument(function string, shape types.ID) (arg types.ID) {
	only, shapes := d.onlyDictionary(function)
	name := d.Types.Type(shape).Name
	for i, s := range shapes {
		if s != name || only.addr == 0 {
			continue
		}
		if arg != 0 {
			return 0
		}
		if arg, _ = d.Types.Lookup(only.args[i]); arg == 0 {
			return 0
		}
	}
	return arg
}

// onlyDictionary is OnlyDictionary with the type arguments and their shapes.
func (d *Program) onlyDictionary(function string) (only dictionary, shapes []string) {
	if d.Exe == nil || d.Exe.File == nil || !strings.Contains(function, typing.ShapePrefix) {
		return only, nil
	}
	d.Exe.dictionaries.once.Do(d.Exe.readDictionaries)
	name, shapes, ok := typeArguments(function)
	if !ok {
		return only, nil
	}
	for _, dict := range d.Exe.dictionaries.of[strings.Replace(name, ".(*", ".", 1)] {
		if !d.haveShapes(dict.args, shapes) {
			continue
		}
		if only.addr != 0 {
			return dictionary{}, nil
		}
		only = dict
	}
	return only, shapes
}

// typeArguments splits a name in front of its first type arguments, and these.
func typeArguments(name string) (generic string, args []string, ok bool) {
	generic, rest, ok := strings.Cut(name, "[")
	if !ok {
		return "", nil, false
	}
	depth, start := 0, 0
	for i, c := range []byte(rest) {
		switch c {
		case '[', '(', '{':
			depth++
		case ')', '}':
			depth--
		case ',':
			if depth == 0 {
				args = append(args, rest[start:i])
				start = i + 1
			}
		case ']':
			if depth == 0 {
				return generic, append(args, rest[start:i]), true
			}
			depth--
		}
	}
	return "", nil, false
}

// haveShapes reports whether types may be the ones that shapes stand for.
func (d *Program) haveShapes(args, shapes []string) bool {
	if len(args) != len(shapes) {
		return false
	}
	for i, arg := range args {
		if !d.hasShape(arg, shapes[i]) {
			return false
		}
	}
	return true
}

// hasShape reports whether a type may be one that a shape stands for: all pointers have
// one shape, other types have that of their underlying type. In Go 1.18 to 1.20 a number
// follows each shape.
func (d *Program) hasShape(arg, shape string) bool {
	shape, ok := strings.CutPrefix(shape, typing.ShapePrefix)
	if !ok {
		return arg == shape
	}
	if i := strings.LastIndexByte(shape, '_'); i > 0 && strings.Trim(shape[i+1:], "0123456789") == "" {
		shape = shape[:i]
	}
	id, ok := d.Types.Lookup(arg)
	if !ok {
		return true
	}
	kind := d.Types.Type(id).Kind
	for _, s := range [...]struct {
		prefix string
		kind   types.Kind
	}{
		{"*", types.Pointer}, {"[]", types.Slice}, {"[", types.Array}, {"map[", types.Map}, {"chan ", types.Chan}, {"<-chan ", types.Chan},
		{"func(", types.Func}, {"struct {", types.Struct}, {"interface {", types.Interface}, {"unsafe.Pointer", types.UnsafePointer},
		{"string", types.String}, {"bool", types.Bool},
	} {
		if strings.HasPrefix(shape, s.prefix) {
			return kind == s.kind
		}
	}
	switch kind {
	case types.Pointer, types.Slice, types.Array, types.Map, types.Chan, types.Func, types.Struct, types.Interface, types.UnsafePointer, types.String, types.Bool:
		return false
	}
	return true
}
