package types

import "strings"

// known returns the places of pointers in types of the standard library whose
// declarations hide what they point to behind unsafe.Pointer, and whether typ is
// one of them.
func (t *Table) known(id ID, typ *Type) ([]Word, bool) {
	word := uint64(t.Arch.PtrSize)
	// offset returns the place of a pointer-sized field, with room for more words
	// behind it.
	offset := func(name string, more uint64) (uint64, bool) {
		for _, f := range typ.Fields {
			if f.Name == name && f.Offset%word == 0 && f.Offset <= typ.Size && typ.Size-f.Offset >= (1+more)*word && t.PointerAt(id, f.Offset) {
				return f.Offset, true
			}
		}
		return 0, false
	}
	switch {
	case typ.Name == "reflect.Value":
		// The descriptor of the value's type, the value or a pointer to it, and
		// a flag that says which (reflect/value.go).
		desc, ok := offset("typ_", 2)
		abi, ok3 := t.Lookup("internal/abi.Type")
		if !ok { // until Go 1.20
			desc, ok = offset("typ", 2)
			abi, ok3 = t.Lookup("reflect.rtype")
		}
		ptr, ok2 := offset("ptr", 1)
		if ok && ok2 && ok3 && ptr == desc+word {
			return []Word{
				{Offset: desc, Kind: PointerWord, Target: abi},
				{Offset: ptr, Kind: ReflectWord},
			}, true
		}
	case strings.HasPrefix(typ.Name, "sync/atomic.Pointer["):
		// v is what a *T would be; an array of none of them, [0]*T, keeps the
		// type (sync/atomic/type.go).
		v, ok := offset("v", 0)
		for _, f := range typ.Fields {
			if a := t.Type(f.Type); ok && a.Kind == Array && a.Len == 0 && t.Type(a.Elem).Kind == Pointer {
				return []Word{{Offset: v, Kind: PointerWord, Target: t.Type(a.Elem).Elem}}, true
			}
		}
	case typ.Name == "regexp/syntax.Inst":
		// Rune is that of a Regexp, and there may be the array in it that is used
		// for one or two runes (regexp/syntax/parse.go, compile.go).
		at, ok := offset("Rune", 2)
		outer, ok2 := t.Lookup("regexp/syntax.Regexp")
		for _, f := range typ.Fields {
			if f.Name == "Rune" && ok && ok2 {
				for _, part := range t.Type(outer).Fields {
					if part.Name == "Rune0" {
						return []Word{{Offset: at, Kind: BufferWord, Target: t.Type(f.Type).Elem, Sub: []Word{{Offset: part.Offset, Target: outer}}}}, true
					}
				}
			}
		}
	case typ.Name == "sync.eface":
		// The slots of a sync.Pool's queues (sync/poolqueue.go): an interface
		// whose type word is declared as a pointer.
		if any, ok := t.Lookup("interface {}"); ok && typ.Size == 2*word && t.PointerAt(id, 0) && t.PointerAt(id, word) {
			return []Word{{Kind: TracedEfaceWord, Target: any}}, true
		}
	case typ.Name == "sync.Map":
		// Until Go 1.19 read is an atomic.Value, whose interface always holds a
		// readOnly: a pointer to one, that is (sync/map.go).
		readOnly, ok := t.Lookup("sync.readOnly")
		var list []Word
		for _, f := range typ.Fields {
			switch {
			case f.Name == "read" && t.Type(f.Type).Name == "sync/atomic.Value" && t.PointerAt(id, f.Offset+word):
				list = append(list, Word{Offset: f.Offset + word, Kind: PointerWord, Target: readOnly})
			case f.Name == "dirty" && len(list) > 0 && t.PointerAt(id, f.Offset):
				return append(list, Word{Offset: f.Offset, Kind: MapWord, Target: f.Type}), ok
			}
		}
	case typ.Name == "sync.Pool":
		// local and victim are arrays of poolLocal, each with its size in the
		// word behind it (sync/pool.go).
		local, ok := offset("local", 1)
		victim, ok2 := offset("victim", 1)
		fn, ok3 := offset("New", 0)
		elem, ok4 := t.Lookup("sync.poolLocal")
		if ok && ok2 && ok3 && ok4 && local+2*word <= victim && victim+2*word <= fn {
			return []Word{
				{Offset: local, Kind: ArrayWord, Target: elem},
				{Offset: victim, Kind: ArrayWord, Target: elem},
				{Offset: fn, Kind: FuncWord},
			}, true
		}
	}
	return nil, false
}

// owner is a field declared as an unsafe.Pointer, or as a structure around one, of
// which the source says what it always points to.
type owner struct{ structure, field, target string }

var owners = [...]owner{
	// runtime/pprof.SetGoroutineLabels, the only caller of runtime_setProfLabel.
	{"runtime.g", "labels", "runtime/pprof.labelMap"},
	// Until Go 1.19, before there was atomic.Pointer (sync/map.go).
	{"sync.entry", "p", "interface {}"},
	// Set by the runtime, as a *hchan, when a channel is what the goroutine
	// waits for (runtime/runtime2.go, Go 1.26).
	{"runtime.maybeTraceableChan", "maybeTraceablePtr", "runtime.hchan"},
}

// owned returns the type that a field of a structure always points to, and
// whether that is known.
func (t *Table) owned(typ *Type, field string) (ID, bool) {
	for _, o := range owners {
		if typ.Name == o.structure && field == o.field {
			return t.Lookup(o.target)
		}
	}
	return 0, false
}

// NewStruct adds a struct type that neither DWARF nor a descriptor has, such as
// that of a closure. The fields are copied; those that run over size have no
// pointers.
func (t *Table) NewStruct(name, pkg string, size uint64, fields []Field) ID {
	t.mu.Lock()
	defer t.mu.Unlock()
	id, s := t.newSlot()
	s.typ.Store(&Type{Name: name, Package: pkg, Kind: Struct, Size: size, Fields: append([]Field(nil), fields...)})
	return id
}
