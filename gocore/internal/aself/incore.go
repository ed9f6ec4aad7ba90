package aself

import (
	"bytes"
	"debug/elf"

	"goheap/dump"
)

// FromMemory puts the executable of a core together from the memory of its process: the
// headers and the segments, written to since, without sections, symbols and debugging
// information, which no process has in memory. It fails where the core lacks some of
// that: the kernel leaves the segments that nobody writes to out of a core unless bit 2 of
// coredump_filter is set (core(5)), and so does gdb.
//
// The headers stand in the first segment, the program headers behind the ELF header, as
// every linker has it that Go uses.
func FromMemory(core *dump.Core) ([]byte, bool) {
	m := core.Memory
	// Where the words are that tell of the table of sections (ELF specification, "ELF
	// Header"), and the size of the header.
	size, sections, words := uint64(64), 40, 58
	if m.PtrSize() == 4 {
		size, sections, words = 52, 32, 46
	}
	phdr := core.Auxv[dump.AuxPhdr]
	head, ok := m.Slice(phdr-size, size)
	if phdr < size || !ok || !bytes.HasPrefix(head, []byte(elf.ELFMAG)) {
		return nil, false
	}
	head = bytes.Clone(head)
	clear(head[sections : sections+m.PtrSize()])
	clear(head[words:]) // the size of its entries, their number, and the one that has the names
	entries := uint64(m.Order().Uint16(head[words-2:])) * uint64(m.Order().Uint16(head[words-4:]))
	table, ok := m.Slice(phdr, entries)
	if !ok {
		return nil, false
	}
	f, err := elf.NewFile(bytes.NewReader(append(bytes.Clone(head), table...)))
	if err != nil {
		return nil, false
	}
	var bias, end uint64
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD && p.Off == 0 {
			bias = phdr - size - p.Vaddr
		}
	}
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD {
			continue
		}
		if p.Off+p.Filesz < p.Off || !m.Present(p.Vaddr+bias, p.Filesz) {
			return nil, false
		}
		end = max(end, p.Off+p.Filesz)
	}
	// What the segments have is in the core, so that no sound file is larger.
	if end < size || end > m.Size() {
		return nil, false
	}
	file := make([]byte, end)
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD {
			b, _ := m.Slice(p.Vaddr+bias, p.Filesz)
			copy(file[p.Off:], b)
		}
	}
	copy(file, head)
	return file, true
}
