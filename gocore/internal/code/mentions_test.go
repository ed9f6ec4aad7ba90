package code

import (
	"debug/elf"
	"debug/gosym"
	"os"
	"runtime"
	"slices"
	"testing"
)

// What the code of the test itself names of its data is what reading all of its
// instructions finds, function by function.
func TestMentionsAgreeWithInstructions(t *testing.T) {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("the code of this processor is not read")
	}
	f, err := elf.Open(os.Args[0])
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	text, err := f.Section(".text").Data()
	if err != nil {
		t.Fatal(err)
	}
	start := f.Section(".text").Addr
	lo, hi := f.Section(".data").Addr, f.Section(".bss").Addr+f.Section(".bss").Size
	lines, err := f.Section(".gopclntab").Data()
	if err != nil {
		t.Fatal(err)
	}
	table, err := gosym.NewTable(nil, gosym.NewLineTable(lines, start))
	if err != nil {
		t.Fatal(err)
	}
	var want []uint64
	var got []Mention
	functions := 0
	for _, fn := range table.Funcs {
		body := text[fn.Entry-start : fn.End-start]
		r, ok := Refers(runtime.GOARCH, fn.Entry, body)
		if !ok {
			continue // it has instructions that are not known
		}
		functions++
		for _, addr := range r.Data {
			if addr-lo < hi-lo {
				want = append(want, addr)
			}
		}
		for _, m := range Mentions(runtime.GOARCH, fn.Entry, body, lo, hi) {
			if Confirm(runtime.GOARCH, fn.Entry, body, m) {
				got = append(got, m)
			}
		}
	}
	addrs := make([]uint64, len(got))
	for i, m := range got {
		addrs[i] = m.Addr
	}
	if !slices.Equal(addrs, want) || len(want) < 1000 || functions < 1000 {
		t.Errorf("%d functions mention %d addresses, want %d", functions, len(addrs), len(want))
	}
}

// Each way to write an operand relative to the next instruction is seen, and nothing that
// only looks like one is confirmed.
func TestMentionsAMD64(t *testing.T) {
	const at, to = 0x401000, 0x402000
	for _, test := range []struct {
		name      string
		text      []byte
		confirmed bool
	}{
		{"MOVQ x(SB), AX", []byte{0x48, 0x8b, 0x05, 0xf9, 0x0f, 0, 0}, true},
		{"LEAQ x(SB), R9", []byte{0x4c, 0x8d, 0x0d, 0xf9, 0x0f, 0, 0}, true},
		{"CMPB x(SB), $1", []byte{0x80, 0x3d, 0xf9, 0x0f, 0, 0, 1}, true},
		{"CMPW x(SB), $1", []byte{0x66, 0x81, 0x3d, 0xf7, 0x0f, 0, 0, 1, 1}, true},
		{"MOVQ $1, x(SB)", []byte{0x48, 0xc7, 0x05, 0xf5, 0x0f, 0, 0, 1, 0, 0, 0}, true},
		{"MOVQ $…, AX", []byte{0x48, 0xb8, 0x8b, 0x05, 0xf8, 0x0f, 0, 0, 0, 0}, false},
	} {
		list := Mentions("amd64", at, test.text, to, to+8)
		confirmed := 0
		for _, m := range list {
			if m.Addr == to && Confirm("amd64", at, test.text, m) {
				confirmed++
			}
		}
		if len(list) == 0 || confirmed != 0 != test.confirmed || confirmed > 1 {
			t.Errorf("%s: %d of %+v are confirmed", test.name, confirmed, list)
		}
	}
	if list := Mentions("amd64", at, []byte{0x48, 0x8b, 0x05, 0xf9, 0x0f, 0, 0}, to+8, to+16); len(list) != 0 {
		t.Errorf("addresses that were not asked for: %+v", list)
	}
}
