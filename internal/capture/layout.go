//go:build linux && (amd64 || arm64)

package capture

import (
	"debug/elf"
	"encoding/binary"
	"slices"
)

// A segment is a PT_LOAD program header: memory, with bytes in the file or, for what
// nobody has touched, none.
type segment struct {
	addr, size uint64
	flags      elf.ProgFlag
	inFile     bool
	offset     uint64 // in the core
	runs       []run  // that have the bytes; what is between them is zeros
	anonymous  bool
}

// maxSegments is from how many program headers on they are made fewer. ELF cannot count
// more than 65,534 without a section header that not all readers look for (PN_XNUM,
// elf(5)), and debuggers go through all of them for each read.
const maxSegments = 16 << 10

// layout is what the core consists of, in the order of the file: headers, notes, memory,
// and the notes that are known last.
type layout struct {
	segments     []segment
	notes, last  []byte
	notesAt      uint64
	lastAt, size uint64
}

// segmentsOf makes segments of the mappings and their runs, in the order of addresses. What
// a mapping of no file lacks is zeros, and has room in the core, where it stays a hole:
// all readers take it for what it is. Where there are more segments than most, those that
// touch are joined.
func segmentsOf(mappings []mapping, runs [][]run, most int) []segment {
	var list []segment
	for i := range mappings {
		list = addMapping(list, &mappings[i], runs[i])
	}
	if len(list) > most {
		list = joined(list)
	}
	return list
}

func addMapping(list []segment, m *mapping, runs []run) []segment {
	var flags elf.ProgFlag
	for _, p := range []struct {
		may  bool
		flag elf.ProgFlag
	}{{m.read, elf.PF_R}, {m.write, elf.PF_W}, {m.exec, elf.PF_X}} {
		if p.may {
			flags |= p.flag
		}
	}
	keeps := m.keeps()
	if keeps == nothing {
		return list
	}
	if keeps == resident && m.read && len(runs) > 0 {
		return append(list, segment{addr: m.start, size: m.end - m.start, flags: flags, inFile: true, runs: runs, anonymous: m.inode == 0})
	}
	at := m.start
	empty := func(to uint64) {
		if to > at {
			list = append(list, segment{addr: at, size: to - at, flags: flags, anonymous: m.inode == 0})
		}
	}
	for i, r := range runs {
		empty(r.start)
		at = r.end
		list = append(list, segment{addr: r.start, size: at - r.start, flags: flags, inFile: true, runs: runs[i : i+1], anonymous: m.inode == 0})
	}
	empty(m.end)
	return list
}

// joined makes one of segments that touch, and that have the same kind of content.
func joined(list []segment) []segment {
	out := list[:1]
	for _, s := range list[1:] {
		last := &out[len(out)-1]
		if last.addr+last.size == s.addr && last.inFile == s.inFile && (s.inFile || last.anonymous && s.anonymous) {
			last.runs = append(slices.Clip(last.runs), s.runs...)
			last.size += s.size
			last.flags |= s.flags
		} else {
			out = append(out, s)
		}
	}
	return out
}

const (
	headerSize  = 64 // Elf64_Ehdr
	programSize = 56 // Elf64_Phdr
)

// arrange gives everything its place in the file.
func (l *layout) arrange(pageSize uint64) {
	l.notesAt = headerSize + programSize*uint64(len(l.segments)+2)
	at := l.notesAt + uint64(len(l.notes))
	for i := range l.segments {
		s := &l.segments[i]
		at = (at + pageSize - 1) &^ (pageSize - 1)
		s.offset = at // also of one that has nothing there: at 0, gdb finds the core itself in it
		if !s.inFile {
			continue
		}
		at += s.size
	}
	l.lastAt = at
	l.size = at + uint64(len(l.last))
}

// head returns the headers and the first notes.
func (l *layout) head(machine elf.Machine, pageSize uint64) []byte {
	order := binary.LittleEndian
	b := make([]byte, 0, l.notesAt+uint64(len(l.notes)))
	b = append(b, elf.ELFMAG...)
	b = append(b, byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT), byte(elf.ELFOSABI_NONE))
	b = append(b, make([]byte, elf.EI_NIDENT-len(b))...)
	b = order.AppendUint16(b, uint16(elf.ET_CORE))
	b = order.AppendUint16(b, uint16(machine))
	b = order.AppendUint32(b, uint32(elf.EV_CURRENT))
	b = order.AppendUint64(b, 0)          // e_entry
	b = order.AppendUint64(b, headerSize) // e_phoff
	b = order.AppendUint64(b, 0)          // e_shoff
	b = order.AppendUint32(b, 0)          // e_flags
	b = order.AppendUint16(b, headerSize)
	b = order.AppendUint16(b, programSize)
	b = order.AppendUint16(b, uint16(len(l.segments)+2))
	b = append(b, make([]byte, 6)...) // no sections
	program := func(typ elf.ProgType, flags elf.ProgFlag, offset, addr, inFile, size, align uint64) {
		b = order.AppendUint32(b, uint32(typ))
		b = order.AppendUint32(b, uint32(flags))
		for _, w := range []uint64{offset, addr, 0, inFile, size, align} {
			b = order.AppendUint64(b, w)
		}
	}
	program(elf.PT_NOTE, 0, l.notesAt, 0, uint64(len(l.notes)), 0, 4)
	program(elf.PT_NOTE, 0, l.lastAt, 0, uint64(len(l.last)), 0, 4)
	for i := range l.segments {
		s := &l.segments[i]
		inFile := uint64(0)
		if s.inFile {
			inFile = s.size
		}
		program(elf.PT_LOAD, s.flags, s.offset, s.addr, inFile, s.size, pageSize)
	}
	return append(b, l.notes...)
}
