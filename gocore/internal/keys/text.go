// Package keys writes the keys of maps as text that tells them from each other, and finds
// an entry by such a text or by what a Go programmer writes.
package keys

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
)

// Reader reads keys. It changes nothing, and may be used by several goroutines.
type Reader struct {
	Types *types.Table
	Space *inferior.Space
	// OwnPath is the path of package main, "" if unknown: a person may write it.
	OwnPath string
	// Scalar is the text of a value without parts; "" where it has none.
	Scalar func(typ *types.Type, addr uint64) string
}

// Direct follows the pointer to a key or element that a map keeps outside of its
// groups, where t is the type in the group and want that of the map.
func (p *Reader) Direct(t types.ID, addr uint64, want types.ID) (types.ID, uint64) {
	if typ := p.Types.Type(t); t != want && typ.Kind == types.Pointer && typ.Elem == want {
		to, _ := p.Space.Mem.Word(addr)
		return want, to
	}
	return t, addr
}

// Text is a map's key as it stands between the brackets of an index, a Go
// constant or composite literal: "sess42", 17, {1 "a"}, 0xc000012340 for a pointer.
// What an interface holds has its type in front where the constant alone would be
// of another: int8(17), main.point{1 2}, (*main.T)(nil). A key that is too long, or that cannot
// be told from others in this way, has its address behind it.
func (p *Reader) Text(e inferior.Entry) string {
	t, addr := e.KeyType, e.Key
	if e.Map != 0 {
		t, addr = p.Direct(t, addr, p.Types.Type(e.Map).Key)
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
	maxKeyString = 120
	maxKeyDepth  = 8
)

// keyWriter writes one key.
type keyWriter struct {
	p     *Reader
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
	typ := p.Types.Type(t)
	if !k.exact && len(k.b) >= maxKey {
		return
	}
	if len(k.b) >= maxKey || depth > maxKeyDepth {
		k.inexact("…")
		return
	}
	b, ok := p.Space.Mem.Slice(addr, typ.Size)
	if !ok {
		k.inexact("(not in the core)")
		return
	}
	w := uint64(p.Space.Arch.PtrSize)
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
		if p.Types.Type(typ.Elem).Kind == types.Uint8 {
			k.text(b, typ.Len)
			return
		}
		size := p.Types.Type(typ.Elem).Size
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
		n := p.Space.Arch.Word(b[w:])
		k.text(p.Space.Mem.Prefix(p.Space.Arch.Word(b), min(n, maxKeyString)), n)
	case types.Interface:
		k.dynamic(typ, addr, depth)
	case types.Pointer, types.UnsafePointer, types.Chan:
		if v := p.Space.Arch.Word(b); v != 0 {
			k.add(fmt.Sprintf("%#x", v))
		} else {
			k.add("nil")
		}
	default:
		text := p.Scalar(typ, addr)
		if text == "" {
			k.inexact(typ.Name)
			return
		}
		k.add(text)
		if strings.Contains(text, "NaN") && typ.Kind >= types.Float32 && typ.Kind <= types.Complex128 {
			k.exact = false // there may be several
		}
	}
}

// text writes n bytes, of which b are at hand.
func (k *keyWriter) text(b []byte, n uint64) {
	if uint64(len(b)) > maxKeyString {
		b = b[:maxKeyString]
	}
	k.add(notation.Quote(b, n))
	if uint64(len(b)) < n {
		k.exact = false
	}
}

// dynamic writes what the interface at addr holds.
func (k *keyWriter) dynamic(typ *types.Type, addr uint64, depth int) {
	p := k.p
	if word, _ := p.Space.Mem.Word(addr); word == 0 {
		k.add("nil")
		return
	}
	dyn, at, ok := p.Space.Dynamic(typ, addr)
	if !ok {
		k.inexact("?")
		return
	}
	d := p.Types.Type(dyn)
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
		bits, _ := k.p.Space.Mem.Uint(addr, 8)
		f := math.Float64frombits(bits)
		text := strconv.FormatFloat(f, 'g', -1, 64)
		return !math.IsInf(f, 0) && !math.IsNaN(f) && text != strconv.FormatFloat(f, 'f', 0, 64)
	}
	return false
}
