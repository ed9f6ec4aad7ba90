// Package aself writes executables of macOS (Mach-O) and Windows (PE) as ELF files, so
// that everything behind it reads one format: the same bytes at the same addresses, with
// sections, symbols and relocations as Go's linker names them on Linux. It knows nothing
// of Go but these names and where the build information begins.
package aself

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"goheap/dump"
)

// Systems whose executables are converted, by their GOOS.
const (
	Darwin  = "darwin"
	Windows = "windows"
)

// ErrNone says that a file is no executable of these systems.
var ErrNone = errors.New("no Mach-O or PE file")

// System returns the system that a file starts like an executable of, "" for none.
func System(data []byte) string {
	if len(data) < 4 {
		return ""
	}
	switch binary.LittleEndian.Uint32(data) {
	case 0xfeedface, 0xfeedfacf, 0xcefaedfe, 0xcffaedfe:
		return Darwin
	case 0xbebafeca: // of universal files, and of Java classes, whose version stands where these have a small number
		if len(data) >= 8 && binary.BigEndian.Uint32(data[4:]) <= maxSlices {
			return Darwin
		}
	}
	if bytes.HasPrefix(data, []byte("MZ")) {
		return Windows
	}
	return ""
}

// Convert returns data, an executable of another system, as an ELF file of its own
// memory. Of a universal file it is the part for goarch, or where that is "" the first
// for a processor that goheap knows.
func Convert(data []byte, goarch string) (file []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			if dump.Fault(p) != nil {
				panic(p) // for the caller's dump.Guard
			}
			file, err = nil, fmt.Errorf("the file is damaged (%v)", p)
		}
	}()
	var l layout
	switch System(data) {
	case Darwin:
		l, err = readMachO(data, goarch)
	case Windows:
		l, err = readPE(data)
	default:
		return nil, ErrNone
	}
	if err != nil {
		return nil, err
	}
	return l.write(), nil
}

// GOOS returns the system of a file that Convert wrote, "" of one that it did not.
func GOOS(f *elf.File) string {
	s := f.Section(systemSection)
	if s == nil || s.Size > 16 {
		return ""
	}
	b, err := s.Data()
	if err != nil {
		return ""
	}
	return string(b)
}

// systemSection holds the GOOS.
const systemSection = ".goheap.system"

// layout is what an executable has, whatever its format. Words are little-endian and of 8
// bytes.
type layout struct {
	data        []byte // the file, or the part of it
	system      string
	machine     elf.Machine
	pie         bool
	entry       uint64
	segments    []segment
	sections    []section
	symbols     []symbol
	relocations []uint64 // addresses of words to which the bias is added
	id          []byte   // of the build, nil for none
	filled      segment  // bytes of the file that the loader writes over: they become zero
}

type segment struct {
	addr, size, off, filesz uint64
	flags                   elf.ProgFlag
}

type section struct {
	name            string
	addr, size, off uint64
	loaded          bool // into memory
	writable, code  bool
	zero            bool // has no bytes in the file
}

type symbol struct {
	name       string
	addr, size uint64
	code       bool
}

// size gives symbols the bytes up to the next one, or to the end of their section:
// neither format says how long they are.
func (l *layout) size() {
	slices.SortStableFunc(l.symbols, func(a, b symbol) int {
		switch {
		case a.addr < b.addr:
			return -1
		case a.addr > b.addr:
			return 1
		}
		return strings.Compare(a.name, b.name)
	})
	end := func(addr uint64) uint64 {
		for _, s := range l.sections {
			if s.loaded && addr >= s.addr && addr-s.addr < s.size {
				return s.addr + s.size
			}
		}
		return addr
	}
	next := uint64(0)
	for i := len(l.symbols) - 1; i >= 0; i-- {
		s := &l.symbols[i]
		if i+1 < len(l.symbols) && l.symbols[i+1].addr != s.addr {
			next = l.symbols[i+1].addr
		}
		s.size = end(s.addr) - s.addr
		if next > s.addr {
			s.size = min(s.size, next-s.addr)
		}
	}
}

// write makes the ELF file: the bytes of the file as they are, but for those under the
// ELF header, and behind them what ELF needs.
func (l *layout) write() []byte {
	order := binary.LittleEndian
	out := bytes.Clone(l.data)
	clear(out[l.filled.off:][:l.filled.filesz])
	for len(out) < 64 || len(out)%16 != 0 {
		out = append(out, 0)
	}
	put := func(v any) { // v has a fixed size
		out, _ = binary.Append(out, order, v)
	}
	type header = elf.Section64
	heads := []header{{}}
	names := []byte{0}
	name := func(s string) uint32 {
		n := uint32(len(names))
		names = append(append(names, s...), 0)
		return n
	}
	add := func(s string, typ elf.SectionType, h header) {
		h.Name, h.Type = name(s), uint32(typ)
		heads = append(heads, h)
	}
	for _, s := range l.sections {
		typ, flags := elf.SHT_PROGBITS, elf.SectionFlag(0)
		if s.zero {
			typ = elf.SHT_NOBITS
		}
		if s.loaded {
			flags |= elf.SHF_ALLOC
		}
		if s.writable {
			flags |= elf.SHF_WRITE
		}
		if s.code {
			flags |= elf.SHF_EXECINSTR
		}
		add(s.name, typ, header{Flags: uint64(flags), Addr: s.addr, Off: s.off, Size: s.size, Addralign: 1})
	}
	begin := func() uint64 {
		for len(out)%16 != 0 {
			out = append(out, 0)
		}
		return uint64(len(out))
	}
	at := begin()
	out = append(out, l.system...)
	add(systemSection, elf.SHT_PROGBITS, header{Off: at, Size: uint64(len(l.system)), Addralign: 1})
	if len(l.id) > 0 {
		at = begin()
		put([]uint32{4, uint32(len(l.id)), 3}) // NT_GNU_BUILD_ID
		out = append(append(out, "GNU\x00"...), l.id...)
		add(".note.gnu.build-id", elf.SHT_NOTE, header{Off: at, Size: uint64(len(out)) - at, Addralign: 4})
	}
	if id := l.goBuildID(); id != nil {
		at = begin()
		put([]uint32{4, uint32(len(id)), 4}) // of Go's linker (cmd/link/internal/ld/elf.go)
		out = append(append(out, "Go\x00\x00"...), id...)
		add(".note.go.buildid", elf.SHT_NOTE, header{Off: at, Size: uint64(len(out)) - at, Addralign: 4})
	}
	if len(l.relocations) > 0 {
		kind := uint64(elf.R_X86_64_RELATIVE)
		if l.machine == elf.EM_AARCH64 {
			kind = uint64(elf.R_AARCH64_RELATIVE)
		}
		at = begin()
		for _, addr := range l.relocations {
			out = order.AppendUint64(order.AppendUint64(out, addr), kind)
		}
		add(".rel", elf.SHT_REL, header{Flags: uint64(elf.SHF_ALLOC), Off: at, Size: uint64(len(out)) - at, Addralign: 8, Entsize: 16})
	}
	if len(l.symbols) > 0 {
		text := []byte{0}
		at = begin()
		put(elf.Sym64{})
		for _, s := range l.symbols {
			kind := elf.STT_OBJECT
			if s.code {
				kind = elf.STT_FUNC
			}
			put(elf.Sym64{Name: uint32(len(text)), Info: elf.ST_INFO(elf.STB_GLOBAL, kind), Shndx: uint16(elf.SHN_ABS), Value: s.addr, Size: s.size})
			text = append(append(text, s.name...), 0)
		}
		add(".symtab", elf.SHT_SYMTAB, header{Off: at, Size: uint64(len(out)) - at, Link: uint32(len(heads) + 1), Addralign: 8, Entsize: 24})
		at = begin()
		out = append(out, text...)
		add(".strtab", elf.SHT_STRTAB, header{Off: at, Size: uint64(len(text)), Addralign: 1})
	}
	add(".shstrtab", elf.SHT_STRTAB, header{Addralign: 1})
	last := &heads[len(heads)-1]
	last.Off, last.Size = begin(), uint64(len(names))
	out = append(out, names...)

	h := elf.Header64{
		Type: uint16(elf.ET_EXEC), Machine: uint16(l.machine), Version: uint32(elf.EV_CURRENT), Entry: l.entry,
		Ehsize: 64, Phentsize: 56, Phnum: uint16(len(l.segments)), Shentsize: 64, Shnum: uint16(len(heads)), Shstrndx: uint16(len(heads) - 1),
	}
	if l.pie {
		h.Type = uint16(elf.ET_DYN)
	}
	h.Phoff = begin()
	for _, s := range l.segments {
		put(elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: uint32(s.flags), Off: s.off, Vaddr: s.addr, Paddr: s.addr, Filesz: s.filesz, Memsz: s.size, Align: 1})
	}
	h.Shoff = begin()
	for _, s := range heads {
		put(s)
	}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	head, _ := binary.Append(nil, order, h)
	copy(out, head)
	return out
}

// Where Go's linker writes the build id but on systems with ELF: at the start of the code
// (cmd/link/internal/ld/data.go, textbuildid).
const (
	BuildIDBefore = "\xff Go build ID: \""
	BuildIDAfter  = "\"\n \xff"
	maxBuildID    = 512
)

func (l *layout) goBuildID() []byte {
	for _, s := range l.sections {
		if s.name == ".text" {
			b := l.data[min(s.off, uint64(len(l.data))):]
			b, ok := bytes.CutPrefix(b[:min(len(b), maxBuildID)], []byte(BuildIDBefore))
			id, _, ends := bytes.Cut(b, []byte(BuildIDAfter))
			if ok && ends {
				return id
			}
		}
	}
	return nil
}

// within returns size, bounded by what the file has from off on.
func (l *layout) within(off, size uint64) uint64 {
	if off >= uint64(len(l.data)) {
		return 0
	}
	return min(size, uint64(len(l.data))-off)
}

// buildInfoMagic begins what Go's linker writes of the build (debug/buildinfo).
const buildInfoMagic = "\xff Go buildinf:"
