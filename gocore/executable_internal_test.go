package gocore

import (
	"debug/elf"
	"encoding/binary"
	"testing"

	"goheap/dump"
	"goheap/gocore/internal/program"
)

// The program headers of an executable cannot make more memory of it than it has
// bytes, nor more work.
func TestHeadersAgain(t *testing.T) {
	const n, size = 3000, 64 << 10
	f := &elf.File{FileHeader: elf.FileHeader{Type: elf.ET_EXEC}}
	add := func(typ elf.ProgType, flags elf.ProgFlag, addr, off, size uint64) {
		f.Progs = append(f.Progs, &elf.Prog{ProgHeader: elf.ProgHeader{Type: typ, Flags: flags, Vaddr: addr, Off: off, Filesz: size}})
	}
	add(elf.PT_LOAD, elf.PF_R, 0x400000, 0, size/2)
	add(elf.PT_LOAD, elf.PF_R|elf.PF_W, 0x500000, size/2, size/2)
	add(elf.PT_GNU_RELRO, elf.PF_R, 0x500000, size/2, 100)
	add(elf.PT_NOTE, elf.PF_R, 0x400000, 0, 100)
	data := make([]byte, size)
	data[0] = 1
	place := func() (*dump.Memory, int, int) {
		core := &dump.Core{Memory: dump.NewMemory(elf.EM_X86_64, binary.LittleEndian, 8, nil)}
		missing, again := program.FillConstant(core, f, data, 0)
		if compared, other := program.CompareNotes(core, f, data, 0); !compared || other > 0 {
			t.Errorf("notes compared %t, %d differ", compared, other)
		}
		return core.Memory, missing, again
	}
	whole, pages, again := place()
	if again != 0 || pages == 0 || whole.Size() != size/2+100 {
		t.Fatalf("%d headers again, %d pages missing, %d bytes", again, pages, whole.Size())
	}
	for i := range uint64(n) {
		add(elf.PT_LOAD, elf.PF_R, 0x600000+i*size, 0, size/2)
		add(elf.PT_LOAD, elf.PF_R|elf.PF_W, 0x60000000+i*size, size/2, size/2)
		add(elf.PT_NOTE, elf.PF_R, 0x400000, 0, size)
	}
	m, missing, again := place()
	if m.Size() != whole.Size() || missing != pages || again != 2*n {
		t.Errorf("%d bytes, %d pages missing, %d headers again; want %d, %d, %d", m.Size(), missing, again, whole.Size(), pages, 2*n)
	}
}
