package types

import "goheap/gocore/internal/layout"

// known returns the places of pointers in types of the standard library whose
// declarations hide what they point to behind unsafe.Pointer, and whether typ is
// one of them.
func (t *Table) known(id ID, typ *Type) ([]Word, bool) {
	word := uint64(t.Arch.PtrSize)
	l := &t.names.Library
	// offset returns the place of a pointer-sized field, with room for more words
	// behind it.
	offset := func(named layout.Field, more uint64) (uint64, bool) {
		for _, f := range typ.Fields {
			if named.Named(f.Name) && f.Offset%word == 0 && f.Offset <= typ.Size && typ.Size-f.Offset >= (1+more)*word && t.PointerAt(id, f.Offset) {
				return f.Offset, true
			}
		}
		return 0, false
	}
	switch {
	case l.ReflectValue.Name.Is(typ.Name):
		// The descriptor of the value's type, the value or a pointer to it, and
		// a flag that says which (reflect/value.go).
		desc, ok := offset(l.ReflectValue.Typ, 2)
		abi, ok3 := t.Lookup(string(l.AbiType.Name))
		if !ok3 { // until Go 1.20
			abi, ok3 = t.Lookup("reflect.rtype")
		}
		ptr, ok2 := offset(l.ReflectValue.Ptr, 1)
		if ok && ok2 && ok3 && ptr == desc+word {
			return []Word{
				{Offset: desc, Kind: PointerWord, Target: abi},
				{Offset: ptr, Kind: ReflectWord},
			}, true
		}
	case l.AtomicPointer.Name.Is(typ.Name):
		// v is what a *T would be; an array of none of them, [0]*T, keeps the
		// type (sync/atomic/type.go).
		v, ok := offset(l.AtomicPointer.V, 0)
		for _, f := range typ.Fields {
			if a := t.Type(f.Type); ok && a.Kind == Array && a.Len == 0 && t.Type(a.Elem).Kind == Pointer {
				return []Word{{Offset: v, Kind: PointerWord, Target: t.Type(a.Elem).Elem}}, true
			}
		}
	case l.SyntaxInst.Name.Is(typ.Name):
		// Rune is that of a Regexp, and there may be the array in it that is used
		// for one or two runes (regexp/syntax/parse.go, compile.go).
		at, ok := offset(l.SyntaxInst.Rune, 2)
		outer, ok2 := t.Lookup(string(l.SyntaxRegexp.Name))
		for _, f := range typ.Fields {
			if l.SyntaxInst.Rune.Named(f.Name) && ok && ok2 {
				for _, part := range t.Type(outer).Fields {
					if l.SyntaxRegexp.Rune0.Named(part.Name) {
						return []Word{{Offset: at, Kind: BufferWord, Target: t.Type(f.Type).Elem, Sub: []Word{{Offset: part.Offset, Target: outer}}}}, true
					}
				}
			}
		}
	case l.TCPAddr.Name.Is(typ.Name), l.UDPAddr.Name.Is(typ.Name):
		// Package net makes the IP of a slice of what package syscall got from the
		// kernel (net/tcpsock_posix.go, sockaddrToTCP; udpsock_posix.go).
		return sockaddr(t, typ)
	case l.PoolEface.Name.Is(typ.Name):
		// The slots of a sync.Pool's queues (sync/poolqueue.go): an interface
		// whose type word is declared as a pointer.
		if any, ok := t.Lookup("interface {}"); ok && typ.Size == 2*word && t.PointerAt(id, 0) && t.PointerAt(id, word) {
			return []Word{{Kind: TracedEfaceWord, Target: any}}, true
		}
	case t.names.SyncMap.Name.Is(typ.Name):
		// Until Go 1.19 read is an atomic.Value, whose interface always holds a
		// readOnly: a pointer to one, that is (sync/map.go).
		readOnly, ok := t.Lookup(string(t.names.SyncReadOnly.Name))
		var list []Word
		for _, f := range typ.Fields {
			switch {
			case t.names.SyncMap.Read.Named(f.Name) && l.AtomicValue.Name.Is(t.Type(f.Type).Name) && t.PointerAt(id, f.Offset+word):
				list = append(list, Word{Offset: f.Offset + word, Kind: PointerWord, Target: readOnly})
			case t.names.SyncMap.Dirty.Named(f.Name) && len(list) > 0 && t.PointerAt(id, f.Offset):
				return append(list, Word{Offset: f.Offset, Kind: MapWord, Target: f.Type}), ok
			}
		}
	case l.Pool.Name.Is(typ.Name):
		// local and victim are arrays of poolLocal, each with its size in the
		// word behind it (sync/pool.go).
		local, ok := offset(l.Pool.Local, 1)
		victim, ok2 := offset(l.Pool.Victim, 1)
		fn, ok3 := offset(l.Pool.New, 0)
		elem, ok4 := t.Lookup(string(l.PoolLocal.Name))
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

// sockaddr returns the places of pointers in a net.TCPAddr or net.UDPAddr.
func sockaddr(t *Table, typ *Type) ([]Word, bool) {
	l := &t.names.Library
	var list []Word
	ip, port := -1, uint64(0)
	for _, f := range typ.Fields {
		switch {
		case l.TCPAddr.IP.Named(f.Name) && t.Type(f.Type).Kind == Slice:
			ip = len(list)
			list = append(list, Word{Offset: f.Offset, Kind: SockaddrWord, Target: t.Type(f.Type).Elem})
		case l.TCPAddr.Port.Named(f.Name):
			port = f.Offset
		default:
			list = appendWords(list, t.Words(f.Type), f.Offset, 1, t.Type(f.Type).Size)
		}
	}
	if ip < 0 || port <= list[ip].Offset {
		return nil, false
	}
	for _, name := range [...]string{string(l.SockaddrInet4.Name), string(l.SockaddrInet6.Name)} {
		outer, ok := t.Lookup(name)
		fields := t.Type(outer).Fields
		if !ok || len(fields) == 0 || !l.SockaddrInet4.Port.Named(fields[0].Name) || fields[0].Offset != 0 {
			continue
		}
		for _, f := range fields {
			if l.SockaddrInet4.Addr.Named(f.Name) {
				list[ip].Sub = append(list[ip].Sub, Word{Offset: f.Offset, Target: outer, Count: t.Type(f.Type).Len, Stride: port - list[ip].Offset})
			}
		}
	}
	return list, len(list[ip].Sub) > 0
}

// owned returns the type that a field of a structure always points to, although it is
// declared as an unsafe.Pointer or as a structure around one, and whether that is known.
func (t *Table) owned(typ *Type, field string) (ID, bool) {
	l := &t.names.Library
	switch {
	case l.LabelsOfG.Name.Is(typ.Name) && l.LabelsOfG.Labels.Named(field):
		// runtime/pprof.SetGoroutineLabels, the only caller of runtime_setProfLabel.
		return t.Lookup("runtime/pprof.labelMap")
	case t.names.SyncEntry.Name.Is(typ.Name) && t.names.SyncEntry.P.Named(field):
		// Until Go 1.19, before there was atomic.Pointer (sync/map.go).
		return t.Lookup("interface {}")
	case l.MetricsValue.Name.Is(typ.Name) && l.MetricsValue.Pointer.Named(field):
		// Of the kinds of values only KindFloat64Histogram has a pointer, and a value
		// that has had one keeps it: to what the runtime calls a metrics.Float64Histogram
		// (runtime/metrics.go, float64HistOrInit), of which a program may lack the name.
		return t.Lookup("runtime.metricFloat64Histogram")
	case l.TraceableChan.Name.Is(typ.Name) && l.TraceableChan.Ptr.Named(field):
		// Set by the runtime, as a *hchan, when a channel is what the goroutine
		// waits for (runtime/runtime2.go, Go 1.26).
		return t.Lookup("runtime.hchan")
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
