package symbols

import (
	"strings"

	"goheap/gocore/internal/types"
)

// Layout is a structure of the program, with its fields by name. Field sorts
// nothing out beforehand: look offsets up once and keep them.
type Layout struct {
	Name  string
	Size  uint64
	Type  types.ID
	table *types.Table
}

// Field is a field of a Layout, or of a structure inside it.
type Field struct {
	Offset, Size uint64 // in bytes, from the start of the Layout
	Type         types.ID
}

// Struct returns the layout of the named struct type, such as "runtime.mspan".
func (f *File) Struct(name string) (Layout, bool) {
	id, ok := f.types.Lookup(name)
	if !ok {
		return Layout{}, false
	}
	return f.Layout(id)
}

// Layout returns the layout of a struct type.
func (f *File) Layout(id types.ID) (Layout, bool) {
	t := f.types.Type(id)
	if t.Kind != types.Struct {
		return Layout{}, false
	}
	return Layout{Name: t.Name, Size: t.Size, Type: id, table: f.types}, true
}

// Field, SizeOf and First make a File a layout.Source.

// Field returns the place of the field at a path of the named struct.
func (f *File) Field(typ, path string) (offset, size uint64, ok bool) {
	l, ok := f.Struct(typ)
	if !ok {
		return 0, 0, false
	}
	field, ok := l.Field(path)
	return field.Offset, field.Size, ok
}

// SizeOf returns the size of the named struct.
func (f *File) SizeOf(typ string) (uint64, bool) {
	l, ok := f.Struct(typ)
	return l.Size, ok
}

// First returns the name of the first struct, by name, whose name begins so.
func (f *File) First(prefix string) (string, bool) { return f.types.First(prefix) }

// Field returns the field at a path such as "sched.sp". A path that ends at a
// struct with one field is not continued into it.
func (l Layout) Field(path string) (Field, bool) {
	if l.table == nil {
		return Field{}, false
	}
	at := Field{Size: l.Size, Type: l.Type}
	for rest, more := path, true; more; {
		var name string
		name, rest, more = strings.Cut(rest, ".")
		t := l.table.Type(at.Type)
		found := false
		for i := range t.Fields {
			if fl := &t.Fields[i]; fl.Name == name {
				size := l.table.Type(fl.Type).Size
				if fl.Offset > t.Size || size > t.Size-fl.Offset {
					return Field{}, false
				}
				at = Field{Offset: at.Offset + fl.Offset, Size: size, Type: fl.Type}
				found = true
				break
			}
		}
		if !found {
			return Field{}, false
		}
	}
	return at, true
}

// Const returns the value of an integer constant, such as
// "runtime._KindSpecialFinalizer". The linker keeps those of all packages.
func (f *File) Const(name string) (int64, bool) {
	if f.index == nil {
		return 0, false
	}
	v, ok := f.index.Consts[name]
	return v, ok
}
