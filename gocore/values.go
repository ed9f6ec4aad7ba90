package gocore

import (
	"math"
	"runtime/debug"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/library"
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

// functionName names the function whose code begins at pc, "" for none.
func (p *contents) functionName(pc uint64) string {
	if fn, ok := p.decoder.Function(pc); ok {
		return fn.Name()
	}
	return ""
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
