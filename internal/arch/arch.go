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

	// LittleWords64 says that words have 8 bytes in little-endian order: hot
	// loops have a shorter way for them. Without it everything goes the way
	// that all processors can go, with the same outcome.
	LittleWords64 bool

	// LinkRegister is set where a call stores the return address in a
	// register rather than on the stack.
	LinkRegister bool
	// MinFrameSize is the number of bytes at the bottom of a frame that
	// belong to the callee (internal/goarch, MinFrameSize).
	MinFrameSize int
	// PCQuantum is the smallest instruction, the unit of pc deltas in
	// pclntab (internal/goarch, PCQuantum).
	PCQuantum int
	// SavesFrameBase is set where the word above a frame's locals is a saved
	// frame pointer register (runtime.framepointer_enabled).
	SavesFrameBase bool
}

// known returns the processors of linux that goheap reads. The numbers are
// those of Go 1.18 to 1.27.
func known() []Arch {
	return []Arch{
		{Name: "amd64", Machine: elf.EM_X86_64, PtrSize: 8, LittleWords64: true, PCQuantum: 1, SavesFrameBase: true},
		{Name: "arm64", Machine: elf.EM_AARCH64, PtrSize: 8, LittleWords64: true, LinkRegister: true, MinFrameSize: 8, PCQuantum: 4, SavesFrameBase: true},
		{Name: "386", Machine: elf.EM_386, PtrSize: 4, PCQuantum: 1},
		{Name: "arm", Machine: elf.EM_ARM, PtrSize: 4, LinkRegister: true, MinFrameSize: 4, PCQuantum: 4},
		{Name: "ppc64le", Machine: elf.EM_PPC64, PtrSize: 8, LittleWords64: true, LinkRegister: true, MinFrameSize: 32, PCQuantum: 4},
		{Name: "loong64", Machine: elf.EM_LOONGARCH, PtrSize: 8, LittleWords64: true, LinkRegister: true, MinFrameSize: 8, PCQuantum: 4},
		{Name: "s390x", Machine: elf.EM_S390, PtrSize: 8, BigEndian: true, LinkRegister: true, MinFrameSize: 8, PCQuantum: 2},
	}
}

// AMD64 is linux/amd64.
func AMD64() Arch { return known()[0] }

// Named returns the description for a GOARCH with such words. Of one that goheap does
// not know it is enough to follow pointers. It reports false for one whose words are
// known to be others.
func Named(goarch string, bigEndian bool, ptrSize int) (Arch, bool) {
	for _, a := range known() {
		if a.Name == goarch {
			return a, a.BigEndian == bigEndian && a.PtrSize == ptrSize
		}
	}
	return Arch{Name: goarch, BigEndian: bigEndian, PtrSize: ptrSize, LittleWords64: ptrSize == 8 && !bigEndian}, true
}

// ByMachine returns the description for an ELF machine of the given class and
// byte order, and whether goheap can read it.
func ByMachine(m elf.Machine, c elf.Class, d elf.Data) (Arch, bool) {
	for _, a := range known() {
		class, data := elf.ELFCLASS64, elf.ELFDATA2LSB
		if a.PtrSize == 4 {
			class = elf.ELFCLASS32
		}
		if a.BigEndian {
			data = elf.ELFDATA2MSB
		}
		if a.Machine == m && class == c && data == d {
			return a, true
		}
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
// holds at least PtrSize bytes. It takes a pointer since it is called once per word:
// inlined, a copy of the Arch would cost more than the read.
func (a *Arch) Word(b []byte) uint64 {
	if a.LittleWords64 {
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

func (a *Arch) word(b []byte) uint64 {
	if a.PtrSize == 4 {
		return uint64(a.Order().Uint32(b))
	}
	return a.Order().Uint64(b)
}
