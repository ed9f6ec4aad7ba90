package symbols

import (
	"bytes"
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"goheap/gocore/internal/aself"
)

// A twin is an unstripped build of the program that a stripped file is of. What it says
// of addresses holds for the other if everything that is loaded stands at the same
// address in both, with the same bytes: then they differ in nothing but what -s and -w
// leave out. Three things are let pass, since they always differ:
//
//   - notes, in which the build ids stand, or their place in the code;
//   - the text about the build, which has the linker's flags in it and stands in
//     .go.buildinfo and behind the string runtime.modinfo, and the values that -X gave
//     to strings, whose length is the same (symbols NAME.str;
//     cmd/link/internal/ld/data.go, addstrdata);
//   - where tables lie that no code leads to, those of the runtime and of the dynamic
//     linker: until Go 1.21 names of sections stand before them, and there are more of
//     those with DWARF (cmd/link/internal/ld/elf.go, doelf). What leads to them, in
//     moduledata and .dynamic, must lead to the same place in them.

// ErrOtherLayout says that a file with debugging information is of a build whose code or
// data stands elsewhere, or is other; ErrNoLayout that it has no code and data that could
// be compared, as files have that objcopy --only-keep-debug wrote.
var (
	ErrOtherLayout = errors.New("it has another layout")
	ErrNoLayout    = errors.New("it has debugging information alone, without code to compare")
)

// move is a section that stands elsewhere in the twin.
type move struct {
	from, to, size uint64 // addresses in the twin and in the stripped file
}

// table reports whether a section may stand elsewhere in a twin: DWARF has addresses of
// code, data and constants. Code that leads to it differs, which is seen.
func table(s *elf.Section) bool {
	return s.Flags&(elf.SHF_WRITE|elf.SHF_EXECINSTR) == 0 && !strings.HasSuffix(s.Name, ".rodata") && !strings.HasPrefix(s.Name, ".go.")
}

// compareChunk is how many bytes of two files are compared at once.
const compareChunk = 1 << 20

// AddTwin is AddDebug for a file without the same build id: an unstripped build of the
// same program, which it proves to have the same layout. Otherwise the error is
// ErrNoDWARF, ErrNoLayout, or an ErrOtherLayout that says what differs.
func (f *File) AddTwin(twin *File) error {
	if !twin.HasDWARF() {
		return twin.dwarfErr
	}
	if err := f.sameProgram(twin); err != nil {
		return err
	}
	if s := twin.elf.Section(".text"); s == nil || s.Type == elf.SHT_NOBITS {
		return ErrNoLayout
	}
	var moved []move
	err := guarded("comparing the layout", func() (err error) {
		c := comparison{f: f, twin: twin}
		err = c.run()
		moved = c.moved
		return err
	})
	if err != nil {
		return err
	}
	if err := f.AddDebug(twin); err != nil {
		return err
	}
	f.moved = moved
	return nil
}

// sameProgram compares what is quick to compare, and says the most.
func (f *File) sameProgram(twin *File) error {
	differ := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s", ErrOtherLayout, fmt.Sprintf(format, args...))
	}
	switch {
	case twin.OS != f.OS:
		return differ("it is for %s, the executable for %s", twin.OS, f.OS)
	case twin.Arch.Name != f.Arch.Name:
		return differ("it is for %s, the executable for %s", twin.Arch.Name, f.Arch.Name)
	case f.GoVersion != "" && twin.GoVersion != "" && f.GoVersion != twin.GoVersion:
		return differ("it was built by %s, the executable by %s", twin.GoVersion, f.GoVersion)
	case f.MainPath != "" && twin.MainPath != "" && f.MainPath != twin.MainPath:
		return differ("it is the program %s, the executable is %s", twin.MainPath, f.MainPath)
	case f.PIE != twin.PIE:
		return differ("one of both is position-independent (-buildmode=pie), the other is not")
	case f.Entry != twin.Entry:
		return differ("its code starts at %#x, that of the executable at %#x", twin.Entry, f.Entry)
	}
	return nil
}

// comparison compares the loaded parts of a file with those of a twin.
type comparison struct {
	f, twin *File
	moved   []move
	free    []span // addresses in the twin whose bytes may differ
}

type span struct{ start, end uint64 }

func (c *comparison) run() error {
	if err := c.segments(); err != nil {
		return err
	}
	pairs, err := c.pairs()
	if err != nil {
		return err
	}
	c.free = c.texts(pairs)
	for _, p := range pairs {
		if err := c.contents(p); err != nil {
			return err
		}
	}
	return nil
}

// segments compares where data that is written to is, with what has no bytes in the file.
func (c *comparison) segments() error {
	written := func(e *elf.File) (out []elf.ProgHeader) {
		for _, p := range e.Progs {
			if p.Type == elf.PT_LOAD && p.Flags&elf.PF_W != 0 {
				out = append(out, p.ProgHeader)
			}
		}
		return out
	}
	mine, others := written(c.f.elf), written(c.twin.elf)
	if len(mine) != len(others) {
		return fmt.Errorf("%w: it has %d segments of data, the executable has %d", ErrOtherLayout, len(others), len(mine))
	}
	for i, p := range mine {
		if o := others[i]; o.Vaddr != p.Vaddr || o.Memsz != p.Memsz {
			return fmt.Errorf("%w: its data is %d bytes at %#x, that of the executable %d bytes at %#x", ErrOtherLayout, o.Memsz, o.Vaddr, p.Memsz, p.Vaddr)
		}
	}
	return nil
}

// pair is a loaded section of the twin and where the file has it; section is nil where
// its table of sections is gone.
type pair struct {
	twin    *elf.Section
	section *elf.Section
	name    string
	addr    uint64
}

// read fills b with what the file has of the section from off on.
func (p *pair) read(f *File, b []byte, off uint64) bool {
	if p.section != nil {
		n, _ := p.section.ReadAt(b, int64(off))
		return n == len(b)
	}
	got := f.bytesAt(p.addr+off, uint64(len(b)))
	copy(b, got)
	return got != nil
}

// loaded returns the sections that are in memory while the program runs, without notes.
func loaded(e *elf.File) (out []*elf.Section) {
	for _, s := range e.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && s.Type != elf.SHT_NOTE && s.Addr != 0 && s.Name != ".shstrtab" {
			out = append(out, s)
		}
	}
	return out
}

// pairs finds which section of the file is which of the twin, and compares where they are.
func (c *comparison) pairs() ([]pair, error) {
	mine, others := loaded(c.f.elf), loaded(c.twin.elf)
	if len(others) == 0 {
		return nil, fmt.Errorf("%w: it has no table of sections", ErrOtherLayout)
	}
	named := map[string]*elf.Section{}
	for _, s := range mine {
		named[s.Name] = s
	}
	var out []pair
	for _, t := range others {
		p := pair{twin: t, name: t.Name, addr: t.Addr}
		if len(c.f.elf.Sections) > 0 {
			p.section = named[t.Name]
			if p.section == nil {
				return nil, fmt.Errorf("%w: it has a section %s, the executable has none", ErrOtherLayout, t.Name)
			}
			delete(named, t.Name)
			s := p.section
			p.addr = s.Addr
			// The size of .go.buildinfo is that of its text; what it moves is seen.
			if s.Size != t.Size && t.Name != ".go.buildinfo" || s.Addr != t.Addr && !table(t) {
				return nil, fmt.Errorf("%w: its section %s has %d bytes at %#x, that of the executable %d bytes at %#x", ErrOtherLayout, t.Name, t.Size, t.Addr, s.Size, s.Addr)
			}
			if s.Type != t.Type {
				return nil, fmt.Errorf("%w: its section %s is of type %v, that of the executable of type %v", ErrOtherLayout, t.Name, t.Type, s.Type)
			}
			if s.Addr != t.Addr {
				c.moved = append(c.moved, move{t.Addr, s.Addr, t.Size})
			}
		}
		out = append(out, p)
	}
	for _, s := range mine {
		if named[s.Name] != nil {
			return nil, fmt.Errorf("%w: it has no section %s, the executable has one", ErrOtherLayout, s.Name)
		}
	}
	return out, nil
}

// texts returns where the twin has text about the build and values of -X. The text must
// start at one address in both, and only zeros may stand where one is longer.
func (c *comparison) texts(pairs []pair) (free []span) {
	constant := func(addr uint64) bool {
		return slices.ContainsFunc(pairs, func(p pair) bool {
			return strings.HasSuffix(p.name, ".rodata") && addr-p.twin.Addr < p.twin.Size
		})
	}
	for _, s := range c.twin.Symbols() {
		if !s.Func && strings.HasSuffix(s.Name, ".str") && constant(s.Addr) {
			free = append(free, span{s.Addr, s.Addr + s.Size})
		}
	}
	// The build id stands in the code where there are no notes.
	if t := c.twin.elf.Section(".text"); c.f.OS != "linux" && t != nil && len(c.f.GoBuildID) == len(c.twin.GoBuildID) {
		free = append(free, span{t.Addr, t.Addr + uint64(len(aself.BuildIDBefore)+len(c.f.GoBuildID)+len(aself.BuildIDAfter))})
	}
	// Windows has the text about the build in .data.
	a, b := c.f.elf.Section(".go.buildinfo"), c.twin.elf.Section(".go.buildinfo")
	if a != nil && b != nil && b.Flags&elf.SHF_ALLOC == 0 && a.Addr == b.Addr && a.Size == b.Size {
		free = append(free, span{b.Addr, b.Addr + b.Size})
	}
	mine, others := c.f.modinfo(), c.twin.modinfo()
	if len(mine) == 0 || len(others) == 0 {
		return free
	}
	if v, ok := c.twin.Global("runtime.modinfo"); ok && len(mine) != len(others) {
		w := uint64(c.f.Arch.PtrSize)
		free = append(free, span{v.Addr + w, v.Addr + 2*w}) // its length
	}
	for _, p := range pairs {
		if !strings.HasSuffix(p.name, ".rodata") || p.twin.Type == elf.SHT_NOBITS || p.section == nil {
			continue
		}
		theirs, err := sectionData(p.twin)
		if err != nil {
			continue
		}
		b, err := sectionData(p.section)
		at := bytes.Index(theirs, others)
		if err != nil || at < 0 || !bytes.HasPrefix(b[min(at, len(b)):], mine) {
			continue
		}
		longest := max(len(mine), len(others))
		rest := slices.Concat(tail(b, at+len(mine), at+longest), tail(theirs, at+len(others), at+longest))
		if len(bytes.Trim(rest, "\x00")) == 0 {
			free = append(free, span{p.twin.Addr + uint64(at), p.twin.Addr + uint64(at+longest)})
		}
	}
	return free
}

// tail returns b[start:end] as far as b goes.
func tail(b []byte, start, end int) []byte {
	return b[min(start, len(b)):min(end, len(b))]
}

// contents compares the bytes of a section.
func (c *comparison) contents(p pair) error {
	if p.twin.Type == elf.SHT_NOBITS || p.name == ".go.buildinfo" {
		return nil
	}
	mine, theirs := make([]byte, min(compareChunk, p.twin.Size)), make([]byte, min(compareChunk, p.twin.Size))
	for off := uint64(0); off < p.twin.Size; off += compareChunk {
		n := min(compareChunk, p.twin.Size-off)
		a, b := mine[:n], theirs[:n]
		if got, err := p.twin.ReadAt(b, int64(off)); uint64(got) < n && !errors.Is(err, io.EOF) || uint64(got) < n {
			return fmt.Errorf("%w: its section %s is cut short", ErrOtherLayout, p.name)
		}
		if !p.read(c.f, a, off) {
			return fmt.Errorf("%w: the executable does not have %d bytes at %#x, where it has its section %s", ErrOtherLayout, n, p.addr+off, p.name)
		}
		if bytes.Equal(a, b) {
			continue
		}
		if at, same := c.chunk(a, b, p.twin.Addr+off); !same {
			return fmt.Errorf("%w: its section %s has other contents from %#x on", ErrOtherLayout, p.name, at)
		}
	}
	return nil
}

// chunk compares the same bytes of file and twin word by word, and returns the address of
// the first that may not differ and does. addr is that of b, and starts a word.
func (c *comparison) chunk(a, b []byte, addr uint64) (at uint64, same bool) {
	w := c.f.Arch.PtrSize
	for i := 0; i < len(a); i += w {
		end := min(i+w, len(a))
		if bytes.Equal(a[i:end], b[i:end]) || end-i == w && c.led(c.f.Arch.Word(a[i:]), c.f.Arch.Word(b[i:])) {
			continue
		}
		for j := i; j < end; j++ {
			here := addr + uint64(j)
			if a[j] != b[j] && !slices.ContainsFunc(c.free, func(s span) bool { return here >= s.start && here < s.end }) {
				return here, false
			}
		}
	}
	return 0, true
}

// led reports whether two words lead to the same byte of a section that has moved, or to
// its end.
func (c *comparison) led(mine, theirs uint64) bool {
	return slices.ContainsFunc(c.moved, func(m move) bool {
		return theirs >= m.from && theirs-m.from <= m.size && mine-m.to == theirs-m.from
	})
}

// placedHere returns the address in f of a symbol of its twin.
func (f *File) placedHere(addr uint64) uint64 {
	for _, m := range f.moved {
		if addr >= m.from && addr-m.from < cmp.Or(m.size, 1) {
			return addr - m.from + m.to
		}
	}
	return addr
}
