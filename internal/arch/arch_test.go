package arch

import (
	"bytes"
	"debug/elf"
	"testing"
)

func TestWord(t *testing.T) {
	b := []byte{1, 2, 3, 4, 5, 6, 7, 8}
	for _, test := range []struct {
		arch Arch
		want uint64
	}{
		{Arch{PtrSize: 8}, 0x0807060504030201},
		{Arch{PtrSize: 8, LittleWords64: true}, 0x0807060504030201},
		{Arch{PtrSize: 8, BigEndian: true}, 0x0102030405060708},
		{Arch{PtrSize: 4}, 0x04030201},
		{Arch{PtrSize: 4, BigEndian: true}, 0x01020304},
	} {
		if got := test.arch.Word(b); got != test.want {
			t.Errorf("%+v: %#x, want %#x", test.arch, got, test.want)
		}
		out := make([]byte, 8)
		test.arch.PutWord(out, test.want)
		if n := test.arch.PtrSize; !bytes.Equal(out[:n], b[:n]) {
			t.Errorf("%+v: %#x is written as %x", test.arch, test.want, out)
		}
	}
}

func TestByMachine(t *testing.T) {
	const little, big = elf.ELFDATA2LSB, elf.ELFDATA2MSB
	for _, test := range []struct {
		machine elf.Machine
		class   elf.Class
		data    elf.Data
		name    string // "" for a processor that goheap cannot read
		word    int
	}{
		{elf.EM_X86_64, elf.ELFCLASS64, little, "amd64", 8},
		{elf.EM_AARCH64, elf.ELFCLASS64, little, "arm64", 8},
		{elf.EM_ARM, elf.ELFCLASS32, little, "arm", 4},
		{elf.EM_PPC64, elf.ELFCLASS64, little, "ppc64le", 8},
		{elf.EM_S390, elf.ELFCLASS64, big, "s390x", 8},
		{elf.EM_PPC64, elf.ELFCLASS64, big, "", 0},
		{elf.EM_X86_64, elf.ELFCLASS64, big, "", 0},
		{elf.EM_X86_64, elf.ELFCLASS32, little, "", 0}, // x32
		{elf.EM_S390, elf.ELFCLASS32, big, "", 0},
		{elf.EM_386, elf.ELFCLASS32, little, "386", 4},
		{elf.EM_LOONGARCH, elf.ELFCLASS64, little, "loong64", 8},
		{elf.EM_RISCV, elf.ELFCLASS64, little, "", 0},
	} {
		a, ok := ByMachine(test.machine, test.class, test.data)
		if a.Name != test.name || a.PtrSize != test.word || ok != (test.name != "") || a.BigEndian != (ok && test.data == big) {
			t.Errorf("%v, %v, %v is %+v, %v", test.machine, test.class, test.data, a, ok)
		}
		if ok && a.LittleWords64 != (a.PtrSize == 8 && !a.BigEndian) {
			t.Errorf("%s: words of %d bytes, big-endian %v, and LittleWords64 %v", a.Name, a.PtrSize, a.BigEndian, a.LittleWords64)
		}
	}
}

func TestNamed(t *testing.T) {
	for _, test := range []struct {
		name    string
		big     bool
		word    int
		ok      bool
		machine elf.Machine
	}{
		{"amd64", false, 8, true, elf.EM_X86_64},
		{"s390x", true, 8, true, elf.EM_S390},
		{"386", false, 4, true, elf.EM_386},
		{"386", false, 8, false, elf.EM_386},
		{"amd64", true, 8, false, elf.EM_X86_64},
		{"riscv64", false, 8, true, elf.EM_NONE},
		{"mips", true, 4, true, elf.EM_NONE},
	} {
		a, ok := Named(test.name, test.big, test.word)
		if ok != test.ok || a.Name != test.name || a.Machine != test.machine || ok && (a.BigEndian != test.big || a.PtrSize != test.word) {
			t.Errorf("%s, big-endian %t, words of %d bytes: %+v, %t", test.name, test.big, test.word, a, ok)
		}
		if a.LittleWords64 != (a.PtrSize == 8 && !a.BigEndian) {
			t.Errorf("%s: %+v", test.name, a)
		}
	}
}
