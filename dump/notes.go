package dump

import (
	"context"
	"debug/elf"
	"fmt"
	"slices"
	"strings"
)

// Note types of core files beyond those in debug/elf (include/uapi/linux/elf.h).
const (
	ntAuxv elf.NType = 6
	ntFile elf.NType = 0x46494c45
)

// readNotes reads the notes of one PT_NOTE segment. off is where body starts in
// the file, for error messages.
func (c *Core) readNotes(ctx context.Context, h *header, off uint64, body []byte) error {
	const lookEvery = 1 << 12 // notes
	n := 0
	for at := uint64(0); at+12 <= uint64(len(body)); n++ {
		if n%lookEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		nameSize := uint64(h.order.Uint32(body[at:]))
		descSize := uint64(h.order.Uint32(body[at+4:]))
		typ := elf.NType(h.order.Uint32(body[at+8:]))
		if nameSize == 0 && descSize == 0 && typ == 0 {
			// Nobody writes such a note. It is what fills a page, or a hole, which may be
			// as large as a file can be and take no space.
			if rest := body[at:]; len(rest) < holeSize && isZero(rest) {
				return nil
			}
			return fmt.Errorf("there is no note at byte %#x of the core, but zeros: threads and file mappings behind it are unknown", off+at)
		}
		name := clip(body, at+12, nameSize)
		descAt := at + 12 + align4(nameSize)
		desc := clip(body, descAt, descSize)
		if uint64(len(desc)) < descSize {
			return fmt.Errorf("the note at byte %#x of the core is cut short: threads and file mappings behind it are unknown", off+at)
		}
		// Delve names no owner.
		if owner := strings.TrimRight(string(name), "\x00"); owner == "CORE" || owner == "" {
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

// registerSet says where the kernel's struct elf_prstatus of a processor keeps what
// a Thread is made of. All places are indices of words in pr_reg; -1 stands for a
// register that there is not.
type registerSet struct {
	words          int   // of pr_reg
	regs           []int // by DWARF number
	pc, sp, lr, bp int
}

// registersOf follows the kernel's struct user_regs_struct (amd64, 386), user_pt_regs
// (arm64, loong64), pt_regs (arm, ppc64le) and s390_regs (s390x), and the register numbers
// of each processor's DWARF supplement. On arm64, Go's code keeps in R29 the
// address below the frame of its callee, which says nothing about its own: it
// does not count as frame pointer here.
func registersOf(goarch string) (registerSet, bool) {
	upTo := func(first, n int) []int {
		p := make([]int, n)
		for i := range p {
			p[i] = first + i
		}
		return p
	}
	switch goarch {
	case "amd64":
		// In pr_reg: r15 to r12, rbp, rbx, r11 to r8, rax, rcx, rdx, rsi, rdi,
		// orig_rax, rip, cs, eflags, rsp. In DWARF: rax, rdx, rcx, rbx, rsi,
		// rdi, rbp, rsp, r8 to r15, and rip as the return address column
		// (System V ABI, AMD64 supplement, figure 3.36).
		return registerSet{words: 27, regs: []int{10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16}, pc: 16, sp: 19, lr: -1, bp: 4}, true
	case "arm64": // x0 to x30, sp, pc, pstate
		return registerSet{words: 34, regs: upTo(0, 32), pc: 32, sp: 31, lr: 30, bp: -1}, true
	case "386":
		// In pr_reg: ebx, ecx, edx, esi, edi, ebp, eax, ds, es, fs, gs, orig_eax,
		// eip, cs, eflags, esp, ss. In DWARF: eax, ecx, edx, ebx, esp, ebp, esi,
		// edi, eip (System V ABI, i386 supplement, table 2.14).
		return registerSet{words: 17, regs: []int{6, 1, 2, 0, 15, 5, 3, 4, 12}, pc: 12, sp: 15, lr: -1, bp: -1}, true
	case "arm": // r0 to r15, cpsr, orig_r0
		return registerSet{words: 18, regs: upTo(0, 16), pc: 15, sp: 13, lr: 14, bp: -1}, true
	case "ppc64le": // r0 to r31, nip, msr, orig_gpr3, ctr, link, and others
		return registerSet{words: 48, regs: upTo(0, 32), pc: 32, sp: 1, lr: 36, bp: -1}, true
	case "loong64": // r0 to r31, orig_a0, csr_era, csr_badv, and 10 reserved
		return registerSet{words: 45, regs: upTo(0, 32), pc: 33, sp: 3, lr: 1, bp: -1}, true
	case "s390x": // the mask and address of the psw, r0 to r15, and others
		return registerSet{words: 18, regs: upTo(2, 16), pc: 1, sp: 17, lr: 16, bp: -1}, true
	}
	return registerSet{}, false
}

// readThread decodes struct elf_prstatus (include/linux/elfcore.h): a siginfo of
// 12 bytes, pr_cursig, two words of signal sets, four process ids of 4 bytes, four
// times of two words each, and the registers.
func readThread(h *header, b []byte) (Thread, bool) {
	s, ok := registersOf(h.arch.Name)
	w := h.arch.PtrSize
	pid := 16 + 2*w
	regs := pid + 16 + 8*w
	if !ok || len(b) < regs+s.words*w {
		return Thread{}, false
	}
	t := Thread{ID: int(h.order.Uint32(b[pid:])), Signal: int(h.order.Uint16(b[12:]))}
	reg := func(i int) uint64 {
		if i < 0 {
			return 0
		}
		return h.word(b[regs+w*i:])
	}
	t.Regs = make([]uint64, len(s.regs))
	for i, p := range s.regs {
		t.Regs[i] = reg(p)
	}
	t.PC, t.SP, t.LR, t.BP = reg(s.pc), reg(s.sp), reg(s.lr), reg(s.bp)
	return t, true
}

func (c *Core) readAuxv(h *header, b []byte) {
	w := h.arch.PtrSize
	for ; len(b) >= 2*w; b = b[2*w:] {
		if key := h.word(b); key != 0 {
			c.Auxv[key] = h.word(b[w:])
		}
	}
}

// readMappings decodes NT_FILE: a count, the page size, then start, end and
// page offset of each mapping, then the paths (fs/binfmt_elf.c, fill_files_note). The
// mappings are still to be sorted.
func (c *Core) readMappings(h *header, b []byte) error {
	w := uint64(h.arch.PtrSize)
	if uint64(len(b)) < 2*w {
		return fmt.Errorf("it has %d bytes, too few for its header", len(b))
	}
	count, page := h.word(b), h.word(b[w:])
	if count > (uint64(len(b))-2*w)/(3*w) {
		return fmt.Errorf("it speaks of %d mappings but has %d bytes", count, len(b))
	}
	names := b[2*w+3*w*count:]
	for i := range count {
		e := b[2*w+3*w*i:]
		end := slices.Index(names, 0)
		if end < 0 {
			return fmt.Errorf("the path of mapping %d is not terminated", i)
		}
		c.Mappings = append(c.Mappings, Mapping{
			Start:  h.word(e),
			End:    h.word(e[w:]),
			Offset: h.word(e[2*w:]) * page,
			Path:   string(names[:end]),
		})
		names = names[end+1:]
	}
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
