package keys

import (
	"fmt"

	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
)

// Key is the value of type t at addr as a key that a person may write: with its type, where
// the constant alone would be of another one in an interface. ok is false for what is no
// key, or not all in the core.
func (p *Reader) Key(t types.ID, addr uint64) (k *notation.Key, ok bool) {
	parts := maxKeyParts
	return p.key(t, addr, &parts)
}

func (p *Reader) key(t types.ID, addr uint64, parts *int) (*notation.Key, bool) {
	if *parts--; *parts < 0 {
		return nil, false
	}
	typ := p.Types.Type(t)
	b, ok := p.Space.Mem.Slice(addr, typ.Size)
	if !ok {
		return nil, false
	}
	k := &notation.Key{Type: typ.Name}
	w := p.Space.Arch.PtrSize
	switch typ.Kind {
	case types.Struct:
		k.Kind = notation.CompositeKey
		for _, f := range typ.Fields {
			part, ok := p.key(f.Type, addr+f.Offset, parts)
			if !ok {
				return nil, false
			}
			k.Parts = append(k.Parts, part)
		}
		return k, true
	case types.Array:
		k.Kind = notation.CompositeKey
		for i := range typ.Len {
			part, ok := p.key(typ.Elem, addr+i*p.Types.Type(typ.Elem).Size, parts)
			if !ok {
				return nil, false
			}
			k.Parts = append(k.Parts, part)
		}
		return k, true
	case types.String:
		text, ok := p.Space.Mem.Slice(p.Space.Arch.Word(b), p.Space.Arch.Word(b[w:]))
		k.Kind, k.Text = notation.TextKey, string(text)
		return k, ok
	case types.Interface:
		dyn, at, ok := p.Space.Dynamic(typ, addr)
		if !ok {
			return &notation.Key{Kind: notation.NilKey}, p.Space.Arch.Word(b) == 0
		}
		return p.key(dyn, at, parts)
	case types.Pointer, types.UnsafePointer, types.Chan:
		k.Kind, k.Text = notation.NumberKey, fmt.Sprintf("%#x", p.Space.Arch.Word(b))
		if p.Space.Arch.Word(b) == 0 {
			k.Kind = notation.NilKey
		}
		return k, true
	case types.Bool:
		k.Kind, k.Text = notation.BoolKey, p.Scalar(typ, addr)
	case types.Float32, types.Float64, types.Complex64, types.Complex128:
		k.Kind, k.Text = notation.NumberKey, p.Scalar(typ, addr)
	default:
		if typ.Kind < types.Int || typ.Kind > types.Uintptr {
			return nil, false
		}
		return p.Integer(typ, b), true
	}
	if k.Defaults(typ.Name) {
		k.Type = ""
	}
	return k, k.Text != ""
}

// Integer is the number of an integer type in b, which has all of it.
func (p *Reader) Integer(typ *types.Type, b []byte) *notation.Key {
	v := uint64(0)
	for i := range b[:min(typ.Size, 8)] {
		at := i
		if !p.Space.Arch.BigEndian {
			at = int(typ.Size) - 1 - i
		}
		v = v<<8 | uint64(b[at])
	}
	if shift := 64 - 8*typ.Size; typ.Kind <= types.Int64 {
		return notation.Integer64(int64(v<<shift)>>shift, typ.Name).Key()
	}
	return notation.Unsigned(v, typ.Name).Key()
}
