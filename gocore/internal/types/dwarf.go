package types

import (
	"math"

	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/symbols/info"
)

// maxTypedefs is how long a chain of typedefs may be.
const maxTypedefs = 32

// ByOffset returns the ID of the type whose entry is at off in .debug_info; 0
// if there is none.
//
// Go's linker writes a named type twice: the structure, pointer or base type
// itself, and a typedef of the same name that others refer to
// (cmd/link/internal/ld/dwarf.go, dotypedef). Both have the same ID. Typedefs
// with a kind of their own (maps, channels, interfaces) are types.
func (t *Table) ByOffset(off info.Offset) ID {
	if off == 0 || t.dwarf == nil {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if id, ok := t.byOffset[off]; ok {
		return id
	}
	target := off
	var e info.Entry
	for i := 0; ; i++ {
		u := t.dwarf.UnitOf(target)
		if u == nil || i == maxTypedefs {
			return 0
		}
		if _, err := t.dwarf.Read(u, target, &e); err != nil {
			return 0
		}
		if e.Tag != info.TagTypedef || e.Kind != 0 {
			break
		}
		target = e.Type
	}
	id, ok := t.byOffset[target]
	if !ok {
		if e.Tag == 0 {
			return 0
		}
		var s *slot
		id, s = t.newSlot()
		s.off = target
		t.byOffset[target] = id
	}
	t.byOffset[off] = id
	return id
}

// loadDWARF makes a Type of the entry at off.
func (t *Table) loadDWARF(off info.Offset) *Type {
	u := t.dwarf.UnitOf(off)
	if u == nil {
		return &Type{Name: unknown.Name}
	}
	var e info.Entry
	next, err := t.dwarf.Read(u, off, &e)
	if err != nil {
		return &Type{Name: unknown.Name}
	}
	typ := &Type{Kind: Kind(e.Kind), Size: e.ByteSize, descriptorOffset: e.RuntimeType}
	if typ.Name, typ.Package = goName(e.Name); typ.Name != e.Name {
		typ.linked = e.Name
	}
	if typ.Kind > UnsafePointer {
		typ.Kind = Invalid
	}
	ptr := uint64(t.Arch.PtrSize)
	switch e.Tag {
	case info.TagBase:
	case info.TagPointer:
		typ.Kind, typ.Size = Pointer, ptr
		if e.Type == 0 {
			typ.Kind = UnsafePointer
		} else {
			typ.Elem = t.ByOffset(e.Type)
		}
	case info.TagArray:
		typ.Kind, typ.Elem = Array, t.ByOffset(e.Type)
		typ.Len = t.arrayLen(u, next, e.Children)
	case info.TagSubroutine:
		typ.Kind, typ.Size = Func, ptr
	case info.TagStruct:
		switch typ.Kind {
		case String:
		case Slice:
			typ.Elem = t.ByOffset(e.Elem)
		case Struct, Invalid: // the linker's map and channel structures have no kind
			typ.Kind = Struct
			if e.Children {
				typ.Fields = t.members(u, next)
			}
		default:
			typ.Kind = Invalid
		}
	case info.TagTypedef:
		switch typ.Kind {
		case Interface:
			typ.Size = 2 * ptr
			typ.NoMethods = t.typedefName(e.Type) == "runtime.eface"
		case Map:
			typ.Size = ptr
			typ.Key, typ.Elem = t.ByOffset(e.Key), t.ByOffset(e.Elem)
			typ.Runtime = t.pointee(e.Type)
		case Chan:
			typ.Size = ptr
			typ.Elem = t.ByOffset(e.Elem)
			typ.Runtime = t.pointee(e.Type)
		default:
			typ.Kind = Invalid
		}
	default:
		typ.Kind = Invalid
	}
	t.checkShape(typ)
	return typ
}

// checkShape turns a type whose size contradicts its kind into an Invalid one,
// so that everybody else can rely on the two.
func (t *Table) checkShape(typ *Type) {
	ptr := uint64(t.Arch.PtrSize)
	want := typ.Size
	switch typ.Kind {
	case Map, Chan, Func, Pointer, UnsafePointer:
		want = ptr
	case String, Interface:
		want = 2 * ptr
	case Slice:
		want = 3 * ptr
	}
	if typ.Size != want || typ.Size > math.MaxInt64 {
		*typ = Type{Name: typ.Name, Package: typ.Package, descriptorOffset: typ.descriptorOffset}
	}
}

// pointee returns the type that the pointer type at off points to.
func (t *Table) pointee(off info.Offset) ID {
	u := t.dwarf.UnitOf(off)
	if u == nil {
		return 0
	}
	var e info.Entry
	if _, err := t.dwarf.Read(u, off, &e); err != nil || e.Tag != info.TagPointer {
		return 0
	}
	return t.ByOffset(e.Type)
}

// typedefName returns the name that the entry at off has.
func (t *Table) typedefName(off info.Offset) string {
	u := t.dwarf.UnitOf(off)
	if u == nil {
		return ""
	}
	var e info.Entry
	if _, err := t.dwarf.Read(u, off, &e); err != nil {
		return ""
	}
	return e.Name
}

// eachChild calls f for the children of an entry; off is the first of them.
func (t *Table) eachChild(u *info.Unit, off info.Offset, f func(e *info.Entry)) {
	var e info.Entry
	for off < u.End {
		next, err := t.dwarf.Read(u, off, &e)
		if err != nil || e.Tag == 0 {
			return
		}
		f(&e)
		if e.Children {
			if next, err = t.dwarf.SkipChildren(u, next); err != nil {
				return
			}
		}
		off = next
	}
}

func (t *Table) arrayLen(u *info.Unit, off info.Offset, children bool) uint64 {
	var n uint64
	if children {
		t.eachChild(u, off, func(e *info.Entry) {
			if e.Tag == info.TagSubrange && e.HasCount {
				n = e.Count
			}
		})
	}
	return n
}

func (t *Table) members(u *info.Unit, off info.Offset) []Field {
	var fields []Field
	t.eachChild(u, off, func(e *info.Entry) {
		if e.Tag != info.TagMember {
			return
		}
		name := e.Name
		if e.Embedded {
			name = embeddedName(name)
		}
		fields = append(fields, Field{Name: name, Offset: e.MemberLoc, Type: t.ByOffset(e.Type), Embedded: e.Embedded})
	})
	return fields
}

// MapGroup returns the type of a map's groups (since Go 1.24) or buckets, 0 if
// it is not known or id is no map.
//
// DWARF has it in the structure that the linker wrote for the map
// (cmd/link/internal/ld/dwarf.go, synthesizemaptypes): map<K,V>.dirPtr points
// to pointers to table<K,V>, whose groups.data points to groups;
// hash<K,V>.buckets points to buckets, for which see bucketOf.
func (t *Table) MapGroup(id ID) ID {
	typ := t.Type(id)
	if typ.Kind != Map || typ.group != 0 {
		return typ.group
	}
	if buckets := t.elem(t.field(typ.Runtime, t.names.DWARFMap.Buckets)); buckets != 0 {
		if described := t.bucketOf(id); described != 0 {
			return described
		}
		return buckets
	}
	table := t.elem(t.elem(t.field(typ.Runtime, t.names.DWARFSwissMap.DirPtr)))
	groups := t.field(table, t.names.DWARFSwissTable.Groups)
	return t.elem(t.field(groups, t.names.DWARFGroupReference.Data))
}

// field returns the type of a struct's field, 0 if there is none of that name.
func (t *Table) field(id ID, named layout.Field) ID {
	for _, f := range t.Type(id).Fields {
		if named.Named(f.Name) {
			return f.Type
		}
	}
	return 0
}

// elem returns the type that a pointer type points to, 0 for other types.
func (t *Table) elem(id ID) ID {
	if typ := t.Type(id); typ.Kind == Pointer {
		return typ.Elem
	}
	return 0
}
