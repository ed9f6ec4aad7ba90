package types

// The answers that slot.heap and slot.target hold; 0 is none yet.
const (
	mayBeInHeap = iota + 1
	neverInHeap
)

// NotInHeap says whether values of the type never lie in the Go heap, so that
// the garbage collector does not follow pointers to them: structs and arrays
// that contain sys.NotInHeap (internal/runtime/sys/nih.go, Go 1.26). Until Go
// 1.19 it was a pragma, of which only the descriptors of pointers know.
func (t *Table) NotInHeap(id ID) bool {
	return t.notInHeap(id, 0)
}

func (t *Table) notInHeap(id ID, depth int) bool {
	s := t.slot(id)
	if s == nil || depth > maxNesting {
		return false
	}
	switch s.heap.Load() {
	case mayBeInHeap:
		return false
	case neverInHeap:
		return true
	}
	typ := t.Type(id)
	never := isNotInHeap(typ)
	switch {
	case typ.Kind == Array && typ.Size > 0:
		never = t.notInHeap(typ.Elem, depth+1)
	case typ.Kind == Struct:
		var end uint64
		for i := range typ.Fields {
			f := &typ.Fields[i]
			size, ok := t.part(typ, f, &end)
			switch {
			case !ok:
			case size == 0:
				// Not searched deeper, so that each step goes to a part of its
				// own and damaged types cannot multiply the work.
				never = never || isNotInHeap(t.Type(f.Type))
			default:
				never = never || t.notInHeap(f.Type, depth+1)
			}
		}
	}
	v := uint32(mayBeInHeap)
	if never {
		v = neverInHeap
	}
	s.heap.Store(v)
	return never
}

// pointsIntoHeap says whether the garbage collector follows values of the
// pointer type id.
func (t *Table) pointsIntoHeap(id ID) bool {
	s := t.slot(id)
	if s == nil {
		return false
	}
	v := s.target.Load()
	if v == 0 {
		v = mayBeInHeap
		if t.NotInHeap(t.Type(id).Elem) {
			v = neverInHeap
		} else if addr, ok := t.RuntimeType(id); ok {
			if h, ok := t.readHeader(addr); ok && h.kind == Pointer && h.ptrBytes == 0 {
				v = neverInHeap
			}
		}
		s.target.Store(v)
	}
	return v == mayBeInHeap
}

func isNotInHeap(typ *Type) bool {
	switch typ.Name {
	case "internal/runtime/sys.NotInHeap", "runtime/internal/sys.NotInHeap":
		return true
	}
	return false
}
