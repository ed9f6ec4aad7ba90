package image

import (
	"math"
	"math/bits"
	"sync"

	"goheap/dump"
	"goheap/internal/arch"
)

// GCType is what the collector knows of a type: which of its words are
// pointers. It repeats every size bytes over the slot that it describes.
type GCType struct {
	Size     uint64
	Pointers []uint32 // offsets in words, ascending
	Left     int      // how many more descriptors are read for it
}

// GCTypes decodes the pointer masks of runtime type descriptors
// (internal/abi.Type) and keeps them. It is safe for concurrent use.
type GCTypes struct {
	mem  *dump.Memory
	arch arch.Arch

	mu    sync.Mutex
	sizes map[uint64]uint64 // by address of the descriptor; 0 for one that cannot be read
	types map[gcTypeKey]*GCType
}

// gcTypeKey is a type as far as a slot of limit bytes has room for it: which slot
// asks first must not matter, even where a type is larger than one of its slots.
type gcTypeKey struct{ addr, limit uint64 }

// NewGCTypes returns the types whose descriptors stand in mem. Goroutines may share it.
func NewGCTypes(mem *dump.Memory, a arch.Arch) *GCTypes {
	return &GCTypes{mem: mem, arch: a, sizes: map[uint64]uint64{}, types: map[gcTypeKey]*GCType{}}
}

// At returns the type at addr, or nil where there is no sound descriptor. limit
// is the size of the slot that it describes: the mask of a type is never longer,
// whatever the descriptor says.
func (t *GCTypes) At(addr, limit uint64) *GCType {
	t.mu.Lock()
	defer t.mu.Unlock()
	size, ok := t.sizes[addr]
	if !ok {
		if h, ok := t.header(addr); ok {
			size = h.size
		}
		t.sizes[addr] = size
	}
	if size == 0 {
		return nil
	}
	key := gcTypeKey{addr, min(limit, size)}
	g, ok := t.types[key]
	if !ok {
		g = t.read(addr, key.limit)
		t.types[key] = g
	}
	return g
}

// Fields of internal/abi.Type, in words and bytes, the same since Go 1.18.
type typeHeader struct {
	size, ptrBytes uint64
	tflag, kind    uint8
	gcdata         uint64
}

// Type flags and kinds (internal/abi/type.go).
const (
	TflagMaskOnDemand = 1 << 4 // since Go 1.24
	kindMask          = 1<<5 - 1
	KindArray         = 17
	KindStruct        = 25
)

func (t *GCTypes) header(addr uint64) (typeHeader, bool) {
	w := uint64(t.arch.PtrSize)
	b, ok := t.mem.Slice(addr, 4*w+16)
	if !ok {
		return typeHeader{}, false
	}
	h := typeHeader{
		size:     t.arch.Word(b),
		ptrBytes: t.arch.Word(b[w:]),
		tflag:    b[2*w+4],
		kind:     b[2*w+7] & kindMask,
		gcdata:   t.arch.Word(b[3*w+8:]),
	}
	return h, h.ptrBytes <= h.size
}

func (t *GCTypes) read(addr, limit uint64) *GCType {
	h, ok := t.header(addr)
	if !ok || h.size == 0 {
		return nil
	}
	g := &GCType{Size: h.size, Left: maxTypeParts}
	if !t.collect(g, addr, h, 0, limit, 0) {
		return nil
	}
	return g
}

// What a type is made of, as far as it is believed. Each descriptor of an array's
// elements is read once, so that these are the parts that somebody wrote.
const (
	maxTypeDepth = 64
	maxTypeParts = 1 << 18
	maxFields    = 1 << 16 // of a structure
)

// collect appends the pointer words of the type at addr, which stands at base
// in the outermost type. Masks that the runtime builds on demand are computed
// from the type's structure, since the core may lack them.
func (t *GCTypes) collect(g *GCType, addr uint64, h typeHeader, base, limit uint64, depth int) bool {
	if g.Left--; depth > maxTypeDepth || g.Left < 0 {
		return false
	}
	if h.ptrBytes == 0 || base >= limit {
		return true
	}
	w := uint64(t.arch.PtrSize)
	if base%w != 0 || limit/w > math.MaxUint32 {
		return false
	}
	// In Go 1.22 and 1.23 the flag is TFlagUnrolledBitmap: of descriptors that
	// malloc makes for types with a GC program, which have a mask and no kind
	// (runtime/mbitmap.go, heapSetType).
	if h.tflag&TflagMaskOnDemand == 0 || h.kind == 0 {
		words := min(h.ptrBytes, limit-base) / w
		mask, ok := t.mem.Items(h.gcdata, words/8+min(1, words%8), 1, limit)
		if !ok {
			return false
		}
		for i, b := range mask {
			for ; b != 0; b &= b - 1 {
				word := uint64(i*8 + bits.TrailingZeros8(b)) // of the part
				if word >= words {
					break
				}
				word += base / w
				if n := len(g.Pointers); n > 0 && uint64(g.Pointers[n-1]) >= word {
					return false // parts overlap
				}
				g.Pointers = append(g.Pointers, uint32(word))
			}
		}
		return true
	}
	switch h.kind {
	case KindArray:
		b, ok := t.mem.Slice(addr+4*w+16, 3*w)
		if !ok {
			return false
		}
		elem, n := t.arch.Word(b), t.arch.Word(b[2*w:])
		eh, ok := t.header(elem)
		if !ok || n == 0 || eh.size == 0 || eh.size%w != 0 || n != h.size/eh.size {
			return false
		}
		first := len(g.Pointers)
		if !t.collect(g, elem, eh, base, limit, depth+1) {
			return false
		}
		// The others are like the first one.
		pattern := g.Pointers[first:]
		for at := eh.size; at < h.size && at < limit-base && len(pattern) > 0; at += eh.size {
			for _, word := range pattern {
				if word := uint64(word) + at/w; word < limit/w {
					g.Pointers = append(g.Pointers, uint32(word))
				}
			}
		}
		return true
	case KindStruct:
		b, ok := t.mem.Slice(addr+4*w+16, 4*w)
		if !ok {
			return false
		}
		n := t.arch.Word(b[2*w:])
		fields, ok := t.mem.Items(t.arch.Word(b[w:]), n, 3*w, maxFields)
		if !ok {
			return false
		}
		for i := range n {
			f := fields[i*3*w:]
			ft, off := t.arch.Word(f[w:]), t.arch.Word(f[2*w:])
			fh, ok := t.header(ft)
			if !ok || off > h.size || fh.size > h.size-off {
				return false
			}
			if !t.collect(g, ft, fh, base+off, limit, depth+1) {
				return false
			}
		}
		return true
	}
	return false
}
