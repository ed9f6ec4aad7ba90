package gocore

import (
	"math/bits"
	"sync"

	"goheap/dump"
	"goheap/internal/arch"
)

// gcType is what the collector knows of a type: which of its words are
// pointers. It repeats every size bytes over the slot that it describes.
type gcType struct {
	size     uint64
	pointers []uint32 // offsets in words, ascending
	left     uint64   // how many more parts are believed, while it is read
}

// gcTypes decodes the pointer masks of runtime type descriptors
// (internal/abi.Type) and keeps them. It is safe for concurrent use.
type gcTypes struct {
	mem  *dump.Memory
	arch arch.Arch

	mu    sync.Mutex
	types map[uint64]*gcType // nil for a descriptor that cannot be read
}

// at returns the type at addr, or nil where there is no sound descriptor. limit
// is the size of the slot that it describes: the mask of a type is never longer,
// whatever the descriptor says.
func (t *gcTypes) at(addr, limit uint64) *gcType {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g, ok := t.types[addr]; ok {
		return g
	}
	g := t.read(addr, limit)
	t.types[addr] = g
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
	tflagMaskOnDemand = 1 << 4 // since Go 1.24
	kindMask          = 1<<5 - 1
	kindArray         = 17
	kindStruct        = 25
)

func (t *gcTypes) header(addr uint64) (typeHeader, bool) {
	w := uint64(t.arch.PtrSize)
	b, ok := t.mem.Slice(addr, 4*w+16)
	if !ok {
		return typeHeader{}, false
	}
	return typeHeader{
		size:     t.arch.Word(b),
		ptrBytes: t.arch.Word(b[w:]),
		tflag:    b[2*w+4],
		kind:     b[2*w+7] & kindMask,
		gcdata:   t.arch.Word(b[3*w+8:]),
	}, true
}

func (t *gcTypes) read(addr, limit uint64) *gcType {
	h, ok := t.header(addr)
	if !ok || h.size == 0 || h.ptrBytes > h.size {
		return nil
	}
	g := &gcType{size: h.size}
	limit = min(limit, h.size)
	g.left = maxTypeDepth * (limit/uint64(t.arch.PtrSize) + 1)
	if !t.collect(g, addr, h, 0, limit, 0) {
		return nil
	}
	return g
}

// maxTypeDepth bounds how deep types nest; a deeper one is damaged.
const maxTypeDepth = 64

// collect appends the pointer words of the type at addr, which stands at base
// in the outermost type. Masks that the runtime builds on demand are computed
// from the type's structure, since the core may lack them.
func (t *gcTypes) collect(g *gcType, addr uint64, h typeHeader, base, limit uint64, depth int) bool {
	if h.ptrBytes == 0 {
		return true
	}
	if g.left--; depth > maxTypeDepth || g.left == 0 {
		return false
	}
	w := uint64(t.arch.PtrSize)
	// In Go 1.22 and 1.23 the flag is TFlagUnrolledBitmap: of descriptors that
	// malloc makes for types with a GC program, which have a mask and no kind
	// (runtime/mbitmap.go, heapSetType).
	if h.tflag&tflagMaskOnDemand == 0 || h.kind == 0 {
		words := min(h.ptrBytes, limit-min(limit, base)) / w
		mask, ok := t.mem.Slice(h.gcdata, (words+7)/8)
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
				if n := len(g.pointers); n > 0 && uint64(g.pointers[n-1]) >= word {
					return false // parts overlap
				}
				g.pointers = append(g.pointers, uint32(word))
			}
		}
		return true
	}
	switch h.kind {
	case kindArray:
		b, ok := t.mem.Slice(addr+4*w+16, 3*w)
		if !ok {
			return false
		}
		elem, n := t.arch.Word(b), t.arch.Word(b[2*w:])
		eh, ok := t.header(elem)
		if !ok || eh.size == 0 {
			return false
		}
		for i := uint64(0); i < n && base+i*eh.size < limit; i++ {
			if !t.collect(g, elem, eh, base+i*eh.size, limit, depth+1) {
				return false
			}
		}
		return true
	case kindStruct:
		b, ok := t.mem.Slice(addr+4*w+16, 4*w)
		if !ok {
			return false
		}
		n := t.arch.Word(b[2*w:])
		fields, ok := t.mem.Slice(t.arch.Word(b[w:]), n*3*w)
		if !ok || n > uint64(len(fields)) {
			return false
		}
		for i := range n {
			f := fields[i*3*w:]
			ft, off := t.arch.Word(f[w:]), t.arch.Word(f[2*w:])
			fh, ok := t.header(ft)
			if !ok || off > h.size {
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
