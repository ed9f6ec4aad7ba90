package gocore

import (
	"strconv"
	"strings"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
)

// entry finds an element of the container of type t at addr by its key, or the key
// itself: "key 17".
func (e *evaluation) entry(t types.ID, addr uint64, s *notation.Step) (operand, error) {
	p := e.p
	want, isKey := strings.CutPrefix(s.Text, "key ")
	find := func(match func(m *inferior.Entry) bool) (o operand, found bool) {
		p.space.Entries(t, addr, func(m inferior.Entry) bool {
			if !match(&m) {
				return true
			}
			found = true
			if isKey {
				o = valueAt(m.KeyType, m.Key)
			} else {
				o = valueAt(m.ElemType, m.Elem)
			}
			return false
		})
		return o, found
	}
	// As goheap prints it, and as Go and Delve write it.
	o, found := find(p.keyMatcher(t, want))
	if !found {
		if written, ok := notation.ParseKey(want); ok {
			o, found = find(func(m *inferior.Entry) bool { return p.isKey(m, written) })
		}
	}
	if !found {
		return o, e.noKey(t, addr, s, want)
	}
	if t := p.types.Type(o.t); isKey && t.Kind == types.Interface {
		if dyn, ok := e.dynamic(o); ok {
			o = dyn
		}
	}
	return o, nil
}

// keyMatcher reports of an entry whether its key is written like that. Strings and numbers
// are compared as they are: to write all keys of a large map takes long.
func (p *naming) keyMatcher(t types.ID, want string) func(m *inferior.Entry) bool {
	byText := func(m *inferior.Entry) bool { return p.keyText(*m) == want }
	key := p.types.Type(t).Key
	if p.types.Type(t).Kind != types.Map {
		return byText
	}
	w := uint64(p.im.Arch.PtrSize)
	switch typ := p.types.Type(key); typ.Kind {
	case types.String:
		text, err := strconv.Unquote(want)
		if err != nil {
			break
		}
		return func(m *inferior.Entry) bool {
			_, addr := p.direct(m.KeyType, m.Key, key)
			if n, _ := p.im.Mem.Word(addr + w); n != uint64(len(text)) {
				return false
			}
			data, _ := p.im.Mem.Word(addr)
			b, ok := p.im.Mem.Slice(data, uint64(len(text)))
			return ok && string(b) == text || len(text) == 0
		}
	case types.Int, types.Int8, types.Int16, types.Int32, types.Int64, types.Uint, types.Uint8, types.Uint16, types.Uint32, types.Uint64, types.Uintptr, types.Pointer, types.UnsafePointer, types.Chan:
		v, ok := notation.Integer(want, int(typ.Size), typ.Kind <= types.Int64)
		if !ok {
			break
		}
		return func(m *inferior.Entry) bool {
			_, addr := p.direct(m.KeyType, m.Key, key)
			have, ok := p.im.Mem.Uint(addr, int(typ.Size))
			return ok && have == v
		}
	}
	return byText
}

// maxKeyParts bounds how many parts of a key are compared.
const maxKeyParts = 1000

// isKey reports whether the key of an entry is the one that is written.
func (p *naming) isKey(m *inferior.Entry, want *notation.Key) bool {
	t, addr := m.KeyType, m.Key
	if m.Map != 0 {
		t, addr = p.direct(t, addr, p.types.Type(m.Map).Key)
	}
	parts := maxKeyParts
	return p.equalsKey(t, addr, want, &parts)
}

// equalsKey compares the value of type t at addr with a constant or composite literal.
func (p *naming) equalsKey(t types.ID, addr uint64, want *notation.Key, parts *int) bool {
	if *parts--; *parts < 0 {
		return false
	}
	typ := p.types.Type(t)
	if want.Type != "" && !notation.SameType(typ.Name, want.Type) {
		if typ.Kind != types.Interface {
			return false
		}
	}
	switch typ.Kind {
	case types.Interface:
		dyn, at, ok := p.space.Dynamic(typ, addr)
		if !ok {
			word, read := p.im.Mem.Word(addr)
			return read && word == 0 && want.Kind == notation.NilKey && want.Type == ""
		}
		if want.Type == "" && !want.Defaults(p.types.Type(dyn).Name) {
			return false
		}
		return p.equalsKey(dyn, at, want, parts)
	case types.Struct:
		if want.Kind != notation.CompositeKey || len(want.Parts) > len(typ.Fields) || len(want.Parts) < len(typ.Fields) && !want.Named() && len(want.Parts) > 0 {
			return false
		}
		seen := 0
		for i, f := range typ.Fields {
			part := want.Part(i, f.Name)
			if part == nil {
				part = &notation.Key{Kind: notation.ZeroKey}
			} else {
				seen++
			}
			if !p.equalsKey(f.Type, addr+f.Offset, part, parts) {
				return false
			}
		}
		return seen == len(want.Parts)
	case types.Array:
		if want.Kind == notation.TextKey && p.types.Type(typ.Elem).Kind == types.Uint8 {
			b, ok := p.im.Mem.Slice(addr, typ.Size)
			return ok && string(b) == want.Text
		}
		if want.Kind != notation.CompositeKey && want.Kind != notation.ZeroKey || uint64(len(want.Parts)) > typ.Len {
			return false
		}
		for i := range typ.Len {
			part := &notation.Key{Kind: notation.ZeroKey}
			if i < uint64(len(want.Parts)) {
				part = want.Parts[i]
			}
			if !p.equalsKey(typ.Elem, addr+i*p.types.Type(typ.Elem).Size, part, parts) {
				return false
			}
		}
		return true
	case types.String:
		data, _ := p.im.Mem.Word(addr)
		n, ok := p.im.Mem.Word(addr + uint64(p.im.Arch.PtrSize))
		if !ok || n != uint64(len(want.Text)) || want.Kind != notation.TextKey && want.Kind != notation.ZeroKey {
			return false
		}
		b, ok := p.im.Mem.Slice(data, n)
		return n == 0 || ok && string(b) == want.Text
	case types.Pointer, types.UnsafePointer, types.Chan:
		at, ok := p.im.Mem.Word(addr)
		switch want.Kind {
		case notation.NilKey, notation.ZeroKey:
			return ok && at == 0
		}
		have, number := want.Uint()
		return ok && number && have == at
	}
	text, _ := p.scalar(typ, addr)
	return want.Equals(text, typ.Name)
}

// noKey says that a container has no such key, or why it cannot be told from others.
func (e *evaluation) noKey(t types.ID, addr uint64, s *notation.Step, want string) error {
	p := e.p
	const look = 100_000
	n, near, example := 0, []string{}, ""
	p.space.Entries(t, addr, func(m inferior.Entry) bool {
		if n++; n <= look {
			text := p.keyText(m)
			if example == "" {
				example = text
			}
			near = append(near, text)
		}
		return n <= look
	})
	if n == 0 {
		return e.fail(s.Pos, "it has no entries")
	}
	if _, ok := notation.ParseKey(want); !ok && !strings.Contains(want, " at 0x") {
		return e.fail(s.Pos, "%s is not how a key is written; its keys look like [%s]", onOneLine(want), cutText(example, maxPartShow))
	}
	if like := notation.Nearest(want, near, 3); len(like) > 0 {
		return e.fail(s.Pos, "it has no key %s; did you mean %s?", onOneLine(want), anyOf(like))
	}
	return e.fail(s.Pos, "it has no key %s; its keys look like [%s]", onOneLine(want), cutText(example, maxPartShow))
}
