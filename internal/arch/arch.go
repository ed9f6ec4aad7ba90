// Package arch describes the processors whose memory goheap reads: byte order,
// word size and what the Go runtime lays down for their stack frames.
package arch

import (
	"debug/elf"
	"encoding/binary"
)

// Arch is a plain value; every reader of foreign memory carries one.
type Arch struct {
	Name      string // GOARCH
	Machine   elf.Machine
	BigEndian bool
	PtrSize   int // bytes in a word: 4 or 8

	// LinkRegister is set where a call stores the return address in a
	// register rather than on the stack.
	LinkRegister bool
	// MinFrameSize is the number of bytes at the bottom of a frame that
	// belong to the callee (internal/runtime/sys, MinFrameSize).
	MinFrameSize int
	// PCQuantum is the smallest instruction, the unit of pc deltas in
	// pclntab.
	PCQuantum int
	// SavesFrameBase is set where the frame pointer register is saved just
	// below the return address (runtime.framepointer_enabled).
	SavesFrameBase bool
}

// AMD64 is linux/amd64.
func AMD64() Arch {
	return Arch{Name: "amd64", Machine: elf.EM_X86_64, PtrSize: 8, PCQuantum: 1, SavesFrameBase: true}
}

// ByMachine returns the description for an ELF machine of the given class, and
// whether goheap can read it.
func ByMachine(m elf.Machine, c elf.Class) (Arch, bool) {
	if m == elf.EM_X86_64 && c == elf.ELFCLASS64 {
		return AMD64(), true
	}
	return Arch{}, false
}

// Order returns the byte order as encoding/binary knows it.
func (a Arch) Order() binary.ByteOrder {
	if a.BigEndian {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// Word reads one pointer-sized unsigned integer from the start of b, which
// holds at least PtrSize bytes.
func (a Arch) Word(b []byte) uint64 {
	if !a.BigEndian && a.PtrSize == 8 {
		return binary.LittleEndian.Uint64(b)
	}
	return a.word(b)
}

// PutWord writes one pointer-sized unsigned integer to the start of b, which
// holds at least PtrSize bytes.
func (a Arch) PutWord(b []byte, v uint64) {
	if a.PtrSize == 4 {
		a.Order().PutUint32(b, uint32(v))
		return
	}
	a.Order().PutUint64(b, v)
}

func (a Arch) word(b []byte) uint64 {
	if a.PtrSize == 4 {
		return uint64(a.Order().Uint32(b))
	}
	return a.Order().Uint64(b)
}
