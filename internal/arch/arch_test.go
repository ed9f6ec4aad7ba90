package arch

import (
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
		{Arch{PtrSize: 8, BigEndian: true}, 0x0102030405060708},
		{Arch{PtrSize: 4}, 0x04030201},
		{Arch{PtrSize: 4, BigEndian: true}, 0x01020304},
	} {
		if got := test.arch.Word(b); got != test.want {
			t.Errorf("%+v: %#x, want %#x", test.arch, got, test.want)
		}
	}
}

func TestByMachine(t *testing.T) {
	if a, ok := ByMachine(elf.EM_X86_64, elf.ELFCLASS64); !ok || a.Name != "amd64" || a.PtrSize != 8 {
		t.Errorf("x86-64 is %+v, %v", a, ok)
	}
	for _, m := range []elf.Machine{elf.EM_386, elf.EM_RISCV} {
		if _, ok := ByMachine(m, elf.ELFCLASS64); ok {
			t.Errorf("%v is known", m)
		}
	}
	if _, ok := ByMachine(elf.EM_X86_64, elf.ELFCLASS32); ok {
		t.Error("x32 is taken for amd64")
	}
}
