package gocore

import (
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"goheap/dump"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/types"
	"goheap/internal/arch"
	"goheap/internal/testcore"
)

// patient is a core whose words can be overwritten before it is read.
type patient struct {
	core *dump.Core
	exe  *program.Executable
	file *dump.Memory // of the file alone: its slices can be written to
	undo []func()
}

// newPatient takes a core of quiet, which is a small one.
func newPatient(t testing.TB, opt testcore.Options) *patient {
	t.Helper()
	d := testcore.Core(t, "quiet", opt, testcore.Kernel)
	f, err := os.Open(d.Core)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	data, err := syscall.Mmap(int(f.Fd()), 0, int(st.Size()), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(data) })
	alone, err := dump.New(data)
	if err != nil {
		t.Fatal(err)
	}
	p := &patient{file: alone.Memory}
	if p.core, err = dump.New(data); err != nil {
		t.Fatal(err)
	}
	if p.exe, _, err = program.FindExecutable(p.core, program.Options{Exe: d.Exe}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.exe.Close)
	return p
}

// decoder returns one that has read nothing but the layout.
func (p *patient) decoder(t testing.TB) *coreDecoder {
	t.Helper()
	d := newCoreDecoder(p.core, p.exe)
	if err := d.LoadLayout(); err != nil {
		t.Fatal(err)
	}
	return d
}

// addr returns the address of a variable of the runtime.
func (p *patient) addr(t testing.TB, d *coreDecoder, name string) uint64 {
	t.Helper()
	addr, err := d.Global(name)
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

func (p *patient) word(t testing.TB, addr uint64) uint64 {
	t.Helper()
	v, ok := p.file.Word(addr)
	if !ok {
		t.Fatalf("nothing stands at %#x", addr)
	}
	return v
}

// set overwrites a word, until heal.
func (p *patient) set(t testing.TB, addr, v uint64) {
	t.Helper()
	b, ok := p.file.Slice(addr, 8)
	if !ok {
		t.Fatalf("nothing stands at %#x", addr)
	}
	was := slices.Clone(b)
	p.undo = append(p.undo, func() { copy(b, was) })
	p.core.Memory.Arch.PutWord(b, v)
}

func (p *patient) heal() {
	for _, f := range slices.Backward(p.undo) {
		f()
	}
	p.undo = nil
}

// told returns the problems whose message has a part.
func told(d *coreDecoder, part string) (found []Problem) {
	for _, pr := range d.Problems {
		if strings.Contains(pr.Message, part) {
			found = append(found, pr)
		}
	}
	return found
}

// A number of items that no file holds is refused, however their bytes add up.
func TestItems(t *testing.T) {
	mem := dump.NewMemory(arch.AMD64(), []dump.Block{{Addr: 1 << 12, Data: make([]byte, 64)}, {Addr: 1<<12 + 64, Data: make([]byte, 64)}})
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

// typeMemory lays descriptors out for gcTypes.
type typeMemory struct {
	arch  arch.Arch
	bytes []byte
}

const typesAt = 1 << 16

func (m *typeMemory) put(words ...uint64) (addr uint64) {
	addr = typesAt + uint64(len(m.bytes))
	for _, w := range words {
		m.bytes = append(m.bytes, make([]byte, 8)...)
		m.arch.PutWord(m.bytes[len(m.bytes)-8:], w)
	}
	return addr
}

// header adds an internal/abi.Type and the words behind it.
func (m *typeMemory) header(size, ptrBytes uint64, tflag, kind uint8, gcdata uint64, more ...uint64) (addr uint64) {
	return m.put(append([]uint64{size, ptrBytes, uint64(tflag)<<32 | uint64(kind)<<56, 0, gcdata, 0}, more...)...)
}

func (m *typeMemory) types() *image.GCTypes {
	return image.NewGCTypes(dump.NewMemory(m.arch, []dump.Block{{Addr: typesAt, Data: m.bytes}}), m.arch)
}

// array adds a type of n elements, whose mask is to be made on demand.
func (m *typeMemory) array(elem, size, n, ptrBytes uint64) uint64 {
	return m.header(size*n, ptrBytes, image.TflagMaskOnDemand, image.KindArray, 0, elem, 0, n)
}

// A mask is the same whatever slot asked for the type first, is as long as its slot,
// and costs no more than its parts and its pointers.
func TestGCTypeBounds(t *testing.T) {
	m := &typeMemory{arch: arch.AMD64()}
	pair := m.header(16, 8, 0, image.KindStruct, m.put(1)) // a pointer and a word
	pairs := m.array(pair, 16, 8, 120)
	nested := m.array(pairs, 128, 4, 504)
	plain := m.header(1, 0, 0, 8, 0)
	endless := m.array(plain, 1, 1<<62, 8) // of bytes, and said to have a pointer
	huge := m.array(pair, 16, 1<<40, 1<<44-8)
	tree := pair
	size := uint64(16)
	for range 40 { // two fields of the one before, each
		fields := m.put(0, tree, 0, 0, tree, size)
		size *= 2
		tree = m.header(size, size-8, image.TflagMaskOnDemand, image.KindStruct, 0, 0, fields, 2, 2)
	}
	none := m.header(8, 8, image.TflagMaskOnDemand, image.KindArray, 0, pairs, 0, 0) // of none of the larger pairs
	overlap := m.put(0, pair, 0, 0, pair, 8)
	bad := m.header(24, 24, image.TflagMaskOnDemand, image.KindStruct, 0, 0, overlap, 2, 2)
	outside := m.put(0, pairs, 16)
	late := m.header(32, 24, image.TflagMaskOnDemand, image.KindStruct, 0, 0, outside, 1, 1)
	lost := m.header(32, 24, image.TflagMaskOnDemand, image.KindStruct, 0, 0, outside, 1<<61, 1<<61) // 0 bytes of fields
	every := func(n, step uint32) (words []uint32) {
		for i := range n {
			words = append(words, i*step)
		}
		return words
	}
	for _, c := range []struct {
		name        string
		addr, limit uint64
		want        []uint32 // nil for no type
	}{
		{"pairs", pairs, 128, every(8, 2)},
		{"pairs in a small slot", pairs, 40, every(3, 2)},
		{"nested", nested, 512, every(32, 2)},
		{"nested in a small slot", nested, 200, every(13, 2)},
		{"endless", endless, 1 << 61, every(0, 0)},
		{"huge", huge, 1 << 44, nil},
		{"huge in a small slot", huge, 64, every(4, 2)},
		{"tree", tree, 1 << 30, nil},
		{"no elements", none, 128, nil},
		{"overlapping fields", bad, 24, every(2, 1)},
		{"field outside", late, 32, nil},
		{"too many fields", lost, 32, nil},
	} {
		for _, first := range []uint64{8, 1 << 50} {
			types := m.types()
			types.At(c.addr, min(first, 1<<20)) // whoever asks before
			got := types.At(c.addr, c.limit)
			if (got == nil) != (c.want == nil) || got != nil && !slices.Equal(got.Pointers, c.want) {
				t.Errorf("%s, first asked for %d bytes: %+v, want %v", c.name, first, got, c.want)
			}
		}
	}
}

// A variable whose type is of no possible size is not taken apart.
func TestPartedBounds(t *testing.T) {
	table := types.New(arch.AMD64(), nil, nil)
	p := &Process{im: &image.Image{Arch: arch.AMD64()}, types: table}
	v := frameVar{typ: table.NewStruct("main.Huge", "main", 1<<62, nil), parts: []varPart{{0, 8, -16}}}
	if p.settleParts(&v); !v.parted {
		t.Errorf("%+v", v)
	}
}
