// Package symbols reads what an executable says about the program in it: its
// build id and Go version, the symbol table, and, from DWARF, the layout of
// the runtime's structures, constants, package variables and the variables of
// functions. All addresses are as linked; a position-independent executable
// runs at another place.
package symbols

import (
	"bytes"
	"cmp"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync"

	"goheap/dump"
	"goheap/gocore/internal/aself"
	"goheap/gocore/internal/symbols/info"
	"goheap/gocore/internal/types"
	"goheap/internal/arch"
)

// ErrNoDWARF says that an executable has no DWARF: it was linked with -w or
// -s, or stripped.
var ErrNoDWARF = errors.New("the executable has no DWARF (linked with -ldflags=-w or -s, or stripped)")

// File is an open executable or a file with its debugging sections. Its
// methods may be called from several goroutines.
type File struct {
	Arch arch.Arch
	// BuildID is the GNU build id in hexadecimal, GoBuildID the one of Go's
	// linker; "" if there is none.
	BuildID, GoBuildID string
	// GoVersion is the version string of runtime.Version, "" if unknown: then Era says
	// between which versions it is, or that Go's linker wrote the file, "" for neither.
	GoVersion, Era string
	// Module is the path of the main module, and MainPath that of the package main in it,
	// "" if unknown.
	Module, MainPath string
	// OS is the GOOS that the file is for.
	OS string
	// PIE says that the file is position-independent.
	PIE   bool
	Entry uint64

	elf    *elf.File
	debug  *File  // has the debugging information, nil if f itself does
	moved  []move // sections that stand elsewhere in debug, see AddTwin
	closer io.Closer

	dwarfErr error
	dwarf    *info.Data
	index    *info.Index
	types    *types.Table

	symbolsOnce once
	symbols     []Symbol
	byName      map[string]int
	adopted     bool // the symbols are those of Adopt

	listsOnce once
	lists     lists
}

// once is a sync.Once that panics each time where f did: what f has left undone is
// no answer.
type once struct {
	sync.Once
	said any
}

func (o *once) Do(f func()) {
	o.Once.Do(func() {
		defer func() {
			if o.said = recover(); o.said != nil {
				panic(o.said)
			}
		}()
		f()
	})
	if o.said != nil {
		panic(o.said)
	}
}

// None stands for an executable that is not there: it has no symbols, and no types
// but those that its table is told of.
func None(a arch.Arch) *File {
	return &File{Arch: a, dwarfErr: ErrNoDWARF, types: types.New(a, nil, nil)}
}

// Open opens the file at path. The caller closes it.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s, err := New(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s.closer = f
	return s, nil
}

// New reads an executable from r, which must stay readable until Close.
//
// An executable without DWARF, or with damaged DWARF, is no error: DWARF tells.
func New(r io.ReaderAt) (*File, error) {
	f := &File{}
	err := guarded("reading the executable", func() error { return f.open(r) })
	if err != nil {
		return nil, err
	}
	return f, nil
}

// guarded calls f and turns its panic into an error: debug/elf and the
// decompressors under it are not written for hostile files. A page of the file that
// has vanished is no damage, and left to the caller's dump.Guard.
func guarded(what string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			if dump.Fault(p) != nil {
				panic(p)
			}
			err = fmt.Errorf("%s: the file is damaged (%v)", what, p)
		}
	}()
	return f()
}

func (f *File) open(r io.ReaderAt) error {
	e, err := elf.NewFile(r)
	if err != nil {
		return fmt.Errorf("not a readable ELF file: %w", err)
	}
	a, ok := arch.ByMachine(e.Machine, e.Class, e.Data)
	if !ok {
		return fmt.Errorf("executable for %v (%v, %v): this processor is not supported", e.Machine, e.Class, e.Data)
	}
	f.elf, f.Arch = e, a
	f.OS = cmp.Or(aself.GOOS(e), "linux")
	f.PIE, f.Entry = e.Type == elf.ET_DYN, e.Entry
	f.readNotes()
	f.readVersion()
	f.dwarfErr = guarded("reading DWARF", f.openDWARF)
	f.types = types.New(a, f.dwarf, f.index)
	return nil
}

// openDWARF reads the sections that hold types, variables and functions.
// Locations, ranges and lines are read when somebody asks for locals.
func (f *File) openDWARF() error {
	var s info.Sections
	for _, sec := range []struct {
		name string
		to   *[]byte
	}{
		{"info", &s.Info},
		{"abbrev", &s.Abbrev},
		{"str", &s.Str},
		{"line_str", &s.LineStr},
		{"str_offsets", &s.StrOffsets},
		{"addr", &s.Addr},
	} {
		b, err := f.debugSection(sec.name)
		if err != nil {
			return err
		}
		*sec.to = b
	}
	if len(s.Info) == 0 {
		return ErrNoDWARF
	}
	d, err := info.New(s, f.Arch.BigEndian)
	f.dwarf = d
	x, err2 := d.BuildIndex()
	f.index = x
	if err != nil && err2 != nil {
		return fmt.Errorf("%w; %w", err, err2) // in one line
	}
	return cmp.Or(err, err2)
}

// maxRatio bounds how far a compressed section may expand; those of Go programs
// expand three to six times.
const maxRatio = 64

// debugSection returns the contents of .debug_NAME or .zdebug_NAME, nil if
// there is no such section. The bytes are on the Go heap, so that what points
// into them outlives Close.
func (f *File) debugSection(name string) ([]byte, error) {
	if f.debug != nil {
		return f.debug.debugSection(name)
	}
	s := f.elf.Section(".debug_" + name)
	if s == nil {
		s = f.elf.Section(".zdebug_" + name)
	}
	if s == nil || s.Type == elf.SHT_NOBITS {
		return nil, nil
	}
	b, err := sectionData(s)
	if err != nil {
		return nil, fmt.Errorf("section %s at file offset %#x: %w", s.Name, s.Offset, err)
	}
	return b, nil
}

// sectionData reads a whole section, decompressed.
func sectionData(s *elf.Section) ([]byte, error) {
	r := s.Open() // sets Size for .zdebug sections
	if s.Size/maxRatio > s.FileSize {
		return nil, fmt.Errorf("%d bytes in the file claim to be %d", s.FileSize, s.Size)
	}
	return readExactly(r, s.Size)
}

// readExactly reads size bytes. The number comes from a file: it sizes nothing
// beyond the first megabytes until that much has been read.
func readExactly(r io.Reader, size uint64) ([]byte, error) {
	if size > math.MaxInt64 {
		return nil, fmt.Errorf("%d bytes", size)
	}
	buf := bytes.NewBuffer(make([]byte, 0, min(size, 16<<20)))
	if n, err := io.CopyN(buf, r, int64(size)); err != nil {
		return nil, fmt.Errorf("%d of %d bytes: %w", n, size, err)
	}
	return buf.Bytes(), nil
}

// DWARF returns nil if the debugging information is there and sound,
// ErrNoDWARF if there is none, and otherwise what is wrong with it; what was
// read before the damage can be used.
func (f *File) DWARF() error { return f.dwarfErr }

// HasDWARF says whether there is any debugging information to use.
func (f *File) HasDWARF() bool { return f.dwarf != nil }

// Types returns the types of the program.
func (f *File) Types() *types.Table { return f.types }

// ELF returns the file as debug/elf sees it, for its segments and sections.
// It can be read until Close.
func (f *File) ELF() *elf.File { return f.elf }

// Close closes what Open opened.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}
