package aself

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"slices"
	"testing"
)

// small is a Mach-O file with one segment of code, a symbol and rebase information.
func small() []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0xfeedfacf)
	put := func(v ...uint32) {
		for _, v := range v {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
	}
	wide := func(v ...uint64) {
		for _, v := range v {
			b = binary.LittleEndian.AppendUint64(b, v)
		}
	}
	name := func(s string) { b = append(b, append([]byte(s), make([]byte, 16-len(s))...)...) }
	put(0x01000007, 3, 2, 3, 72+80+24+48, 0x200000, 0) // amd64, MH_EXECUTE, 3 commands, MH_PIE
	put(0x19, 72+80)                                   // LC_SEGMENT_64
	name("__DATA")
	wide(0x1000, 64, 512, 64)
	put(3, 3, 1, 0)
	name("__data")
	name("__DATA")
	wide(0x1000, 64)
	put(512, 0, 0, 0, 0, 0, 0, 0)
	put(2, 24, 600, 1, 640, 16) // LC_SYMTAB
	put(loadDyldInfoOnly, 48, 580, 5, 0, 0, 0, 0, 0, 0, 0, 0)
	b = append(b, make([]byte, 700-len(b))...)
	// Twice the word at the start of segment 0, with one left out between.
	copy(b[580:], []byte{0x11, rebaseSetSegment << 4, 0, rebaseTimesSkipping << 4, 2})
	b[585] = 8
	binary.LittleEndian.PutUint32(b[600:], 1)
	b[604], b[605] = typeSection, 1
	binary.LittleEndian.PutUint64(b[608:], 0x1010)
	copy(b[640:], "\x00main.x\x00")
	return b
}

func TestConvert(t *testing.T) {
	out, err := Convert(small(), "")
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	if GOOS(f) != Darwin || f.Machine != elf.EM_X86_64 || f.Type != elf.ET_DYN || len(f.Progs) != 1 || f.Progs[0].Vaddr != 0x1000 {
		t.Errorf("%s %+v %+v", GOOS(f), f.FileHeader, f.Progs)
	}
	if s := f.Section(".data"); s == nil || s.Addr != 0x1000 || s.Size != 64 || s.Offset != 512 || s.Flags&elf.SHF_WRITE == 0 {
		t.Errorf("data %+v", s)
	}
	// The symbol goes up to the end of its section.
	if s, err := f.Symbols(); err != nil || len(s) != 1 || s[0].Name != "main.x" || s[0].Value != 0x1010 || s[0].Size != 0x30 {
		t.Errorf("symbols %+v, %v", s, err)
	}
	if _, err := Convert([]byte("\x7fELF"), ""); err != ErrNone {
		t.Errorf("an ELF file: %v", err)
	}
}

// Words are those that the rebase opcodes name, and no more than the file has room for.
func TestRebases(t *testing.T) {
	b := small()
	f := func(ops ...byte) []uint64 {
		c := bytes.Clone(b)
		copy(c[580:600], make([]byte, 20))
		copy(c[580:], ops)
		binary.LittleEndian.PutUint32(c[32+72+80+24+12:], uint32(len(ops)))
		l, err := readMachO(c, "")
		if err != nil {
			t.Fatal(err)
		}
		return l.relocations
	}
	for _, c := range []struct {
		ops  []byte
		want []uint64
	}{
		{[]byte{0x11, 0x20, 0, 0x52}, []uint64{0x1000, 0x1008}},
		{[]byte{0x11, 0x20, 8, 0x41, 0x51}, []uint64{0x1010}},
		{[]byte{0x20, 0, 0x30, 16, 0x60, 2}, []uint64{0x1010, 0x1018}},
		{[]byte{0x20, 0, 0x70, 8, 0x51}, []uint64{0x1000, 0x1010}},
		{[]byte{0x20, 0, 0x80, 2, 8}, []uint64{0x1000, 0x1010}},
		{[]byte{0x20, 0, 0x51, 0x00, 0x51}, []uint64{0x1000}},
		{[]byte{0x20, 56, 0x60, 100}, []uint64{0x1038}},
		{[]byte{0x51, 0x2f, 0}, nil},
	} {
		if got := f(c.ops...); !slices.Equal(got, c.want) {
			t.Errorf("% x: %#x, want %#x", c.ops, got, c.want)
		}
	}
}

// Whatever a file has, Convert returns an error or an ELF file not much longer than it.
func FuzzConvert(f *testing.F) {
	f.Add(small())
	f.Add([]byte("MZ"))
	f.Add(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, 0xcafebabe), 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := Convert(b, "")
		if err != nil {
			return
		}
		if len(out) > 1<<14+64*len(b) {
			t.Errorf("%d bytes become %d", len(b), len(out))
		}
		if !bytes.HasPrefix(out, []byte(elf.ELFMAG)) {
			t.Error("it is no ELF file")
		}
	})
}
