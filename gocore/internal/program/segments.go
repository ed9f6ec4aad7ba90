package program

import (
	"bytes"
	"debug/elf"
	"slices"

	"goheap/dump"
	"goheap/internal/arch"
)

// Bounds returns where a data segment is as linked: by the linker's symbols around
// it, else by its section.
func (x *Executable) Bounds(name, section string) (r dump.Range) {
	if s := x.File.ELF().Section(section); s != nil {
		r = dump.Range{Start: s.Addr, End: s.Addr + s.Size}
	}
	if s, ok := x.File.Symbol("runtime." + name); ok {
		r.Start = s.Addr
	}
	if s, ok := x.File.Symbol("runtime.e" + name); ok {
		r.End = s.Addr
	}
	return r
}

// Blocks returns the memory of the executable that its program does not write to.
// In a position-independent one, addresses are relocated as the loader does it.
func (x *Executable) Blocks(a arch.Arch) []dump.Block {
	if x.Path == "" {
		return nil
	}
	var blocks []dump.Block
	for _, s := range x.loaded() {
		if s.initial || s.zero {
			continue
		}
		b := bytesAt(x.data, s.off, s.size)
		if s.writable {
			b = bytes.Clone(b) // to be relocated
		}
		blocks = append(blocks, dump.Block{Addr: s.addr + x.Bias, Data: b})
	}
	x.relocate(a, blocks)
	return blocks
}

// part is a section that is loaded into memory, or a segment of a program whose table of
// sections was removed.
type part struct {
	addr, off, size uint64
	writable        bool
	initial         bool // its bytes in the file are only the first ones that the program has there
	zero            bool // it has none in the file
}

func (x *Executable) loaded() (list []part) {
	f := x.File.ELF()
	for _, s := range f.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && s.Addr != 0 && s.Flags&elf.SHF_TLS == 0 {
			p := part{addr: s.Addr, off: s.Offset, size: s.FileSize, writable: s.Flags&elf.SHF_WRITE != 0, initial: slices.Contains(writableSections, s.Name), zero: s.Type == elf.SHT_NOBITS}
			if p.zero {
				p.size = s.Size
			}
			list = append(list, p)
		}
	}
	if len(f.Sections) > 0 || x.File.PIE { // whose relocations are found by sections
		return list
	}
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		writable := p.Flags&elf.PF_W != 0
		list = append(list, part{addr: p.Vaddr, off: p.Off, size: p.Filesz, writable: writable, initial: writable})
		if p.Memsz > p.Filesz {
			list = append(list, part{addr: p.Vaddr + p.Filesz, size: p.Memsz - p.Filesz, writable: writable, initial: writable, zero: true})
		}
	}
	return list
}

// maxZero bounds the data without contents in the file that are made.
const maxZero = 1 << 24

// initialData returns the data as the loader makes it, before the program runs: the
// sections that Blocks leaves out.
func (x *Executable) initialData(a arch.Arch) []dump.Block {
	if x.Path == "" {
		return nil
	}
	var blocks []dump.Block
	for _, s := range x.loaded() {
		if !s.initial {
			continue
		}
		var b []byte
		switch {
		case !s.zero:
			b = bytes.Clone(bytesAt(x.data, s.off, s.size))
		case s.size <= maxZero:
			b = make([]byte, s.size)
		}
		blocks = append(blocks, dump.Block{Addr: s.addr + x.Bias, Data: b})
	}
	x.relocate(a, blocks)
	return blocks
}

// relocate applies those relocations to writable blocks that add the bias to an
// address.
func (x *Executable) relocate(a arch.Arch, blocks []dump.Block) {
	if x.Bias == 0 && !x.File.PIE {
		return
	}
	relative, ok := relativeRelocation(a)
	if !ok {
		return
	}
	w := uint64(a.PtrSize)
	for _, s := range x.File.ELF().Sections {
		if s.Type != elf.SHT_RELA && s.Type != elf.SHT_REL || s.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		size := 2 * w
		if s.Type == elf.SHT_RELA {
			size += w
		}
		for b := bytesAt(x.data, s.Offset, s.FileSize); uint64(len(b)) >= size; b = b[size:] {
			at, info := a.Word(b)+x.Bias, a.Word(b[w:])
			kind := info & 0xffffffff
			if w == 4 {
				kind = info & 0xff
			}
			if kind != relative {
				continue
			}
			i := slices.IndexFunc(blocks, func(b dump.Block) bool { return at-b.Addr < uint64(len(b.Data)) })
			if i < 0 || uint64(len(blocks[i].Data))-(at-blocks[i].Addr) < w || !x.writable(blocks[i].Addr) {
				continue
			}
			to := blocks[i].Data[at-blocks[i].Addr:]
			addend := a.Word(to)
			if s.Type == elf.SHT_RELA {
				addend = a.Word(b[2*w:])
			}
			a.PutWord(to, addend+x.Bias)
		}
	}
}

// writable reports whether the section at an address is one that is cloned.
func (x *Executable) writable(addr uint64) bool {
	for _, s := range x.File.ELF().Sections {
		if s.Addr+x.Bias == addr && s.Flags&elf.SHF_ALLOC != 0 && s.Flags&elf.SHF_WRITE != 0 {
			return true
		}
	}
	return false
}

// relativeRelocation returns the number of the relocation that adds the bias (the
// processors' ELF supplements).
func relativeRelocation(a arch.Arch) (uint64, bool) {
	switch a.Machine {
	case elf.EM_X86_64:
		return uint64(elf.R_X86_64_RELATIVE), true
	case elf.EM_AARCH64:
		return uint64(elf.R_AARCH64_RELATIVE), true
	case elf.EM_ARM:
		return uint64(elf.R_ARM_RELATIVE), true
	case elf.EM_PPC64:
		return uint64(elf.R_PPC64_RELATIVE), true
	case elf.EM_S390:
		return uint64(elf.R_390_RELATIVE), true
	}
	return 0, false
}

// Tables returns those variables among the writable data that the linker filled and
// whose fields that matter nothing changes, relocated like blocks: the last are the
// values that interfaces of small integers point to.
func (x *Executable) Tables() []dump.Block {
	if x.Path == "" {
		return nil
	}
	var blocks []dump.Block
	for _, name := range []string{"runtime.firstmoduledata", "internal/runtime/gc.SizeClassToSize", "runtime.class_to_size", "runtime.staticuint64s"} {
		sym, ok := x.File.Symbol(name)
		if !ok {
			continue
		}
		for _, s := range x.loaded() {
			if !s.zero && sym.Addr-s.addr < s.size {
				b := bytes.Clone(bytesAt(x.data, s.off, s.size))
				all := []dump.Block{{Addr: s.addr + x.Bias, Data: b}}
				x.relocate(x.File.Arch, all)
				blocks = append(blocks, dump.Block{Addr: sym.Addr + x.Bias, Data: bytesAt(b, sym.Addr-s.addr, sym.Size)})
			}
		}
	}
	return blocks
}

// writableSections are those whose bytes in the file are only the first ones that
// the program has there; others that can be written to are those with addresses
// that the loader relocates.
var writableSections = []string{".data", ".noptrdata", ".bss", ".noptrbss", ".tbss", ".tdata"}
