package gocore

import (
	"fmt"
	"math"
	"strconv"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/library"
	"goheap/gocore/internal/types"
)

// keyText is a map's key as it stands between the brackets of an index, a Go
// constant or composite literal: "sess42", 17, {1 "a"}, 0xc000012340 for a pointer.
// What an interface holds has its type in front where the constant alone would be
// of another: int8(17), main.point{1 2}, (*main.T)(nil). A key that is too long, or that cannot
// be told from others in this way, has its address behind it.
func (p *values) keyText(e inferior.Entry) string {
	t, addr := e.KeyType, e.Key
	if e.Map != 0 {
		t, addr = p.direct(t, addr, p.types.Type(e.Map).Key)
	}
	k := keyWriter{p: p, exact: true}
	k.value(t, addr, 0)
	if !k.exact {
		k.add(fmt.Sprintf(" at %#x", e.Key))
	}
	return string(k.b)
}

// maxKey is the length from which on a key is cut, and maxKeyString that of a
// string in it.
const (
	maxKey       = 300
	maxKeyString = maxStringShow
	maxKeyDepth  = 8
)

// keyWriter writes one key.
type keyWriter struct {
	p     *values
	b     []byte
	exact bool
}

func (k *keyWriter) add(s string) { k.b = append(k.b, s...) }

func (k *keyWriter) inexact(s string) {
	k.add(s)
	k.exact = false
}

func (k *keyWriter) value(t types.ID, addr uint64, depth int) {
	p := k.p
	typ := p.types.Type(t)
	if !k.exact && len(k.b) >= maxKey {
		return
	}
	if len(k.b) >= maxKey || depth > maxKeyDepth {
		k.inexact("…")
		return
	}
	b, ok := p.im.Mem.Slice(addr, typ.Size)
	if !ok {
		k.inexact(notInCore)
		return
	}
	w := uint64(p.im.Arch.PtrSize)
	switch typ.Kind {
	case types.Struct:
		k.add("{")
		for i, f := range typ.Fields {
			if i > 0 {
				k.add(" ")
			}
			k.value(f.Type, addr+f.Offset, depth+1)
			if !k.exact {
				break
			}
		}
		k.add("}")
	case types.Array:
		if p.types.Type(typ.Elem).Kind == types.Uint8 {
			k.text(b, typ.Len)
			return
		}
		size := p.types.Type(typ.Elem).Size
		k.add("{")
		for i := range typ.Len {
			if i > 0 {
				k.add(" ")
			}
			k.value(typ.Elem, addr+i*size, depth+1)
			if !k.exact {
				break
			}
		}
		k.add("}")
	case types.String:
		n := p.im.Arch.Word(b[w:])
		k.text(p.im.Mem.Prefix(p.im.Arch.Word(b), min(n, maxKeyString)), n)
	case types.Interface:
		k.dynamic(typ, addr, depth)
	case types.Pointer, types.UnsafePointer, types.Chan:
		if v := p.im.Arch.Word(b); v != 0 {
			k.add(fmt.Sprintf("%#x", v))
		} else {
			k.add("nil")
		}
	default:
		text, _ := p.scalar(typ, addr)
		if text == "" {
			k.inexact(typ.Name)
			return
		}
		k.add(text)
		if text == "NaN" {
			k.exact = false // there may be several
		}
	}
}

// text writes n bytes, of which b are at hand.
func (k *keyWriter) text(b []byte, n uint64) {
	if uint64(len(b)) > maxKeyString {
		b = b[:maxKeyString]
	}
	k.add(library.Quote(b, n))
	if uint64(len(b)) < n {
		k.exact = false
	}
}

// dynamic writes what the interface at addr holds.
func (k *keyWriter) dynamic(typ *types.Type, addr uint64, depth int) {
	p := k.p
	if word, _ := p.im.Mem.Word(addr); word == 0 {
		k.add("nil")
		return
	}
	dyn, at, ok := p.space.Dynamic(typ, addr)
	if !ok {
		k.inexact("?")
		return
	}
	d := p.types.Type(dyn)
	switch d.Kind {
	case types.Pointer, types.UnsafePointer, types.Chan:
		// Pointers of different types may be equal, and nil is not a nil pointer.
		k.add("(" + d.Name + ")(")
		k.value(dyn, at, depth)
		k.add(")")
	case types.Struct, types.Array:
		k.add(d.Name)
		k.value(dyn, at, depth)
	default:
		if k.isDefault(d, at) {
			k.value(dyn, at, depth)
			return
		}
		k.add(d.Name + "(")
		k.value(dyn, at, depth)
		k.add(")")
	}
}

// isDefault reports whether the value of type typ at addr is written as a constant
// that has this type by itself.
func (k *keyWriter) isDefault(typ *types.Type, addr uint64) bool {
	switch typ.Name {
	case "string", "bool", "int":
		return true
	case "float64":
		bits, _ := k.p.im.Mem.Uint(addr, 8)
		f := math.Float64frombits(bits)
		text := strconv.FormatFloat(f, 'g', -1, 64)
		return !math.IsInf(f, 0) && !math.IsNaN(f) && text != strconv.FormatFloat(f, 'f', 0, 64)
	}
	return false
}
