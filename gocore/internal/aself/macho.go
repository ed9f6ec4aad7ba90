package aself

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"encoding/binary"
	"fmt"
	"strings"
)

// maxSlices bounds the parts of a universal file.
const maxSlices = 32

// Load commands and flags of Mach-O (mach-o/loader.h).
const (
	loadUUID         = 0x1b
	loadDyldInfo     = 0x22
	loadDyldInfoOnly = 0x80000022
	typeZeroFill     = 1    // of a section
	stabs            = 0xe0 // of a symbol: for debuggers
	typeMask         = 0x0e
	typeSection      = 0x0e
	sectionIsCode    = 0x80000400 // S_ATTR_PURE_INSTRUCTIONS, S_ATTR_SOME_INSTRUCTIONS
)

// readMachO reads a thin or universal file.
func readMachO(data []byte, goarch string) (l layout, err error) {
	if binary.BigEndian.Uint32(data) == macho.MagicFat {
		if data, err = slice(data, goarch); err != nil {
			return l, err
		}
	}
	f, err := macho.NewFile(bytes.NewReader(data))
	if err != nil {
		return l, fmt.Errorf("not a readable Mach-O file: %w", err)
	}
	l = layout{data: data, system: Darwin, pie: f.Flags&macho.FlagPIE != 0}
	if l.machine = machOMachine(f.Cpu); l.machine == elf.EM_NONE {
		return l, fmt.Errorf("executable for %v: of macOS those for amd64 and arm64 are read", f.Cpu)
	}
	for _, load := range f.Loads {
		switch load := load.(type) {
		case *macho.Segment:
			s := segment{addr: load.Addr, size: load.Memsz, off: load.Offset, filesz: min(load.Memsz, l.within(load.Offset, load.Filesz))}
			for i, bit := range []elf.ProgFlag{elf.PF_R, elf.PF_W, elf.PF_X} {
				if load.Prot>>i&1 != 0 {
					s.flags |= bit
				}
			}
			// Segments that hold nothing are room below the program, and DWARF is not loaded.
			if load.Filesz > 0 && load.Name != "__DWARF" && load.Name != "__LINKEDIT" || load.Name == "__DATA" {
				l.segments = append(l.segments, s)
			}
		case macho.LoadBytes:
			l.command(f, load)
		}
	}
	for _, s := range f.Sections {
		l.machOSection(s)
	}
	// Relocations name segments by their place among all of them.
	if f.Symtab != nil {
		for _, s := range f.Symtab.Syms {
			if s.Type&stabs != 0 || s.Type&typeMask != typeSection || s.Sect == 0 || int(s.Sect) > len(f.Sections) || s.Name == "" {
				continue
			}
			// C symbols have an underscore in front, Go's have a dot inside
			// (cmd/link/internal/ld/macho.go, machosymtab).
			name := s.Name
			if !strings.Contains(name, ".") {
				name = strings.TrimPrefix(name, "_")
			}
			l.symbols = append(l.symbols, symbol{name: name, addr: s.Value, code: f.Sections[s.Sect-1].Flags&sectionIsCode != 0})
		}
		l.size()
	}
	return l, nil
}

// slice returns the part of a universal file for a processor.
func slice(data []byte, goarch string) ([]byte, error) {
	f, err := macho.NewFatFile(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("not a readable universal file: %w", err)
	}
	var has []string
	for _, a := range f.Arches {
		name := map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64"}[machOMachine(a.Cpu)]
		if name != "" && (goarch == "" || goarch == name) && uint64(a.Offset)+uint64(a.Size) <= uint64(len(data)) {
			return data[a.Offset : a.Offset+a.Size], nil
		}
		has = append(has, a.Cpu.String())
	}
	return nil, fmt.Errorf("the universal file has no program for %s, only for %s", goarch, strings.Join(has, ", "))
}

func machOMachine(c macho.Cpu) elf.Machine {
	switch c {
	case macho.CpuAmd64:
		return elf.EM_X86_64
	case macho.CpuArm64:
		return elf.EM_AARCH64
	}
	return elf.EM_NONE
}

// command reads the load commands that debug/macho does not.
func (l *layout) command(f *macho.File, b macho.LoadBytes) {
	if len(b) < 8 {
		return
	}
	switch f.ByteOrder.Uint32(b) {
	case loadUUID:
		if len(b) >= 24 {
			l.id = bytes.Clone(b[8:24])
		}
	case loadDyldInfo, loadDyldInfoOnly:
		if len(b) >= 16 {
			off, size := uint64(f.ByteOrder.Uint32(b[8:])), uint64(f.ByteOrder.Uint32(b[12:]))
			if n := l.within(off, size); n > 0 {
				l.rebases(f, l.data[off:off+n])
			}
		}
	}
}

// Opcodes of rebase information, the upper half of a byte (mach-o/loader.h).
const (
	rebaseDone = iota
	rebaseSetType
	rebaseSetSegment
	rebaseAdd
	rebaseAddScaled
	rebaseTimes
	rebaseTimesUleb
	rebaseAddAfter
	rebaseTimesSkipping
)

// rebases reads which words the loader adds the bias to. What they would be that the
// file has no room for ends it.
func (l *layout) rebases(f *macho.File, b []byte) {
	var segments []*macho.Segment
	for _, load := range f.Loads {
		if s, ok := load.(*macho.Segment); ok {
			segments = append(segments, s)
		}
	}
	uleb := func() uint64 {
		v, n := binary.Uvarint(b)
		b = b[max(n, 0):]
		return v
	}
	var seg *macho.Segment
	addr, most := uint64(0), len(l.data)/8
	times := func(n, skip uint64) bool {
		for ; n > 0; n-- {
			if seg == nil || addr-seg.Addr >= seg.Memsz || len(l.relocations) >= most {
				return false
			}
			l.relocations = append(l.relocations, addr)
			addr += 8 + skip
		}
		return true
	}
	for len(b) > 0 {
		op, low := b[0]>>4, uint64(b[0]&0xf)
		b = b[1:]
		ok := true
		switch op {
		case rebaseSetType:
		case rebaseSetSegment:
			if low >= uint64(len(segments)) {
				return
			}
			seg = segments[low]
			addr = seg.Addr + uleb()
		case rebaseAdd:
			addr += uleb()
		case rebaseAddScaled:
			addr += low * 8
		case rebaseTimes:
			ok = times(low, 0)
		case rebaseTimesUleb:
			ok = times(uleb(), 0)
		case rebaseAddAfter:
			ok = times(1, uleb())
		case rebaseTimesSkipping:
			n := uleb()
			ok = times(n, uleb())
		default: // rebaseDone
			return
		}
		if !ok {
			return
		}
	}
}

// longName completes those names of sections that do not fit their 16 bytes.
func longName(name string) string {
	for _, long := range []string{"debug_str_offsets", "zdebug_str_offsets", "zdebug_line_str", "zdebug_loclists", "zdebug_rnglists"} {
		if name == long[:min(len(long), 14)] {
			return long
		}
	}
	return name
}

func (l *layout) machOSection(s *macho.Section) {
	name := longName(strings.TrimPrefix(s.Name, "__"))
	if strings.HasPrefix(name, "go_") {
		name = "go." + name[len("go_"):]
	}
	if s.Seg == "__DATA_CONST" {
		name = "data.rel.ro." + name // as in position-independent programs for Linux
	}
	c := section{
		name: "." + name, addr: s.Addr, size: s.Size, off: uint64(s.Offset),
		loaded: s.Seg != "__DWARF", code: s.Flags&sectionIsCode != 0,
		writable: s.Seg != "__TEXT" && s.Seg != "__DWARF", zero: s.Flags&0xff == typeZeroFill,
	}
	if !c.loaded {
		c.addr = 0
	}
	if !c.zero {
		c.size = l.within(c.off, c.size)
	}
	l.sections = append(l.sections, c)
}
