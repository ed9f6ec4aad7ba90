package keys

import (
	"bytes"
	"cmp"
	"math"

	"goheap/gocore/internal/types"
)

const (
	maxCompared = 1 << 12 // bytes of a string that are compared
	maxParts    = 1 << 12 // parts of a key that are
)

// Compare is the order of two keys: false before true, numbers by number (NaN first),
// strings by their bytes, pointers and channels by address, arrays and structs by their
// first parts that differ, interfaces by the names of the types in them (nil first) and
// then by what they hold. Of a string the first bytes count, and then the length. What is
// not in the core counts as zero, and parts beyond maxParts, or too deep, as equal.
func (p *Reader) Compare(ta types.ID, a uint64, tb types.ID, b uint64) int {
	k := keyOrder{p: p}
	return k.compare(ta, a, tb, b, 0)
}

type keyOrder struct {
	p     *Reader
	parts int // that have been compared
}

func (k *keyOrder) compare(ta types.ID, a uint64, tb types.ID, b uint64, depth int) int {
	p := k.p
	typ := p.Types.Type(ta)
	if other := p.Types.Type(tb); ta != tb {
		return cmp.Or(cmp.Compare(typ.Name, other.Name), cmp.Compare(ta, tb))
	}
	if k.parts++; k.parts > maxParts || depth > maxKeyDepth {
		return 0
	}
	mem, w := p.Space.Mem, uint64(p.Space.Arch.PtrSize)
	number := func(off, size uint64) (x, y uint64) {
		x, _ = mem.Uint(a+off, int(size))
		y, _ = mem.Uint(b+off, int(size))
		return x, y
	}
	float := func(off, size uint64) int {
		x, y := number(off, size)
		if size == 4 {
			return cmp.Compare(math.Float32frombits(uint32(x)), math.Float32frombits(uint32(y)))
		}
		return cmp.Compare(math.Float64frombits(x), math.Float64frombits(y))
	}
	switch typ.Kind {
	case types.Int, types.Int8, types.Int16, types.Int32, types.Int64:
		x, y := number(0, typ.Size)
		shift := 64 - 8*typ.Size
		return cmp.Compare(int64(x<<shift), int64(y<<shift))
	case types.Bool, types.Uint, types.Uint8, types.Uint16, types.Uint32, types.Uint64, types.Uintptr, types.Pointer, types.UnsafePointer, types.Chan:
		x, y := number(0, typ.Size)
		return cmp.Compare(x, y)
	case types.Float32, types.Float64:
		return float(0, typ.Size)
	case types.Complex64, types.Complex128:
		return cmp.Or(float(0, typ.Size/2), float(typ.Size/2, typ.Size/2))
	case types.String:
		x, y := number(0, w)
		n, m := number(w, w)
		return cmp.Or(bytes.Compare(mem.Prefix(x, min(n, maxCompared)), mem.Prefix(y, min(m, maxCompared))), cmp.Compare(n, m))
	case types.Struct:
		for _, f := range typ.Fields {
			if by := k.compare(f.Type, a+f.Offset, f.Type, b+f.Offset, depth+1); by != 0 {
				return by
			}
		}
	case types.Array:
		size := p.Types.Type(typ.Elem).Size
		for i := uint64(0); i < typ.Len && k.parts <= maxParts; i++ {
			if by := k.compare(typ.Elem, a+i*size, typ.Elem, b+i*size, depth+1); by != 0 {
				return by
			}
		}
	case types.Interface:
		da, atA, okA := p.Space.Dynamic(typ, a)
		db, atB, okB := p.Space.Dynamic(typ, b)
		if okA && okB {
			return k.compare(da, atA, db, atB, depth+1)
		}
		x, y := number(0, w)
		return cmp.Or(cmp.Compare(rank(x, okA), rank(y, okB)), cmp.Compare(x, y))
	}
	return 0
}

// rank has nil first, and then what is of an unknown type.
func rank(word uint64, known bool) int {
	switch {
	case word == 0:
		return 0
	case !known:
		return 1
	}
	return 2
}
