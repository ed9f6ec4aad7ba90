package gocore

import (
	"fmt"
	"math"
	"strconv"

	"goheap/gocore/internal/types"
	"goheap/heap"
)

// Field is one line of a decoded value.
type Field struct {
	Offset, Size uint64 // in the object
	Depth        int    // of nesting: the fields of a struct follow it, one deeper
	Name, Type   string
	Value        string    // printable: nothing of the program's bytes is left raw
	Target       heap.Node // the object that it points to, heap.None for none
}

const (
	maxFieldDepth = 8
	maxStringShow = 120 // bytes of a string that are shown
)

// Fields decodes the value of an object, or of a global variable, by its type:
// at most limit lines, and how many more there would have been (at least). It is
// empty where the type is not known.
func (p *Process) Fields(n heap.Node, limit int) (fields []Field, more int) {
	t, addr, count, ok := p.valueType(n)
	f := oneValue
	if r := p.root(n); r != nil {
		t, addr, count, ok = r.typ, r.addr, r.count, r.typ != 0
		if r.elements {
			f = manyValues
		}
	} else if ok {
		_, f = splitTypeID(p.typed().id[n])
	}
	if !ok {
		return nil, 0
	}
	d := &valuePrinter{p: p, base: p.Addr(n), limit: limit}
	switch f {
	case container:
		t = p.types.Type(t).Runtime
	case stringData:
		b := p.im.mem.Prefix(addr, min(count, maxStringShow))
		d.add(Field{Size: count, Name: "data", Type: "bytes", Value: quote(b, count), Target: heap.None})
		return d.out, 0
	}
	size := p.types.Type(t).Size
	if count > 1 || f == manyValues {
		if p.types.Type(t).Kind == types.Uint8 {
			b := p.im.mem.Prefix(addr, min(count, maxStringShow))
			d.add(Field{Size: count, Name: "data", Type: "[]uint8", Value: quote(b, count), Target: heap.None})
			return d.out, 0
		}
		for i := range count {
			if len(d.out) >= limit {
				d.more += int(count - i)
				break
			}
			d.value(fmt.Sprintf("[%d]", i), t, addr+i*size, 0)
		}
		return d.out, d.more
	}
	if typ := p.types.Type(t); typ.Kind == types.Struct {
		d.members(typ, addr, 0)
	} else {
		d.value("", t, addr, 0)
	}
	return d.out, d.more
}

// Hex returns bytes of an object's slot, as many as there are of size from off.
func (p *Process) Hex(n heap.Node, off, size uint64) []byte {
	addr, n64 := p.Addr(n), uint64(0)
	if e, _, ok := p.slot(n); ok {
		n64 = e.elem
	} else if r := p.root(n); r != nil && r.kind == globalRoot {
		n64 = r.size
	}
	if off >= n64 {
		return nil
	}
	return append([]byte(nil), p.im.mem.Prefix(addr+off, min(size, n64-off))...)
}

type valuePrinter struct {
	p     *Process
	base  uint64
	limit int
	out   []Field
	more  int
}

func (d *valuePrinter) add(f Field) bool {
	if len(d.out) >= d.limit {
		d.more++
		return false
	}
	d.out = append(d.out, f)
	return true
}

func (d *valuePrinter) members(typ *types.Type, addr uint64, depth int) {
	for _, f := range typ.Fields {
		if !d.value(f.Name, f.Type, addr+f.Offset, depth) {
			return
		}
	}
}

// value adds the line of one value and, of structs and arrays, those of their
// parts. It reports whether there was room.
func (d *valuePrinter) value(name string, t types.ID, addr uint64, depth int) bool {
	typ := d.p.types.Type(t)
	f := Field{Offset: addr - d.base, Size: typ.Size, Depth: depth, Name: name, Type: typ.Name, Target: heap.None}
	f.Value, f.Target = d.p.scalar(typ, addr)
	if !d.add(f) {
		return false
	}
	if depth >= maxFieldDepth {
		return true
	}
	switch typ.Kind {
	case types.Struct:
		d.members(typ, addr, depth+1)
	case types.Array:
		if d.p.types.Type(typ.Elem).Kind == types.Uint8 {
			return true
		}
		size := d.p.types.Type(typ.Elem).Size
		for i := range typ.Len {
			if !d.value(fmt.Sprintf("[%d]", i), typ.Elem, addr+i*size, depth+1) {
				d.more += int(min(typ.Len-i-1, math.MaxInt32))
				return false
			}
		}
	}
	return true
}

// scalar formats a value without its parts, and tells what it points to.
func (p *Process) scalar(typ *types.Type, addr uint64) (string, heap.Node) {
	m := p.im.mem
	w := uint64(p.im.arch.PtrSize)
	word := func(i uint64) uint64 {
		v, _ := m.Word(addr + i*w)
		return v
	}
	target := func(v uint64) heap.Node {
		if n, ok := p.im.pages.lookup(v); ok {
			return n
		}
		return heap.None
	}
	switch typ.Kind {
	case types.Struct:
		return "", heap.None
	case types.Array:
		if p.types.Type(typ.Elem).Kind == types.Uint8 {
			return quote(m.Prefix(addr, min(typ.Len, maxStringShow)), typ.Len), heap.None
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
		return quote(b, n), target(word(0))
	case types.Slice:
		if word(0) == 0 {
			return "nil", heap.None
		}
		return fmt.Sprintf("len %d cap %d → %#x", word(1), word(2), word(0)), target(word(0))
	case types.Interface:
		if word(0) == 0 {
			return "nil", heap.None
		}
		dyn, _ := p.dynamicView(typ, addr, word(1))
		name := "?"
		if dyn != 0 {
			name = p.types.Type(dyn).Name
		}
		return fmt.Sprintf("(%s) %#x", name, word(1)), target(word(1))
	case types.Func:
		if word(0) == 0 {
			return "nil", heap.None
		}
		code, _ := m.Word(word(0))
		if fn, ok := p.function(code); ok {
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

// quote escapes bytes of the program for a terminal or a page, and says how
// many are not shown.
func quote(b []byte, n uint64) string {
	s := strconv.QuoteToGraphic(string(b))
	if uint64(len(b)) < n {
		s += fmt.Sprintf("… (%d bytes)", n)
	}
	return s
}
