package dump

import (
	"cmp"
	"debug/elf"
	"fmt"
	"slices"
)

// Note types of core files beyond those in debug/elf (include/uapi/linux/elf.h).
const (
	ntAuxv elf.NType = 6
	ntFile elf.NType = 0x46494c45
)

// readNotes reads the notes of one PT_NOTE segment. off is where body starts in
// the file, for error messages.
func (c *Core) readNotes(h *header, off uint64, body []byte) error {
	for at := uint64(0); at+12 <= uint64(len(body)); {
		nameSize := uint64(h.order.Uint32(body[at:]))
		descSize := uint64(h.order.Uint32(body[at+4:]))
		typ := elf.NType(h.order.Uint32(body[at+8:]))
		name := clip(body, at+12, nameSize)
		descAt := at + 12 + align4(nameSize)
		desc := clip(body, descAt, descSize)
		if uint64(len(desc)) < descSize {
			return fmt.Errorf("the note at byte %#x of the core is cut short: threads and file mappings behind it are unknown", off+at)
		}
		if owner := string(name); owner == "CORE\x00" || owner == "CORE" {
			switch typ {
			case elf.NT_PRSTATUS:
				if t, ok := readThread(h, desc); ok {
					c.Threads = append(c.Threads, t)
				}
			case ntAuxv:
				c.readAuxv(h, desc)
			case ntFile:
				if err := c.readMappings(h, desc); err != nil {
					return fmt.Errorf("note NT_FILE at byte %#x of the core: %w", off+at, err)
				}
			}
		}
		at = descAt + align4(descSize)
	}
	return nil
}

func align4(n uint64) uint64 { return (n + 3) &^ 3 }

// readThread decodes struct elf_prstatus of linux/amd64
// (include/linux/elfcore.h): the signal at 12, the thread id at 32, the
// registers of struct user_regs_struct at 112.
func readThread(h *header, b []byte) (Thread, bool) {
	const regsAt, regs = 112, 27
	if len(b) < regsAt+regs*8 {
		return Thread{}, false
	}
	t := Thread{ID: int(h.order.Uint32(b[32:])), Signal: int(h.order.Uint16(b[12:]))}
	reg := func(i int) uint64 { return h.order.Uint64(b[regsAt+8*i:]) }
	// From DWARF's register numbers (System V ABI, AMD64 supplement, figure
	// 3.36) to places in user_regs_struct: rax rdx rcx rbx rsi rdi rbp rsp r8
	// to r15, and rip as the return address column.
	places := [...]int{10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16}
	t.Regs = make([]uint64, len(places))
	for i, p := range places {
		t.Regs[i] = reg(p)
	}
	t.PC, t.SP = t.Regs[16], t.Regs[7]
	return t, true
}

func (c *Core) readAuxv(h *header, b []byte) {
	for ; len(b) >= 16; b = b[16:] {
		if key := h.order.Uint64(b); key != 0 {
			c.Auxv[key] = h.order.Uint64(b[8:])
		}
	}
}

// readMappings decodes NT_FILE: a count, the page size, then start, end and
// page offset of each mapping, then the paths (fs/binfmt_elf.c, fill_files_note).
func (c *Core) readMappings(h *header, b []byte) error {
	if len(b) < 16 {
		return fmt.Errorf("it has %d bytes, too few for its header", len(b))
	}
	count, page := h.order.Uint64(b), h.order.Uint64(b[8:])
	if count > uint64(len(b)-16)/24 {
		return fmt.Errorf("it speaks of %d mappings but has %d bytes", count, len(b))
	}
	names := b[16+24*count:]
	for i := range count {
		e := b[16+24*i:]
		end := slices.Index(names, 0)
		if end < 0 {
			return fmt.Errorf("the path of mapping %d is not terminated", i)
		}
		c.Mappings = append(c.Mappings, Mapping{
			Start:  h.order.Uint64(e),
			End:    h.order.Uint64(e[8:]),
			Offset: h.order.Uint64(e[16:]) * page,
			Path:   string(names[:end]),
		})
		names = names[end+1:]
	}
	slices.SortStableFunc(c.Mappings, func(a, b Mapping) int { return cmp.Compare(a.Start, b.Start) })
	return nil
}

// CString returns the NUL-terminated string at addr, of at most 4096 bytes.
func (m *Memory) CString(addr uint64) (string, bool) {
	b := m.Prefix(addr, 4096)
	if i := slices.Index(b, 0); i >= 0 {
		return string(b[:i]), true
	}
	return "", false
}
