package aself

import (
	"bytes"
	"debug/elf"
	"debug/pe"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// Numbers of PE and COFF (Microsoft, "PE Format").
const (
	dynamicBase    = 0x40 // IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE
	relocBlockHead = 8
	relocDir64     = 10 // IMAGE_REL_BASED_DIR64
	sectionCode    = 0x20000000
	sectionWrite   = 0x80000000
	sectionDiscard = 0x02000000
	symbolFunction = 0x20 // IMAGE_SYM_DTYPE_FUNCTION
)

func readPE(data []byte) (l layout, err error) {
	f, err := pe.NewFile(bytes.NewReader(data))
	if err != nil {
		return l, fmt.Errorf("not a readable PE file: %w", err)
	}
	l = layout{data: data, system: Windows}
	switch f.Machine {
	case pe.IMAGE_FILE_MACHINE_AMD64:
		l.machine = elf.EM_X86_64
	case pe.IMAGE_FILE_MACHINE_ARM64:
		l.machine = elf.EM_AARCH64
	default:
		return l, fmt.Errorf("executable for machine %#x: of Windows those for amd64 and arm64 are read", f.Machine)
	}
	head, ok := f.OptionalHeader.(*pe.OptionalHeader64)
	if !ok {
		return l, fmt.Errorf("executable without the header of 64-bit programs")
	}
	base := head.ImageBase
	l.pie, l.entry = head.DllCharacteristics&dynamicBase != 0, base+uint64(head.AddressOfEntryPoint)
	for _, s := range f.Sections {
		l.peSection(s, base)
	}
	// Words that the loader fills in, with the addresses of what is imported, are not the
	// program's: what the file has there leads into .idata.
	if d := head.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_IAT]; head.NumberOfRvaAndSizes > pe.IMAGE_DIRECTORY_ENTRY_IAT {
		for _, s := range f.Sections {
			if d.VirtualAddress >= s.VirtualAddress && d.VirtualAddress-s.VirtualAddress < s.Size {
				l.filled.off = uint64(s.Offset) + uint64(d.VirtualAddress-s.VirtualAddress)
				l.filled.filesz = l.within(l.filled.off, uint64(min(d.Size, s.Size-(d.VirtualAddress-s.VirtualAddress))))
			}
		}
	}
	for _, s := range f.Symbols {
		if s.SectionNumber <= 0 || int(s.SectionNumber) > len(f.Sections) || s.Name == "" {
			continue
		}
		in := f.Sections[s.SectionNumber-1]
		if in.Characteristics&sectionDiscard != 0 || strings.HasPrefix(s.Name, ".") {
			continue
		}
		l.symbols = append(l.symbols, symbol{
			name: s.Name, addr: base + uint64(in.VirtualAddress) + uint64(s.Value),
			code: s.Type == symbolFunction || in.Characteristics&sectionCode != 0,
		})
	}
	l.size()
	if s := f.Section(".reloc"); s != nil {
		if n := l.within(uint64(s.Offset), uint64(min(s.Size, s.VirtualSize))); n > 0 {
			l.baseRelocations(data[s.Offset:uint64(s.Offset)+n], base)
		}
	}
	return l, nil
}

// peSection adds a section; the data of a program is followed in it by what has no bytes
// in the file, which Linux has in sections of its own.
func (l *layout) peSection(s *pe.Section, base uint64) {
	c := section{
		name: s.Name, addr: base + uint64(s.VirtualAddress), off: uint64(s.Offset), size: l.within(uint64(s.Offset), uint64(s.Size)),
		loaded: s.Characteristics&sectionDiscard == 0, code: s.Characteristics&sectionCode != 0, writable: s.Characteristics&sectionWrite != 0,
	}
	memory := uint64(s.VirtualSize)
	c.size = min(c.size, memory)
	// The loader alone reads .idata and .rsrc, which stand behind DWARF.
	if !c.loaded || strings.HasPrefix(c.name, ".debug_") || strings.HasPrefix(c.name, ".zdebug_") || slices.Contains([]string{".symtab", ".idata", ".rsrc"}, c.name) {
		c.loaded, c.addr = false, 0
		l.sections = append(l.sections, c)
		return
	}
	flags := elf.PF_R
	if c.writable {
		flags |= elf.PF_W
	}
	if c.code {
		flags |= elf.PF_X
	}
	l.segments = append(l.segments, segment{addr: c.addr, size: memory, off: c.off, filesz: c.size, flags: flags})
	if c.name == ".rdata" {
		c.name = ".rodata"
		c.writable = true // by the loader, which relocates it
	}
	l.sections = append(l.sections, c)
	if c.name != ".data" {
		return
	}
	if memory > c.size {
		l.sections = append(l.sections, section{name: ".bss", addr: c.addr + c.size, size: memory - c.size, loaded: true, writable: true, zero: true})
	}
	// What Go's linker writes of the build stands at the start, up to the first symbol or
	// the end of its strings.
	b := l.data[c.off : c.off+c.size]
	for at := 0; at+32 <= len(b) && at < 1<<16; at += 16 {
		if bytes.HasPrefix(b[at:], []byte(buildInfoMagic)) {
			l.sections = append(l.sections, section{name: ".go.buildinfo", addr: c.addr + uint64(at), off: c.off + uint64(at), size: buildInfoSize(b[at:])})
			break
		}
	}
}

// buildInfoSize returns the bytes of build information whose two strings follow its
// header (debug/buildinfo, since Go 1.18).
func buildInfoSize(b []byte) uint64 {
	at := uint64(32)
	for range 2 {
		if at >= uint64(len(b)) {
			break
		}
		v, n := binary.Uvarint(b[at:])
		if n <= 0 || v > uint64(len(b)) {
			return min(at, uint64(len(b)))
		}
		at += uint64(n) + v
	}
	return min(at, uint64(len(b)))
}

// baseRelocations reads which words the loader adds the bias to: blocks, each of an
// address and 16-bit entries of kind and offset.
func (l *layout) baseRelocations(b []byte, base uint64) {
	for len(b) >= relocBlockHead {
		page, size := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
		if size < relocBlockHead || uint64(size) > uint64(len(b)) {
			return
		}
		for e := b[relocBlockHead:size]; len(e) >= 2; e = e[2:] {
			if v := binary.LittleEndian.Uint16(e); v>>12 == relocDir64 {
				l.relocations = append(l.relocations, base+uint64(page)+uint64(v&0xfff))
			}
		}
		b = b[size:]
	}
}
