package corefile

import (
	"debug/elf"
	"encoding/binary"
	"strings"
	"testing"

	"goheap/dump"
	"goheap/gocore/internal/doctored"
	"goheap/gocore/internal/program"
	"goheap/internal/testcore"
)

// patient is a core that can be damaged before it is read.
type patient struct{ *doctored.Core }

func newPatient(t testing.TB, opt testcore.Options) *patient {
	t.Helper()
	return &patient{doctored.New(t, opt)}
}

// decoder returns one that has read nothing but the layout.
func (p *patient) decoder(t testing.TB) *decoder {
	t.Helper()
	d := newCoreDecoder(p.File, p.Exe)
	if err := d.LoadLayout(); err != nil {
		t.Fatal(err)
	}
	return d
}

// told returns the problems whose message has a part.
func told(d *decoder, part string) (found []dump.Problem) {
	for _, pr := range d.Problems {
		if strings.Contains(pr.Message, part) {
			found = append(found, pr)
		}
	}
	return found
}

// A number of items that no file holds is refused, however their bytes add up.
func TestItems(t *testing.T) {
	mem := dump.NewMemory(elf.EM_X86_64, binary.LittleEndian, 8, []dump.Block{{Addr: 1 << 12, Data: make([]byte, 64)}, {Addr: 1<<12 + 64, Data: make([]byte, 64)}})
	for _, c := range []struct {
		n, size, most uint64
		ok            bool
	}{
		{0, 8, 10, true},
		{8, 8, 10, true},
		{16, 8, 16, true},
		{16, 8, 15, false}, // all of them are there
		{17, 8, 20, false},
		{1 << 61, 8, 1 << 62, false}, // 0 bytes, modulo 1<<64
		{1<<61 + 1, 8, 1 << 62, false},
		{1 << 63, 0, 10, false},
		{1<<64/24 + 1, 24, ^uint64(0), false},
	} {
		if b, ok := mem.Items(1<<12, c.n, c.size, c.most); ok != c.ok || ok && uint64(len(b)) != c.n*c.size {
			t.Errorf("%d of %d bytes, at most %d: %d bytes, %t", c.n, c.size, c.most, len(b), ok)
		}
	}
	for _, c := range []struct {
		addr, n uint64
		ok      bool
	}{
		{1 << 12, 0, true}, {1 << 12, 128, true}, {1<<12 + 1, 128, false}, {1<<12 + 100, 28, true},
		{1<<12 - 1, 2, false}, {1 << 12, 1 << 63, false}, {1<<12 + 8, ^uint64(0), false}, {1 << 12, 1<<64 - 1<<12, false},
	} {
		if got := mem.Present(c.addr, c.n); got != c.ok {
			t.Errorf("%d bytes at %#x: present %t", c.n, c.addr, got)
		}
	}
}

// Masks of globals that no program has are told of, and cost nothing.
func TestGlobalBounds(t *testing.T) {
	p := newPatient(t, testcore.Options{})
	d := p.decoder(t)
	if err := d.ReadModules(t.Context(), d.loadPlugin); err != nil {
		t.Fatal(err)
	}
	for _, m := range []program.Module{
		{Data: 0x1000, Edata: 0, DataBits: ^uint64(0)},           // the bytes of the mask are 0, modulo 1<<64
		{Data: 0x1000, Edata: 0, DataBits: 1 << 61, DataMask: 1}, // those of the words
		{Data: 0x1000, Edata: 1 << 60, DataBits: 1 << 58},
		{Data: 1<<64 - 64, Edata: 0, DataBits: 512, DataMask: d.Modules[0].DataMask}, // beyond the last address
	} {
		d := p.decoder(t)
		d.Modules = []program.Module{m}
		if err := d.readGlobals(t.Context()); err != nil {
			t.Fatal(err)
		}
		if found := told(d, "the data section"); len(found) != 1 || !strings.Contains(found[0].Message, "the pointer mask") {
			t.Errorf("%+v: %+v", m, d.Problems)
		}
	}
}
