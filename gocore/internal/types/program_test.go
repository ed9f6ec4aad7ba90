package types_test

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"sync"
	"testing"

	"goheap/gocore/internal/symbols"
	"goheap/gocore/internal/types"
)

// build is how a test program is compiled.
type build struct {
	name, toolchain string
	flags           []string
}

var builds = []build{
	{"go1.26", "go1.26.8", nil},
	{"go1.26pie", "go1.26.8", []string{"-buildmode=pie"}},
	{"go1.27", "go1.27.0", nil},
	{"go1.27pie", "go1.27.0", []string{"-buildmode=pie"}},
}

// programs builds testdata/kinds, each way once for all tests.
type programs struct {
	dir   string
	mu    sync.Mutex
	built map[string]string
}

var kinds programs

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "types")
	if err != nil {
		panic(err)
	}
	kinds = programs{dir: dir, built: map[string]string{}}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func (p *programs) path(t testing.TB, b build) string {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if exe := p.built[b.name]; exe != "" {
		return exe
	}
	exe := filepath.Join(p.dir, b.name)
	args := append([]string{"build", "-o", exe}, b.flags...)
	cmd := exec.Command("go", append(args, "./testdata/kinds")...)
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN="+b.toolchain)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building with %s: %v\n%s", b.toolchain, err, out)
	}
	p.built[b.name] = exe
	return exe
}

func open(t testing.TB, exe string) *symbols.File {
	t.Helper()
	f, err := symbols.Open(exe)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := f.DWARF(); err != nil {
		t.Fatal(err)
	}
	return f
}

// image is the memory of a program as linked, with the relocations of a
// position-independent executable applied for a load address of 0.
type image struct {
	segments []segment
}

type segment struct {
	addr uint64
	b    []byte
}

func (m *image) Slice(addr, n uint64) ([]byte, bool) {
	i := sort.Search(len(m.segments), func(i int) bool { return m.segments[i].addr > addr }) - 1
	if i < 0 {
		return nil, false
	}
	s := m.segments[i]
	off := addr - s.addr
	if off > uint64(len(s.b)) || n > uint64(len(s.b))-off {
		return nil, false
	}
	return s.b[off : off+n], true
}

func (m *image) word(t testing.TB, addr uint64) uint64 {
	t.Helper()
	b, ok := m.Slice(addr, 8)
	if !ok {
		t.Fatalf("no memory at %#x", addr)
	}
	return binary.LittleEndian.Uint64(b)
}

func load(t testing.TB, f *elf.File) *image {
	t.Helper()
	m := &image{}
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD {
			b := make([]byte, p.Memsz)
			if _, err := p.ReadAt(b[:p.Filesz], 0); err != nil {
				t.Fatal(err)
			}
			m.segments = append(m.segments, segment{p.Vaddr, b})
		}
	}
	sort.Slice(m.segments, func(i, j int) bool { return m.segments[i].addr < m.segments[j].addr })
	for _, s := range f.Sections {
		if s.Type != elf.SHT_RELA || s.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		b, err := s.Data()
		if err != nil {
			t.Fatal(err)
		}
		for ; len(b) >= 24; b = b[24:] {
			off, kind, addend := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[16:])
			if elf.R_X86_64(kind) == elf.R_X86_64_RELATIVE {
				if to, ok := m.Slice(off, 8); ok {
					binary.LittleEndian.PutUint64(to, addend)
				}
			}
		}
	}
	return m
}

// moduleOf returns the bounds of the type descriptors, which the linker also
// writes as symbols.
func moduleOf(t testing.TB, f *symbols.File) types.Module {
	t.Helper()
	lo, ok1 := f.Symbol("runtime.types")
	hi, ok2 := f.Symbol("runtime.etypes")
	if !ok1 || !ok2 || lo.Addr >= hi.Addr {
		t.Fatalf("runtime.types %#x %v, runtime.etypes %#x %v", lo.Addr, ok1, hi.Addr, ok2)
	}
	return types.Module{Types: lo.Addr, ETypes: hi.Addr, DWARF: true}
}

// forEachBuild runs f for every way to build the program.
func forEachBuild(t *testing.T, f func(t *testing.T, exe string)) {
	for _, b := range builds {
		t.Run(b.name, func(t *testing.T) { f(t, kinds.path(t, b)) })
	}
}
