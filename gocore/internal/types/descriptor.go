package types

import (
	"math"
	"strconv"
	"strings"
)

// DescriptorLayout is what differs between Go versions in the runtime's type
// descriptors.
type DescriptorLayout struct {
	// MapTypeSize is the size of a map's descriptor, behind which its package
	// is found (runtime.maptype, internal/abi.MapType); 0 if not known.
	MapTypeSize uint64
	// DirectFlag says that a flag of the descriptor, not of its kind, tells what
	// interfaces store directly.
	DirectFlag bool
	// OffsetAnon says that a field's offset is shifted left by one, with the
	// lowest bit set for embedded fields (runtime.structfield until Go 1.18).
	OffsetAnon bool
}

// LayoutOf returns the layout for a version string such as "go1.26.8". A
// version that is not a number, as of a development build, is taken for the
// newest. The size of a map's descriptor holds for words of 8 bytes.
func LayoutOf(version string) DescriptorLayout {
	minor := math.MaxInt
	if rest, ok := strings.CutPrefix(version, "go1."); ok {
		n := 0
		for n < len(rest) && rest[n] >= '0' && rest[n] <= '9' {
			n++
		}
		if v, err := strconv.Atoi(rest[:n]); err == nil {
			minor = v
		}
	}
	l := DescriptorLayout{OffsetAnon: minor <= 18, DirectFlag: minor >= 26}
	switch {
	case strings.Contains(version, "noswissmap") || minor <= 23:
		l.MapTypeSize = 88 // runtime/type.go, Go 1.18; internal/abi/map_noswiss.go, Go 1.24
	case minor <= 26:
		l.MapTypeSize = 112 // internal/abi/map_swiss.go, Go 1.24; map.go, Go 1.26
	default:
		l.MapTypeSize = 136 // internal/abi/map.go, Go 1.27
	}
	return l
}

// Flags of a descriptor and of a name (internal/abi/type.go, Go 1.26).
const (
	tflagUncommon  = 1 << 0
	tflagExtraStar = 1 << 1
	tflagNamed     = 1 << 2
	tflagOnDemand  = 1 << 4 // since Go 1.24
	tflagDirect    = 1 << 5 // since Go 1.26

	nameEmbedded = 1 << 3

	kindMask     = 31 // above it, flags until Go 1.25
	kindDirect   = 1 << 5
	kindGCProg   = 1 << 6 // until Go 1.23
	uncommonSize = 16
	variadic     = 1 << 15
)

// Bounds on what a descriptor may claim. maxFields is above what the compiler
// accepts in practice, maxName above the longest type names seen.
const (
	maxFields = 1 << 16
	maxName   = 1 << 16
)

// header is the part that all descriptors have: internal/abi.Type, at the same
// offsets as runtime._type until Go 1.20.
type header struct {
	size, ptrBytes uint64
	tflag          uint8
	kind           Kind
	kindFlags      uint8 // above the kind
	gcData         uint64
	str            int32 // offset of the name
	// bare says that neither a hash nor a function to compare values is there.
	bare bool
}

func (t *Table) headerSize() uint64 { return 4*uint64(t.Arch.PtrSize) + 16 }

// read returns n bytes of memory at addr+off, or false.
func (t *Table) read(addr, off, n uint64) ([]byte, bool) {
	if addr+off < addr || addr+off+n < addr+off {
		return nil, false
	}
	b, ok := t.runtime.Memory.Slice(addr+off, n)
	return b, ok && uint64(len(b)) >= n
}

// word reads the pointer-sized integer at addr+off.
func (t *Table) word(addr, off uint64) (uint64, bool) {
	b, ok := t.read(addr, off, uint64(t.Arch.PtrSize))
	if !ok {
		return 0, false
	}
	return t.Arch.Word(b), true
}

// readHeader reads the descriptor at addr, and fails if it cannot be one.
func (t *Table) readHeader(addr uint64) (h header, ok bool) {
	word := uint64(t.Arch.PtrSize)
	b, ok := t.read(addr, 0, t.headerSize())
	if !ok || addr%word != 0 {
		return h, false
	}
	order := t.Arch.Order()
	h.size, h.ptrBytes = t.Arch.Word(b), t.Arch.Word(b[word:])
	f := b[2*word+4:] // behind the hash
	h.tflag, h.kind, h.kindFlags = f[0], Kind(f[3]&kindMask), f[3]&^kindMask
	align, fieldAlign := f[1], f[2]
	h.gcData = t.Arch.Word(f[4+word:])
	h.str = int32(order.Uint32(f[4+2*word:]))
	h.bare = order.Uint32(b[2*word:]) == 0 && h.tflag == 0 && t.Arch.Word(f[4:]) == 0

	if h.kind == Invalid || h.kind > UnsafePointer || h.size > 1<<47 || h.ptrBytes > h.size ||
		h.ptrBytes%word != 0 || align == 0 || align&(align-1) != 0 || fieldAlign&(fieldAlign-1) != 0 ||
		h.size%uint64(align) != 0 {
		return h, false
	}
	want, fixed := sizeOfKind(h.kind, word)
	return h, !fixed || h.size == want
}

// sizeOfKind returns the size that all types of a kind have, if it is one.
func sizeOfKind(k Kind, word uint64) (size uint64, fixed bool) {
	switch k {
	case Bool, Int8, Uint8:
		return 1, true
	case Int16, Uint16:
		return 2, true
	case Int32, Uint32, Float32:
		return 4, true
	case Int64, Uint64, Float64, Complex64:
		return 8, true
	case Complex128:
		return 16, true
	case Int, Uint, Uintptr, Chan, Func, Map, Pointer, UnsafePointer:
		return word, true
	case String, Interface:
		return 2 * word, true
	case Slice:
		return 3 * word, true
	}
	return 0, false
}

// tail returns the distance from a descriptor's start to what follows the part
// that is special to its kind, where the uncommon type is if there is one; 0
// if it is not known.
func (t *Table) tail(k Kind) uint64 {
	word := uint64(t.Arch.PtrSize)
	n := t.headerSize()
	switch k {
	case Array:
		n += 3 * word
	case Chan:
		n += 2 * word
	case Func:
		n += (4 + word - 1) &^ (word - 1)
	case Interface, Struct:
		n += 4 * word
	case Map:
		return t.runtime.Layout.MapTypeSize
	case Pointer, Slice:
		n += word
	}
	return n
}

// loadDescriptor makes a Type of the descriptor at addr.
func (t *Table) loadDescriptor(addr uint64) *Type {
	typ := &Type{Name: unknown.Name, descriptor: addr}
	h, ok := t.readHeader(addr)
	if !ok {
		return typ
	}
	n := namer{t: t, budget: maxNameSteps}
	name := n.name(addr, 0)
	typ.Name, typ.Package = name, n.pkg
	typ.Kind, typ.Size = h.kind, h.size
	typ.gcMask = ownMask(t, addr, h)
	word := uint64(t.Arch.PtrSize)
	at := t.headerSize()
	id := func(off uint64) ID {
		p, _ := t.word(addr, off)
		id, _ := t.ByRuntimeType(p)
		return id
	}
	switch h.kind {
	case Array:
		typ.Elem = id(at)
		typ.Len, _ = t.word(addr, at+2*word)
	case Pointer, Slice:
		typ.Elem = id(at)
	case Chan:
		typ.Elem = id(at)
		typ.Runtime, _ = t.Lookup("runtime.hchan")
	case Map:
		typ.Key, typ.Elem, typ.group = id(at), id(at+word), id(at+2*word)
		var ok bool
		if typ.Runtime, ok = t.Lookup("internal/runtime/maps.Map"); !ok {
			typ.Runtime, _ = t.Lookup("runtime.hmap")
			if t.runtime.module(addr) < 0 {
				typ.group = t.reflectBucket(addr, typ.Key, typ.Elem)
			}
		}
	case Interface:
		n, _ := t.word(addr, at+2*word)
		typ.NoMethods = n == 0
	case Struct:
		typ.Fields = t.descriptorFields(addr)
	}
	return typ
}

// rawField is a field as the descriptor has it.
type rawField struct {
	name, typ, offset uint64
	embedded          bool
}

// rawFields reads the array of fields of the struct descriptor at addr.
func (t *Table) rawFields(addr uint64) []rawField {
	word := uint64(t.Arch.PtrSize)
	at := t.headerSize()
	base, ok1 := t.word(addr, at+word)
	n, ok2 := t.word(addr, at+2*word)
	if !ok1 || !ok2 || n > maxFields {
		return nil
	}
	b, ok := t.read(base, 0, n*3*word)
	if !ok {
		return nil
	}
	fields := make([]rawField, n)
	for i := range fields {
		f := &fields[i]
		f.name, f.typ, f.offset = t.Arch.Word(b), t.Arch.Word(b[word:]), t.Arch.Word(b[2*word:])
		b = b[3*word:]
		if t.runtime.Layout.OffsetAnon {
			f.embedded = f.offset&1 != 0
			f.offset >>= 1
		} else if flags, ok := t.read(f.name, 0, 1); ok {
			f.embedded = flags[0]&nameEmbedded != 0
		}
	}
	return fields
}

func (t *Table) descriptorFields(addr uint64) []Field {
	raw := t.rawFields(addr)
	if raw == nil {
		return nil
	}
	fields := make([]Field, len(raw))
	for i, f := range raw {
		name, _ := t.readName(f.name)
		id, _ := t.ByRuntimeType(f.typ)
		fields[i] = Field{Name: name, Offset: f.offset, Type: id, Embedded: f.embedded}
	}
	return fields
}

// readName reads an internal/abi.Name: flags, length and bytes.
func (t *Table) readName(addr uint64) (string, bool) {
	if addr == 0 {
		return "", false
	}
	var n uint64
	i := uint64(1)
	for ; ; i++ {
		b, ok := t.read(addr, i, 1)
		if !ok || i > 3 {
			return "", false
		}
		n |= uint64(b[0]&0x7f) << (7 * (i - 1))
		if b[0] < 0x80 {
			break
		}
	}
	if n > maxName {
		return "", false
	}
	b, ok := t.read(addr, i+1, n)
	if !ok {
		return "", false
	}
	return string(b[:n]), true
}

// nameAt resolves a nameOff of a descriptor in a module; types that reflect
// made have theirs in a map of the runtime, and are named by their structure.
func (t *Table) nameAt(descriptor uint64, off int32) (string, bool) {
	m := t.runtime.module(descriptor)
	if m < 0 || off <= 0 {
		return "", false
	}
	base := &t.runtime.Modules[m]
	if uint64(off) >= base.ETypes-base.Types {
		return "", false
	}
	return t.readName(base.Types + uint64(off))
}

// typeAt resolves a typeOff.
func (t *Table) typeAt(descriptor uint64, off int32) uint64 {
	m := t.runtime.module(descriptor)
	if m < 0 || off <= 0 {
		return 0
	}
	return t.runtime.Modules[m].Types + uint64(off)
}
