package types

import (
	"math/bits"
	"strings"
)

// WordKind says what a Word is.
type WordKind uint8

const (
	// PointerWord holds the address of a value of type Target.
	PointerWord WordKind = iota + 1
	// UnsafePointerWord holds an unsafe.Pointer; Target is 0.
	UnsafePointerWord
	// SliceWord is the first word of a slice header: address, length and
	// capacity of elements of type Target.
	SliceWord
	// StringWord is the first word of a string header; Target is 0.
	StringWord
	// EfaceWord is the first word of an interface without methods: descriptor
	// and data. The garbage collector scans only the second: descriptors are
	// kept alive elsewhere (cmd/compile/internal/reflectdata, Go 1.26). Target
	// is the interface type.
	EfaceWord
	// TracedEfaceWord is an EfaceWord whose first word the garbage collector
	// takes for a pointer too.
	TracedEfaceWord
	// IfaceWord is the same for an interface with methods: itab and data.
	IfaceWord
	// MapWord holds the address of a map's header; Target is the map type.
	MapWord
	// ChanWord holds the address of a channel's header; Target is the channel
	// type.
	ChanWord
	// FuncWord holds the address of a closure; Target is the func type.
	FuncWord
	// ArrayWord holds the address of an array of Target, whose length stands in
	// the next word.
	ArrayWord
	// BufferWord is a SliceWord whose array may be a part of a structure, of type
	// Sub[0].Target, in which it stands at Sub[0].Offset.
	BufferWord
	// SockaddrWord is the SliceWord of a net.TCPAddr's or net.UDPAddr's IP, whose bytes
	// may be a part of a socket address. Each of Sub is one of those: its type is
	// Target and begins with the port, its bytes are Count at Offset, and Stride is how
	// far behind the word the port stands in the other structure.
	SockaddrWord
	// ReflectWord holds the data of a reflect.Value: the word before it has the
	// descriptor of the type, the word behind it a flag that says whether the
	// data are the value itself or a pointer to it.
	ReflectWord
	// RepeatWord stands for Count copies of Sub, Stride bytes apart; the
	// offsets in Sub count from the start of a copy.
	RepeatWord
)

// Word is one place in a value where pointers are: a pointer, or the header of
// a slice, string or interface, or a repetition of a list of such places.
type Word struct {
	Offset uint64 // in bytes
	Target ID
	Kind   WordKind

	// For RepeatWord; BufferWord has a Sub of one, SockaddrWord one of several.
	Count, Stride uint64
	Sub           []Word
}

// expandLimit is the number of words up to which a type inside another is
// copied into its list instead of being a repetition. It bounds both arrays
// and structures that double at each level.
const expandLimit = 1024

// maxNesting is how deep values may lie in values. Real programs stay below
// 50; what is deeper counts as having no pointers.
const maxNesting = 500

// Words returns the places in a value of the type where pointers are, by
// offset. The list is made once per type and must not be changed. A type that
// is not known has none.
//
// The list of a type with an array of 2³¹ elements is as long as that of its
// element.
func (t *Table) Words(id ID) []Word {
	return t.words(id, 0)
}

func (t *Table) words(id ID, depth int) []Word {
	s := t.slot(id)
	if s == nil || depth > maxNesting {
		return nil
	}
	if p := s.words.Load(); p != nil {
		return *p
	}
	// Each type is compiled once even if something below was too deep: parts
	// do not overlap, but a type of 2⁶³ bytes may still be a tree of 2⁶³ parts.
	list := t.compile(id, depth)
	s.words.CompareAndSwap(nil, &list)
	return *s.words.Load()
}

// compile makes the list of a type whose parts are compiled first. A type that
// contains itself, which no compiler writes, ends at maxNesting.
func (t *Table) compile(id ID, depth int) []Word {
	typ := t.Type(id)
	switch typ.Kind {
	case Pointer:
		if !t.pointsIntoHeap(id) {
			return nil
		}
		if strings.HasPrefix(typ.Name, "go.shape.") {
			return []Word{{Kind: UnsafePointerWord}} // a shape stands for pointers to anything
		}
		return []Word{{Kind: PointerWord, Target: typ.Elem}}
	case UnsafePointer:
		return []Word{{Kind: UnsafePointerWord}}
	case Slice:
		return []Word{{Kind: SliceWord, Target: typ.Elem}}
	case String:
		return []Word{{Kind: StringWord}}
	case Interface:
		if typ.NoMethods {
			return []Word{{Kind: EfaceWord, Target: id}}
		}
		return []Word{{Kind: IfaceWord, Target: id}}
	case Map:
		return []Word{{Kind: MapWord, Target: id}}
	case Chan:
		return []Word{{Kind: ChanWord, Target: id}}
	case Func:
		return []Word{{Kind: FuncWord, Target: id}}
	case Array:
		stride, ok := t.stride(typ)
		if !ok || stride == 0 || typ.Len == 0 {
			return nil
		}
		return appendWords(nil, t.words(typ.Elem, depth+1), 0, typ.Len, stride)
	case Struct:
		if list, ok := t.known(id, typ); ok {
			return list
		}
		var list []Word
		var end uint64
		for i := range typ.Fields {
			f := &typ.Fields[i]
			if size, ok := t.part(typ, f, &end); ok && size > 0 {
				if target, ok := t.owned(typ, f.Name); ok && t.PointerAt(f.Type, 0) {
					list = append(list, Word{Offset: f.Offset, Kind: PointerWord, Target: target})
					continue
				}
				list = appendWords(list, t.words(f.Type, depth+1), f.Offset, 1, size)
			}
		}
		t.chainBuckets(id, typ, list)
		return list
	}
	return nil
}

// appendWords adds count copies of sub, the first of them at offset.
func appendWords(list, sub []Word, offset, count, stride uint64) []Word {
	if len(sub) == 0 {
		return list
	}
	if count > expandLimit || len(sub) > 1 && uint64(len(sub))*count > expandLimit || len(list) > expandLimit && len(sub) > 1 {
		return append(list, Word{Kind: RepeatWord, Offset: offset, Count: count, Stride: stride, Sub: sub})
	}
	for i := range count {
		for _, w := range sub {
			w.Offset += offset + i*stride
			list = append(list, w)
		}
	}
	return list
}

// stride returns the distance of an array's elements, and whether they fill
// the array.
func (t *Table) stride(typ *Type) (uint64, bool) {
	size := t.Type(typ.Elem).Size
	hi, lo := bits.Mul64(size, typ.Len)
	return size, hi == 0 && lo == typ.Size
}

// part returns the size of a struct's field, and whether the field lies within
// the struct and behind *end, the end of the fields before it, which it
// advances.
func (t *Table) part(typ *Type, f *Field, end *uint64) (size uint64, ok bool) {
	size = t.Type(f.Type).Size
	if f.Offset < *end || f.Offset > typ.Size || size > typ.Size-f.Offset {
		return 0, false
	}
	*end = f.Offset + size
	return size, true
}

// step goes one level into a value: it returns the part of a struct or array
// that holds byte off, and off's distance from the start of that part. i is
// the number of the field or element.
func (t *Table) step(typ *Type, off uint64) (i uint64, part ID, rest uint64, ok bool) {
	switch typ.Kind {
	case Array:
		size, good := t.stride(typ)
		if !good || size == 0 || off >= typ.Size {
			return 0, 0, 0, false
		}
		return off / size, typ.Elem, off % size, true
	case Struct:
		var end uint64
		for i := range typ.Fields {
			f := &typ.Fields[i]
			if size, good := t.part(typ, f, &end); good && off >= f.Offset && off-f.Offset < size {
				return uint64(i), f.Type, off - f.Offset, true
			}
		}
	}
	return 0, 0, 0, false
}

// PointerAt says whether the garbage collector takes the word at byte off of a
// value of the type for a pointer. Parts of words hold none.
func (t *Table) PointerAt(id ID, off uint64) bool { return pointerAt(t, id, off, false) }

// MadePointerAt says the same of a value that is a part of one whose type package
// reflect has made: there both words of interfaces are marked.
func MadePointerAt(t *Table, id ID, off uint64) bool { return pointerAt(t, id, off, true) }

// pointerAt is PointerAt, and with masked MadePointerAt.
func pointerAt(t *Table, id ID, off uint64, masked bool) bool {
	word := uint64(t.Arch.PtrSize)
	if off%word != 0 {
		return false
	}
	// From here on masked is said of what has a list of pointers of its own, too.
	for range maxNesting {
		typ := t.Type(id)
		if off >= typ.Size {
			return false
		}
		if !masked && typ.gcMask.bits != 0 {
			is, ok := typ.gcMask.at(t, off)
			if masked = ok; ok && !is {
				return false
			}
		}
		switch typ.Kind {
		case Pointer:
			return off == 0 && (masked || t.pointsIntoHeap(id))
		case UnsafePointer, Map, Chan, Func, Slice, String:
			return off == 0
		case Interface:
			return off == word || masked && off == 0
		case Array, Struct:
			var ok bool
			if _, id, off, ok = t.step(typ, off); !ok {
				return false
			}
		default:
			return false
		}
	}
	return false
}
