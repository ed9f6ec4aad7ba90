package types

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// described are the types that the program's descriptors tell of, for a program without
// DWARF: what Lookup, First and All know then.
type described struct {
	all    []ID // by name, then by ID
	byName map[string]ID
}

// ambiguous stands for several types of one name.
const ambiguous = ^ID(0)

// Describe makes the types known by name that have a descriptor in a module, for a program
// without DWARF. It is called once, after SetRuntime and before the table is used by
// several goroutines.
//
// The linker puts descriptors at addresses that words have, among names, masks of pointers
// and tables of methods (cmd/link/internal/ld/data.go, Go 1.26); which there are, the
// program has in no list until Go 1.26. So each word is tried: a descriptor is one by its
// size and kind, its name, and the types that it is made of.
func Describe(t *Table) {
	if t.index != nil || t.runtime == nil {
		return
	}
	d := &described{byName: map[string]ID{}}
	word := uint64(t.Arch.PtrSize)
	type named struct {
		name string
		id   ID
	}
	var list []named
	for _, m := range t.runtime.Modules {
		if m.ETypes <= m.Types || m.ETypes-m.Types > maxModuleTypes {
			continue
		}
		for addr := (m.Types + word - 1) &^ (word - 1); addr+t.headerSize() <= m.ETypes; addr += word {
			if !soundAt(t, addr, 0) {
				continue
			}
			if id, ok := t.ByRuntimeType(addr); ok {
				n := namer{t: t, budget: maxNameSteps}
				list = append(list, named{n.name(addr, 0), id})
			}
		}
	}
	for _, n := range list {
		if old, ok := d.byName[n.name]; ok && old != n.id {
			d.byName[n.name] = ambiguous
			continue
		}
		d.byName[n.name] = n.id
	}
	for _, b := range basics {
		if _, ok := d.byName[b.name]; !ok {
			id := basic(t, b.name, b.kind)
			d.byName[b.name] = id
			list = append(list, named{b.name, id})
		}
	}
	slices.SortFunc(list, func(a, b named) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.id, b.id))
	})
	for _, n := range list {
		d.all = append(d.all, n.id)
	}
	t.described = d // types that are read from now on find those of the runtime
}

// basics are types that every program may use, though it may have no descriptor of them.
var basics = [...]struct {
	name string
	kind Kind
}{
	{"bool", Bool}, {"int", Int}, {"int8", Int8}, {"int16", Int16}, {"int32", Int32}, {"int64", Int64},
	{"uint", Uint}, {"uint8", Uint8}, {"uint16", Uint16}, {"uint32", Uint32}, {"uint64", Uint64}, {"uintptr", Uintptr},
	{"float32", Float32}, {"float64", Float64}, {"complex64", Complex64}, {"complex128", Complex128},
	{"string", String}, {"unsafe.Pointer", UnsafePointer}, {"interface {}", Interface},
}

func basic(t *Table, name string, kind Kind) ID {
	size, _ := sizeOfKind(kind, uint64(t.Arch.PtrSize))
	return t.made("basic "+name, Type{Name: name, Kind: kind, Size: size, NoMethods: kind == Interface})
}

// maxSound is how deep the types that a type is made of are looked at.
const maxSound = 2

// soundAt reports whether there is a descriptor at addr.
func soundAt(t *Table, addr uint64, depth int) bool {
	h, ok := t.readHeader(addr)
	if !ok || h.bare || h.tflag&^(tflagUncommon|tflagExtraStar|tflagNamed|1<<3|tflagOnDemand|tflagDirect) != 0 {
		return false
	}
	name, ok := t.nameAt(addr, h.str)
	if !ok || name == "" || strings.ContainsFunc(name[:min(len(name), 64)], func(r rune) bool { return !unicode.IsPrint(r) }) {
		return false
	}
	if depth >= maxSound {
		return true
	}
	if !likeKind(strings.TrimPrefix(name, "*"), h) {
		return false
	}
	word := uint64(t.Arch.PtrSize)
	part := func(off uint64) bool {
		p, ok := t.word(addr, t.headerSize()+off)
		return ok && t.runtime.module(p) >= 0 && soundAt(t, p, depth+1)
	}
	switch h.kind {
	case Array, Slice:
		return part(0) && (h.kind == Slice || part(word))
	case Pointer, Chan:
		return part(0)
	case Map:
		return part(0) && part(word) && part(2*word)
	case Struct:
		n, ok := t.word(addr, t.headerSize()+2*word)
		fields := t.rawFields(addr)
		if !ok || uint64(len(fields)) != n {
			return false
		}
		for i := range fields {
			if t.runtime.module(fields[i].typ) < 0 || fields[i].offset > h.size || !soundAt(t, fields[i].typ, depth+1) {
				return false
			}
		}
	}
	return true
}

// likeKind reports whether a descriptor's own name may be that of a type of its kind: one
// without a name is written as its structure is.
func likeKind(name string, h header) bool {
	if h.tflag&tflagNamed != 0 {
		return true
	}
	name = strings.TrimPrefix(name, "noalg.")
	switch h.kind {
	case Array, Slice:
		return strings.HasPrefix(name, "[")
	case Chan:
		return strings.HasPrefix(name, "chan") || strings.HasPrefix(name, "<-chan")
	case Func:
		return strings.HasPrefix(name, "func(")
	case Interface:
		return strings.HasPrefix(name, "interface {")
	case Map:
		return strings.HasPrefix(name, "map[")
	case Struct:
		return strings.HasPrefix(name, "struct {") || strings.HasPrefix(name, "map.")
	}
	return true
}

// lookup is Lookup without DWARF.
func (d *described) lookup(name string) (ID, bool) {
	id, ok := d.byName[name]
	if !ok || id == ambiguous {
		return 0, false
	}
	return id, true
}

// first is First without DWARF.
func (d *described) first(t *Table, prefix string) (string, bool) {
	i, _ := slices.BinarySearchFunc(d.all, prefix, func(id ID, name string) int { return strings.Compare(t.Type(id).Name, name) })
	for _, id := range d.all[i:] {
		typ := t.Type(id)
		if !strings.HasPrefix(typ.Name, prefix) {
			break
		}
		if _, ok := d.lookup(typ.Name); ok && typ.Kind == Struct {
			return typ.Name, true
		}
	}
	return "", false
}
