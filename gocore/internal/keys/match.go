package keys

import (
	"strconv"
	"strings"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
)

// Matcher reports of an entry whether its key is written like that. Strings and numbers
// are compared as they are: to write all keys of a large map takes long.
func (p *Reader) Matcher(t types.ID, want string) func(m *inferior.Entry) bool {
	byText := func(m *inferior.Entry) bool { return p.Text(*m) == want }
	key := p.Types.Type(t).Key
	if p.Types.Type(t).Kind != types.Map {
		return byText
	}
	w := uint64(p.Space.Arch.PtrSize)
	switch typ := p.Types.Type(key); typ.Kind {
	case types.String:
		text, err := strconv.Unquote(want)
		if err != nil {
			break
		}
		return func(m *inferior.Entry) bool {
			_, addr := p.Direct(m.KeyType, m.Key, key)
			if n, _ := p.Space.Mem.Word(addr + w); n != uint64(len(text)) {
				return false
			}
			data, _ := p.Space.Mem.Word(addr)
			b, ok := p.Space.Mem.Slice(data, uint64(len(text)))
			return ok && string(b) == text || len(text) == 0
		}
	case types.Int, types.Int8, types.Int16, types.Int32, types.Int64, types.Uint, types.Uint8, types.Uint16, types.Uint32, types.Uint64, types.Uintptr, types.Pointer, types.UnsafePointer, types.Chan:
		v, ok := notation.Integer(want, int(typ.Size), typ.Kind <= types.Int64)
		if !ok {
			break
		}
		return func(m *inferior.Entry) bool {
			_, addr := p.Direct(m.KeyType, m.Key, key)
			have, ok := p.Space.Mem.Uint(addr, int(typ.Size))
			return ok && have == v
		}
	}
	return byText
}

// maxKeyParts bounds how many parts of a key are compared.
const maxKeyParts = 1000

// Is reports whether the key of an entry is the one that is written.
func (p *Reader) Is(m *inferior.Entry, want *notation.Key) bool {
	t, addr := m.KeyType, m.Key
	if m.Map != 0 {
		t, addr = p.Direct(t, addr, p.Types.Type(m.Map).Key)
	}
	parts := maxKeyParts
	return p.equalsKey(t, addr, want, &parts)
}

// equalsKey compares the value of type t at addr with a constant or composite literal.
func (p *Reader) equalsKey(t types.ID, addr uint64, want *notation.Key, parts *int) bool {
	if *parts--; *parts < 0 {
		return false
	}
	typ := p.Types.Type(t)
	if want.Type != "" && !notation.SameType(typ.Name, notation.OwnType(want.Type, p.OwnPath)) {
		if typ.Kind != types.Interface {
			return false
		}
	}
	switch typ.Kind {
	case types.Interface:
		dyn, at, ok := p.Space.Dynamic(typ, addr)
		if !ok {
			word, read := p.Space.Mem.Word(addr)
			return read && word == 0 && want.Kind == notation.NilKey && want.Type == ""
		}
		if want.Type == "" && !want.Defaults(p.Types.Type(dyn).Name) {
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
		if want.Kind == notation.TextKey && p.Types.Type(typ.Elem).Kind == types.Uint8 {
			b, ok := p.Space.Mem.Slice(addr, typ.Size)
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
			if !p.equalsKey(typ.Elem, addr+i*p.Types.Type(typ.Elem).Size, part, parts) {
				return false
			}
		}
		return true
	case types.String:
		data, _ := p.Space.Mem.Word(addr)
		n, ok := p.Space.Mem.Word(addr + uint64(p.Space.Arch.PtrSize))
		if !ok || n != uint64(len(want.Text)) || want.Kind != notation.TextKey && want.Kind != notation.ZeroKey {
			return false
		}
		b, ok := p.Space.Mem.Slice(data, n)
		return n == 0 || ok && string(b) == want.Text
	case types.Pointer, types.UnsafePointer, types.Chan:
		at, ok := p.Space.Mem.Word(addr)
		switch want.Kind {
		case notation.NilKey, notation.ZeroKey:
			return ok && at == 0
		}
		have, number := want.Uint()
		return ok && number && have == at
	}
	if want.Kind == notation.ConstantKey {
		return p.isConstant(t, addr, want.Text)
	}
	text := p.Scalar(typ, addr)
	return want.Equals(text, typ.Size)
}

// isConstant reports whether the number of type t at addr is the constant of that name,
// with its package or without.
func (p *Reader) isConstant(t types.ID, addr uint64, name string) bool {
	typ := p.Types.Type(t)
	if typ.Kind < types.Int || typ.Kind > types.Uintptr {
		return false
	}
	v, ok := p.Space.Mem.Uint(addr, int(typ.Size))
	constant := types.ConstantsOf(p.Types, t).Name(v, typ.Size)
	if !ok || constant == "" {
		return false
	}
	short := typ.Package[strings.LastIndexByte(typ.Package, '/')+1:]
	return name == constant || name == short+"."+constant || name == typ.Package+"."+constant
}
