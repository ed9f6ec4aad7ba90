package library

import (
	"fmt"
	"math"
	"strconv"

	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
)

// Scalar is the text of a value without its parts; function names the code at an address,
// "" where it is none's.
func (p *Reader) Scalar(typ *types.Type, addr uint64, function func(pc uint64) string) string {
	m := p.Mem
	w := uint64(p.Arch.PtrSize)
	word := func(i uint64) uint64 {
		v, _ := m.Word(addr + i*w)
		return v
	}
	switch typ.Kind {
	case types.Struct:
		return ""
	case types.Array:
		if p.Types.Type(typ.Elem).Kind == types.Uint8 {
			return notation.Quote(m.Prefix(addr, min(typ.Len, MaxShow)), typ.Len)
		}
		return ""
	}
	if _, ok := m.Slice(addr, typ.Size); !ok {
		return "(not in the core)"
	}
	switch typ.Kind {
	case types.Bool:
		v, _ := m.Uint(addr, 1)
		return strconv.FormatBool(v != 0)
	case types.Int, types.Int8, types.Int16, types.Int32, types.Int64:
		v, _ := m.Uint(addr, int(typ.Size))
		shift := 64 - 8*typ.Size
		return strconv.FormatInt(int64(v<<shift)>>shift, 10)
	case types.Uint, types.Uint8, types.Uint16, types.Uint32, types.Uint64:
		v, _ := m.Uint(addr, int(typ.Size))
		return strconv.FormatUint(v, 10)
	case types.Uintptr:
		return fmt.Sprintf("%#x", word(0))
	case types.Float32:
		v, _ := m.Uint(addr, 4)
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(v))), 'g', -1, 32)
	case types.Float64:
		v, _ := m.Uint(addr, 8)
		return strconv.FormatFloat(math.Float64frombits(v), 'g', -1, 64)
	case types.Complex64:
		re, _ := m.Uint(addr, 4)
		im, _ := m.Uint(addr+4, 4)
		return fmt.Sprint(complex(math.Float32frombits(uint32(re)), math.Float32frombits(uint32(im))))
	case types.Complex128:
		re, _ := m.Uint(addr, 8)
		im, _ := m.Uint(addr+8, 8)
		return fmt.Sprint(complex(math.Float64frombits(re), math.Float64frombits(im)))
	case types.String:
		n := word(1)
		b := m.Prefix(word(0), min(n, MaxShow))
		return notation.Quote(b, n)
	case types.Slice:
		if word(0) == 0 {
			return "nil"
		}
		return fmt.Sprintf("len %d cap %d → %#x", word(1), word(2), word(0))
	case types.Interface:
		if word(0) == 0 {
			return "nil"
		}
		name := "?"
		if dyn, ok := p.DynamicType(typ, word(0)); ok {
			name = p.Types.Type(dyn).Name
		}
		return fmt.Sprintf("(%s) %#x", name, word(1))
	case types.Func:
		if word(0) == 0 {
			return "nil"
		}
		code, _ := m.Word(word(0))
		if name := function(code); name != "" {
			return name
		}
		return fmt.Sprintf("%#x", word(0))
	case types.Pointer, types.UnsafePointer, types.Map, types.Chan:
		if word(0) == 0 {
			return "nil"
		}
		return fmt.Sprintf("%#x", word(0))
	}
	return ""
}
