//go:build linux && (amd64 || arm64)

package capture

import "encoding/binary"

// Types of notes (include/uapi/linux/elf.h).
const (
	ntPrpsinfo = 3
	ntAuxv     = 6
	ntFile     = 0x46494c45
)

// appendNote appends a note (elf(5)).
func appendNote(b []byte, owner string, typ uint32, desc []byte) []byte {
	order := binary.LittleEndian
	b = order.AppendUint32(b, uint32(len(owner)+1))
	b = order.AppendUint32(b, uint32(len(desc)))
	b = order.AppendUint32(b, typ)
	b = pad(append(append(b, owner...), 0))
	return pad(append(b, desc...))
}

func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// appendThread appends what a core has of a thread: NT_PRSTATUS first, which begins it
// (struct elf_prstatus, include/linux/elfcore.h).
func appendThread(b []byte, t *thread, p *identity) []byte {
	order := binary.LittleEndian
	var d []byte
	for _, w := range []uint32{0, 0, 0, uint32(uint16(t.signal))} { // siginfo; the signal, and padding
		d = order.AppendUint32(d, w)
	}
	d = append(d, make([]byte, 16)...) // pending and blocked signals
	for _, id := range []int{t.id, p.parent, p.group, p.session} {
		d = order.AppendUint32(d, uint32(id))
	}
	d = append(d, make([]byte, 4*16)...) // times
	d = append(d, t.regs[ntPrstatus]...)
	d = order.AppendUint32(d, 1) // pr_fpvalid
	for len(d)%8 != 0 {
		d = append(d, 0)
	}
	b = appendNote(b, "CORE", ntPrstatus, d)
	for _, set := range regsets[1:] {
		if regs := t.regs[set]; len(regs) > 0 {
			owner := "LINUX"
			if set == ntFpregset {
				owner = "CORE"
			}
			b = appendNote(b, owner, set, regs)
		}
	}
	return b
}

// appendIdentity appends NT_PRPSINFO (struct elf_prpsinfo, include/linux/elfcore.h): what
// debuggers show the process as. What it was started with stays out, for it may be secret.
func appendIdentity(b []byte, p *identity) []byte {
	order := binary.LittleEndian
	d := []byte{0, p.state, 0, 0} // state, its letter, zombie, nice
	d = append(d, make([]byte, 12)...)
	for _, w := range []int{p.uid, p.gid, p.pid, p.parent, p.group, p.session} {
		d = order.AppendUint32(d, uint32(w))
	}
	d = append(d, fixed(p.name, 16)...)
	d = append(d, fixed(p.name, 80)...)
	return appendNote(b, "CORE", ntPrpsinfo, d)
}

// fixed returns s in n bytes, of which the last is zero.
func fixed(s string, n int) []byte {
	b := make([]byte, n)
	copy(b[:n-1], s)
	return b
}

// appendFiles appends NT_FILE (fs/binfmt_elf.c, fill_files_note): which files are mapped
// where.
func appendFiles(b []byte, mappings []mapping, pageSize uint64) []byte {
	order := binary.LittleEndian
	var places, names []byte
	n := uint64(0)
	for i := range mappings {
		m := &mappings[i]
		if m.inode == 0 || m.path == "" {
			continue
		}
		n++
		for _, w := range []uint64{m.start, m.end, m.offset / pageSize} {
			places = order.AppendUint64(places, w)
		}
		names = append(append(names, m.path...), 0)
	}
	d := order.AppendUint64(nil, n)
	d = order.AppendUint64(d, pageSize)
	return appendNote(b, "CORE", ntFile, append(append(d, places...), names...))
}
