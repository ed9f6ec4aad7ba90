package types

import "slices"

// InModule reports whether addr is where a module of the program has its descriptors.
func InModule(t *Table, addr uint64) bool { return t.runtime != nil && t.runtime.module(addr) >= 0 }

// HasPart reports whether n values of type part stand side by side at byte off of a value
// of type id: a field, elements of an array, or, for one at the start, the value itself.
func HasPart(t *Table, id, part ID, off, n uint64) bool {
	for range maxNesting {
		typ := t.Type(id)
		if id == part && off == 0 && n == 1 {
			return true
		}
		if typ.Kind == Array && typ.Elem == part {
			size, ok := t.stride(typ)
			return ok && size > 0 && off%size == 0 && off/size < typ.Len && n <= typ.Len-off/size
		}
		var ok bool
		if _, id, off, ok = t.step(typ, off); !ok {
			return false
		}
	}
	return false
}

// Parts returns those of the given types that values of the types of the program have as
// a part at some place, or are: the types that have each, in the order of All.
func Parts(t *Table, of map[ID]bool) map[ID][]ID {
	p := parts{t: t, of: of, within: map[ID][]ID{}}
	holders := map[ID][]ID{}
	for _, id := range t.All() {
		if k := t.Type(id).Kind; k != Struct && k != Array {
			continue
		}
		for _, part := range p.in(id, 0) {
			holders[part] = append(holders[part], id)
		}
	}
	return holders
}

type parts struct {
	t      *Table
	of     map[ID]bool
	within map[ID][]ID
}

// in returns the parts of a type, each once.
func (p *parts) in(id ID, depth int) []ID {
	if list, ok := p.within[id]; ok || depth > maxNesting {
		return list
	}
	p.within[id] = nil // a type that contains itself, which no compiler writes
	var list []ID
	add := func(more ...ID) {
		for _, part := range more {
			if !slices.Contains(list, part) {
				list = append(list, part)
			}
		}
	}
	typ := p.t.Type(id)
	if p.of[id] {
		add(id)
	}
	switch typ.Kind {
	case Struct:
		for i := range typ.Fields {
			add(p.in(typ.Fields[i].Type, depth+1)...)
		}
	case Array:
		add(p.in(typ.Elem, depth+1)...)
	}
	p.within[id] = list
	return list
}
