package gocore

import (
	"fmt"
	"math"
	"runtime/debug"
	"strconv"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/library"
	"goheap/gocore/internal/notation"
	"goheap/gocore/internal/types"
	"goheap/heap"
)

// Field is one line of a decoded value.
type Field struct {
	Offset, Size uint64 // in the object; see Outside
	Addr         uint64
	Depth        int  // of nesting: the fields of a struct follow it, one deeper
	Outside      bool // it stands in another object, so that Offset means nothing
	Name, Type   string
	Value        string    // printable: nothing of the program's bytes is left raw
	Target       heap.Node // the object that it points to, heap.None for none
	TargetAddr   uint64    // the address of its value; of a string that of the first byte
}

const (
	maxFieldDepth = 8
	maxStringShow = library.MaxShow // bytes of a string that are shown
)

// Fields decodes the value of an object, or of a global variable, by its type:
// at most limit lines, and how many more there would have been (at least). It is
// empty where the type is not known.
func (p *values) Fields(n heap.Node, limit int) (fields []Field, more int) {
	return p.FieldsFrom(n, 0, limit)
}

// FieldsFrom is Fields without the first parts of the value: of its fields, its
// elements, its entries. Structs and arrays are followed by their own parts; of
// what stands elsewhere only what the value itself opens into has lines.
func (p *values) FieldsFrom(n heap.Node, from, limit int) (fields []Field, more int) {
	v, ok := p.Value(n)
	if !ok {
		return nil, 0
	}
	return p.FieldsOf(v, from, limit)
}

// FieldsOf is FieldsFrom for a value that Value or First gave.
func (p *values) FieldsOf(v Value, from, limit int) (fields []Field, more int) {
	defer p.caught(debug.SetPanicOnFault(true))
	f := flattener{p: p, limit: limit}
	switch {
	case v.InPlace:
		f.parts(&v, max(from, 0), 0)
	case v.parts.inPlace && p.isBytes(&v), v.Type == stringDataType:
		v.Name = "data"
		f.line(&v, 0, v.Text)
	default:
		f.line(&v, 0, v.Text)
		f.parts(&v, max(from, 0), 1)
	}
	return f.out, f.more
}

// flattener makes lines of a tree of values.
type flattener struct {
	p     *values
	limit int
	out   []Field
	more  int
}

// flatPage is how many values are decoded at a time.
const flatPage = 1000

func (f *flattener) line(v *Value, depth int, text string) {
	if len(f.out) >= f.limit {
		f.skip(1)
		return
	}
	f.out = append(f.out, Field{
		Offset: v.Offset, Size: v.Size, Addr: v.Addr, Outside: v.Outside,
		Depth: depth, Name: v.Name, Type: v.Type, Value: text, Target: v.Target, TargetAddr: v.TargetAddr,
	})
}

func (f *flattener) skip(n int) { f.more += min(n, math.MaxInt-f.more) }

// parts adds the lines of what v opens into.
func (f *flattener) parts(v *Value, from, depth int) {
	for i := from; i < v.Children || v.More; {
		room := min(f.limit-len(f.out), flatPage)
		if room <= 0 {
			f.skip(max(v.Children-i, 0))
			return
		}
		page := f.p.Children(*v, i, room)
		for k := range page {
			if len(f.out) >= f.limit {
				f.skip(max(v.Children-i-k, 0))
				return
			}
			f.value(&page[k], depth)
		}
		if i += len(page); len(page) < room {
			return // the memory has no more of them
		}
	}
}

// value adds the lines of a value and of the parts that stand within it.
func (f *flattener) value(v *Value, depth int) {
	if !v.InPlace || v.Children == 0 || depth >= maxFieldDepth {
		f.line(v, depth, v.Text)
		return
	}
	f.line(v, depth, "")
	f.parts(v, 0, depth+1)
}

// Hex returns bytes of an object, as many as there are of size from off, which counts from
// the start of its value.
func (p *values) Hex(n heap.Node, off, size uint64) []byte {
	defer p.caught(debug.SetPanicOnFault(true))
	addr, n64 := p.ValueAddr(n), uint64(0)
	if e, slot, ok := p.slot(n); ok {
		n64 = e.Elem - (addr - slot)
	} else if r := p.root(n); r != nil && r.Kind == image.GlobalRoot {
		n64 = r.Size
	}
	if off >= n64 {
		return nil
	}
	return append([]byte(nil), p.im.Mem.Prefix(addr+off, min(size, n64-off))...)
}

// known reads values of the standard library's types.
func (p *values) known() *library.Reader {
	return &library.Reader{Space: p.space, Global: func(name string) (types.ID, uint64, bool) {
		if p.exe == nil {
			return 0, 0, false
		}
		v, ok := p.exe.File.Global(name)
		return v.Type, v.Addr + p.exe.Bias, ok
	}}
}

// scalar formats a value without its parts, and tells what it points to.
func (p *values) scalar(typ *types.Type, addr uint64) (string, heap.Node) {
	m := p.im.Mem
	w := uint64(p.im.Arch.PtrSize)
	word := func(i uint64) uint64 {
		v, _ := m.Word(addr + i*w)
		return v
	}
	target := func(v uint64) heap.Node {
		if n, ok := p.im.Pages.Lookup(v); ok {
			return n
		}
		return heap.None
	}
	switch typ.Kind {
	case types.Struct:
		return "", heap.None
	case types.Array:
		if p.types.Type(typ.Elem).Kind == types.Uint8 {
			return notation.Quote(m.Prefix(addr, min(typ.Len, maxStringShow)), typ.Len), heap.None
		}
		return "", heap.None
	}
	if _, ok := m.Slice(addr, typ.Size); !ok {
		return "(not in the core)", heap.None
	}
	switch typ.Kind {
	case types.Bool:
		v, _ := m.Uint(addr, 1)
		return strconv.FormatBool(v != 0), heap.None
	case types.Int, types.Int8, types.Int16, types.Int32, types.Int64:
		v, _ := m.Uint(addr, int(typ.Size))
		shift := 64 - 8*typ.Size
		return strconv.FormatInt(int64(v<<shift)>>shift, 10), heap.None
	case types.Uint, types.Uint8, types.Uint16, types.Uint32, types.Uint64:
		v, _ := m.Uint(addr, int(typ.Size))
		return strconv.FormatUint(v, 10), heap.None
	case types.Uintptr:
		return fmt.Sprintf("%#x", word(0)), heap.None
	case types.Float32:
		v, _ := m.Uint(addr, 4)
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(v))), 'g', -1, 32), heap.None
	case types.Float64:
		v, _ := m.Uint(addr, 8)
		return strconv.FormatFloat(math.Float64frombits(v), 'g', -1, 64), heap.None
	case types.Complex64:
		re, _ := m.Uint(addr, 4)
		im, _ := m.Uint(addr+4, 4)
		return fmt.Sprint(complex(math.Float32frombits(uint32(re)), math.Float32frombits(uint32(im)))), heap.None
	case types.Complex128:
		re, _ := m.Uint(addr, 8)
		im, _ := m.Uint(addr+8, 8)
		return fmt.Sprint(complex(math.Float64frombits(re), math.Float64frombits(im))), heap.None
	case types.String:
		n := word(1)
		b := m.Prefix(word(0), min(n, maxStringShow))
		return notation.Quote(b, n), target(word(0))
	case types.Slice:
		if word(0) == 0 {
			return "nil", heap.None
		}
		return fmt.Sprintf("len %d cap %d → %#x", word(1), word(2), word(0)), target(word(0))
	case types.Interface:
		if word(0) == 0 {
			return "nil", heap.None
		}
		name := "?"
		if dyn, ok := p.space.DynamicType(typ, word(0)); ok {
			name = p.types.Type(dyn).Name
		}
		return fmt.Sprintf("(%s) %#x", name, word(1)), target(word(1))
	case types.Func:
		if word(0) == 0 {
			return "nil", heap.None
		}
		code, _ := m.Word(word(0))
		if fn, ok := p.decoder.Function(code); ok {
			return fn.Name(), target(word(0))
		}
		return fmt.Sprintf("%#x", word(0)), target(word(0))
	case types.Pointer, types.UnsafePointer, types.Map, types.Chan:
		if word(0) == 0 {
			return "nil", heap.None
		}
		return fmt.Sprintf("%#x", word(0)), target(word(0))
	}
	return "", heap.None
}
