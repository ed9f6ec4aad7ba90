package types

// Direct reports whether an interface stores a value of the type in its data word
// itself, not its address. The descriptor says so; until Go 1.25 structs and arrays
// need to have one part, and pointers to what is not in the heap are stored by their
// addresses in all versions (cmd/compile/internal/types, IsDirectIface).
//
// Of a type whose descriptor is not in the memory it is what Go 1.26 does: its only
// word is a pointer for the collector.
func (t *Table) Direct(id ID) bool {
	typ := t.Type(id)
	if typ.Size != uint64(t.Arch.PtrSize) {
		return false
	}
	if addr, ok := t.RuntimeType(id); ok && t.runtime != nil {
		if h, ok := t.readHeader(addr); ok {
			if t.runtime.Layout.DirectFlag {
				return h.tflag&tflagDirect != 0
			}
			return h.kindFlags&kindDirect != 0
		}
	}
	return t.PointerAt(id, 0)
}
