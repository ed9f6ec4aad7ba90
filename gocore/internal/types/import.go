package types

// maxImport bounds how deep a type is taken over part by part.
const maxImport = 8

// Import returns the type of t that is the type id of another table of the same
// process, that of a plugin: the one with the same descriptor, else the only one of
// that name, kind and size, else, for pointers, slices, arrays and structs, one made
// of imported parts. It is 0 where t has nothing like it.
func (t *Table) Import(from *Table, id ID) ID { return t.imported(from, id, 0) }

func (t *Table) imported(from *Table, id ID, depth int) ID {
	typ := from.Type(id)
	if typ.Kind == Invalid || depth > maxImport {
		return 0
	}
	if addr, ok := from.RuntimeType(id); ok {
		if own, ok := t.ByRuntimeType(addr); ok && t.like(own, typ) {
			return own
		}
	}
	if own, ok := t.Lookup(typ.Name); ok && t.like(own, typ) {
		return own
	}
	own := *typ
	own.Runtime, own.linked, own.group, own.descriptor, own.descriptorOffset = 0, "", 0, 0, 0
	switch typ.Kind {
	case Pointer, Slice, Array:
		if own.Elem = t.imported(from, typ.Elem, depth+1); own.Elem == 0 {
			return 0
		}
	case Struct:
		own.Fields = append([]Field(nil), typ.Fields...)
		for i := range own.Fields {
			if own.Fields[i].Type = t.imported(from, typ.Fields[i].Type, depth+1); own.Fields[i].Type == 0 {
				return 0
			}
		}
	default:
		return 0
	}
	return t.made("import "+typ.Name, own)
}

// like reports whether the type id may be typ of another table.
func (t *Table) like(id ID, typ *Type) bool {
	own := t.Type(id)
	return own.Kind == typ.Kind && own.Size == typ.Size && own.Name == typ.Name
}
