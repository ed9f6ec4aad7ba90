package types

// gcMask is where the collector's own list of a type's pointers stands: a bit for each
// of the words that the first bytes of a value take.
type gcMask struct {
	bits  uint64 // address, 0 for none
	bytes uint64 // of a value, behind which there are no pointers
}

// ownMask returns the mask of the descriptor at addr if package reflect made it: the one
// by which the collector goes where objects have this type.
//
// The compiler's masks are what the parts of a type say, those of package reflect are
// not: for a struct type with an interface, and for the groups of maps, reflect marks
// both words of it (reflect/type.go, addTypeBits). Descriptors without a mask of their
// own are for the parts: those whose mask the runtime builds when it needs it
// (TFlagGCMaskOnDemand), and those with a program (until Go 1.23), which package reflect
// puts together of the masks of the parts (reflect/type.go, appendGCProg).
func ownMask(t *Table, addr uint64, h header) gcMask {
	if t.runtime.module(addr) >= 0 || h.ptrBytes == 0 || h.tflag&tflagOnDemand != 0 || h.kindFlags&kindGCProg != 0 {
		return gcMask{}
	}
	return gcMask{h.gcData, h.ptrBytes}
}

// at reports whether the word at byte off of a value is a pointer, and whether that can
// be read. It is believed of words alone that the parts of the type leave room for: in a
// damaged descriptor it may mark others.
func (m gcMask) at(t *Table, off uint64) (is, ok bool) {
	if off >= m.bytes {
		return false, true
	}
	i := off / uint64(t.Arch.PtrSize)
	b, ok := t.read(m.bits, i/8, 1)
	return ok && b[0]>>(i%8)&1 != 0, ok
}
