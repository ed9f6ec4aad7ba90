package frames

import (
	"strings"

	"goheap/gocore/internal/program"
	"goheap/gocore/internal/types"
)

// How many registers the calling convention of amd64 has (cmd/compile/abi-internal.md).
const (
	intRegisters   = 9
	floatRegisters = 15
)

// registers says which word of which value each integer register of a call has.
type registers []struct {
	typ   types.ID
	off   uint64
	index int
}

func (r registers) at(reg uint8) (typ types.ID, off uint64, index int) {
	if int(reg) >= len(r) {
		return 0, 0, 0
	}
	return r[reg].typ, r[reg].off, r[reg].index
}

// signature says where a function has its parameters and results.
type signature struct {
	known           bool
	number          int // of parameters
	params, results registers
}

func (c *StoredReader) signature(entry uint64) signature {
	if s, ok := c.signatures[entry]; ok {
		return s
	}
	var s signature
	params, results, ok := c.p.program.Signature(entry)
	if !ok {
		params, results, ok = c.method(entry)
	}
	if ok {
		s.known, s.number = true, len(params)
		s.params, s.results = c.assign(params), c.assign(results)
	}
	c.signatures[entry] = s
	return s
}

// method returns the types of the parameters, the receiver first, and of the results of the
// method whose code starts at entry, by the descriptor of its receiver's type: that has
// them where there is no debugging information.
func (c *StoredReader) method(entry uint64) (params, results []types.ID, ok bool) {
	if !program.WithoutDebugging(c.p.program) {
		return nil, nil, false
	}
	if c.methods == nil {
		c.methods = map[uint64]types.Method{}
		types.EachMethod(c.p.program.Types, func(m types.Method) {
			if m.Module < len(c.p.program.Modules) {
				c.methods[c.p.program.Modules[m.Module].Text+m.Code] = m
			}
		})
	}
	m, ok := c.methods[entry]
	fn, ok2 := c.p.program.Function(entry)
	if !ok || !ok2 || fn.Entry != entry || !strings.HasSuffix(fn.Name(), "."+m.Name) {
		return nil, nil, false
	}
	params, results, ok = types.FuncTypes(c.p.program.Types, m.Type)
	return append([]types.ID{m.Receiver}, params...), results, ok
}

// assign gives values their registers, as the compiler does: each value is in registers as
// a whole, or on the stack.
func (c *StoredReader) assign(list []types.ID) registers {
	var r registers
	floats := 0
	for i, typ := range list {
		if typ == 0 {
			return r // nothing is known of those behind it
		}
		n, f := len(r), floats
		if !c.assignValue(&r, &floats, typ, typ, 0, i, 0) || len(r) > intRegisters || floats > floatRegisters {
			r, floats = r[:n], f
		}
	}
	return r
}

// assignValue gives registers to the value of a type at an offset in the index-th value.
func (c *StoredReader) assignValue(r *registers, floats *int, whole, typ types.ID, off uint64, index, depth int) bool {
	if depth > 10 || len(*r) > intRegisters || *floats > floatRegisters {
		return false
	}
	word := func(n uint64) {
		for k := range n {
			*r = append(*r, struct {
				typ   types.ID
				off   uint64
				index int
			}{whole, off + 8*k, index})
		}
	}
	t := c.p.program.Types.Type(typ)
	switch t.Kind {
	case types.Invalid:
		return false
	case types.Float32, types.Float64:
		*floats++
	case types.Complex64, types.Complex128:
		*floats += 2
	case types.String, types.Interface:
		word(2)
	case types.Slice:
		word(3)
	case types.Array:
		return t.Len == 0 || t.Len == 1 && c.assignValue(r, floats, whole, t.Elem, off, index, depth+1)
	case types.Struct:
		for _, f := range t.Fields {
			if c.p.program.Types.Type(f.Type).Size > 0 && !c.assignValue(r, floats, whole, f.Type, off+f.Offset, index, depth+1) {
				return false
			}
		}
	default:
		word(1)
	}
	return true
}
