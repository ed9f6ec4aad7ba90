// Package pclntab reads the function table that the Go linker writes for the
// runtime: which function a program counter belongs to, its name, files and
// lines, the calls inlined into it, the size of its frame and the tables by
// which the garbage collector scans that frame.
//
// One Table is one module (runtime.moduledata). The package reads the format
// of Go 1.18 and later (internal/abi/symtab.go, runtime/symtab.go,
// cmd/link/internal/ld/pcln.go); what differs between releases follows from
// the magic number in the header. The bytes are not trusted: every offset is
// checked before it is followed, and the work of every call is bounded.
package pclntab

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"sort"

	"goheap/internal/arch"
)

// Magic numbers of runtime.pcHeader (internal/abi.PCLnTabMagic).
const (
	Magic118 = 0xfffffff0 // Go 1.18 and 1.19
	Magic120 = 0xfffffff1 // Go 1.20 and later
)

// ErrFormat is wrapped by every error about the contents of a table.
var ErrFormat = errors.New("bad Go function table")

// A TextSection is one element of moduledata.textsectmap: the functions whose
// text offsets lie in [VAddr, End) are loaded at Base. More than one exists
// only where the linker had to split the text (large programs on ppc64 and
// arm with external linking).
type TextSection struct {
	VAddr, End, Base uint64
}

// Config says where the parts of one module's table are.
type Config struct {
	Arch arch.Arch

	// Pclntab holds the bytes from moduledata.pcHeader to the end of the
	// section, or at least to the end of moduledata.pclntable. The table
	// borrows the slice.
	Pclntab []byte

	// Text and EText are moduledata.text and etext: the base of all entry
	// offsets and the end of the Go code. The header's own textStart is not
	// used; Go 1.26 stopped filling it in.
	Text, EText uint64

	// TextSections is moduledata.textsectmap; nil or a single section mean
	// that offsets are simply relative to Text.
	TextSections []TextSection

	// FuncData holds the bytes at moduledata.gofunc, up to epclntab (Go 1.26)
	// or the end of the read-only data before that. It may be nil: then no
	// function has any funcdata. The table borrows the slice.
	FuncData []byte
	// FuncDataAddr is moduledata.gofunc, the address of FuncData[0].
	FuncDataAddr uint64
}

// layout is what changed in _func and inlinedCall between releases.
type layout struct {
	startLine bool // _func has startLine

	inlSize     int // bytes in an inlinedCall
	inlNameOff  int
	inlParentPC int
	inlLine     int // startLine, or -1
}

func layoutFor(magic uint32) (layout, bool) {
	switch magic {
	case Magic118:
		return layout{inlSize: 20, inlNameOff: 12, inlParentPC: 16, inlLine: -1}, true
	case Magic120:
		return layout{startLine: true, inlSize: 16, inlNameOff: 4, inlParentPC: 8, inlLine: 12}, true
	}
	return layout{}, false
}

// A Table is the function table of one module. It is immutable and may be used
// concurrently as long as the borrowed bytes stay mapped.
type Table struct {
	arch   arch.Arch
	layout layout
	magic  uint32

	text, etext uint64
	sections    []TextSection
	nfunc       int

	names []byte // funcnametab: strings, each ending in NUL
	cu    []byte // cutab: uint32 offsets in files
	files []byte // filetab: strings, each ending in NUL
	pctab []byte // value tables
	funcs []byte // pclntable: ftab, then the _func records
	ftab  []byte // nfunc+1 pairs of uint32 {entry offset, offset in funcs}

	funcData     []byte
	funcDataAddr uint64
}

// bytes in an element of ftab.
const ftabEntry = 8

// New reads the header and checks the order of the functions. It reads no
// function's own record. Errors wrap ErrFormat and give byte offsets into
// Config.Pclntab.
func New(c Config) (*Table, error) {
	ptr := c.Arch.PtrSize
	if ptr != 4 && ptr != 8 {
		return nil, fmt.Errorf("%w: word size %d", ErrFormat, ptr)
	}
	b := c.Pclntab
	headerSize := 8 + 8*ptr
	if len(b) < headerSize {
		return nil, fmt.Errorf("%w: %d bytes are too few for the header of %d", ErrFormat, len(b), headerSize)
	}
	magic := c.Arch.Order().Uint32(b)
	l, ok := layoutFor(magic)
	if !ok {
		return nil, fmt.Errorf("%w: magic number %#x at offset 0 is none of Go 1.18 or later", ErrFormat, magic)
	}
	if b[4] != 0 || b[5] != 0 {
		return nil, fmt.Errorf("%w: padding %#x %#x at offset 4 is not zero", ErrFormat, b[4], b[5])
	}
	if b[6] == 0 || int(b[6]) != c.Arch.PCQuantum || int(b[7]) != ptr {
		return nil, fmt.Errorf("%w: instruction size %d and word size %d at offset 6, but %s has %d and %d",
			ErrFormat, b[6], b[7], c.Arch.Name, c.Arch.PCQuantum, ptr)
	}
	word := func(i int) uint64 { return c.Arch.Word(b[8+i*ptr:]) }

	// Words of the header after the first eight bytes: nfunc, nfiles,
	// textStart, then the offsets of the five tables.
	const nfuncWord, tablesWord = 0, 3
	var tables [5][]byte
	var names = [5]string{"funcnametab", "cutab", "filetab", "pctab", "pclntable"}
	for i := range tables {
		off := word(tablesWord + i)
		if off > uint64(len(b)) {
			return nil, fmt.Errorf("%w: %s is said to start at offset %#x, after the end %#x", ErrFormat, names[i], off, len(b))
		}
		// Each table ends where the next begins (runtime.moduledata has the
		// same lengths), unless the order is unusual.
		end := uint64(len(b))
		if i+1 < len(tables) {
			if next := word(tablesWord + i + 1); next >= off && next <= end {
				end = next
			}
		}
		tables[i] = b[off:end:end]
	}

	nfunc := word(nfuncWord)
	funcs := tables[4]
	if max := uint64(len(funcs) / ftabEntry); nfunc == 0 || nfunc >= max {
		return nil, fmt.Errorf("%w: %d functions at offset 8, but there is room for %d", ErrFormat, nfunc, max)
	}
	t := &Table{
		arch: c.Arch, layout: l, magic: magic,
		text: c.Text, etext: c.EText,
		nfunc: int(nfunc),
		names: tables[0], cu: tables[1], files: tables[2], pctab: tables[3], funcs: funcs,
		ftab:         funcs[:(int(nfunc)+1)*ftabEntry],
		funcData:     c.FuncData,
		funcDataAddr: c.FuncDataAddr,
	}
	if len(c.TextSections) > 1 {
		t.sections = c.TextSections
		for i, s := range t.sections {
			if s.End < s.VAddr || i > 0 && (s.VAddr < t.sections[i-1].End || s.Base < t.sections[i-1].Base) {
				return nil, fmt.Errorf("%w: text section %d [%#x,%#x) at %#x is out of order", ErrFormat, i, s.VAddr, s.End, s.Base)
			}
		}
	}
	prev := uint32(0)
	for i := 0; i <= t.nfunc; i++ {
		e := t.entryOff(i)
		if e < prev {
			return nil, fmt.Errorf("%w: entry %d of %d at text offset %#x comes after %#x", ErrFormat, i, t.nfunc, e, prev)
		}
		prev = e
	}
	if end := t.addr(prev); c.EText != 0 && end > c.EText {
		return nil, fmt.Errorf("%w: the functions end at %#x, after the text's end %#x", ErrFormat, end, c.EText)
	}
	return t, nil
}

// Magic returns the magic number of the header.
func (t *Table) Magic() uint32 { return t.magic }

// Len returns the number of functions.
func (t *Table) Len() int { return t.nfunc }

// Text returns the first address of the first function and the end of the
// last.
func (t *Table) Text() (lo, hi uint64) {
	return t.addr(t.entryOff(0)), t.addr(t.entryOff(t.nfunc))
}

// FuncDataAddr returns the address of the first byte of funcdata
// (moduledata.gofunc).
func (t *Table) FuncDataAddr() uint64 { return t.funcDataAddr }

// FuncDataAt returns the funcdata from offset off to its end, nil when off is
// outside. The bytes are borrowed.
func (t *Table) FuncDataAt(off uint32) []byte {
	if uint64(off) >= uint64(len(t.funcData)) {
		return nil
	}
	return t.funcData[off:]
}

func (t *Table) u32(b []byte) uint32 {
	if t.arch.BigEndian {
		return uint32(b[3]) | uint32(b[2])<<8 | uint32(b[1])<<16 | uint32(b[0])<<24
	}
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// entryOff is the text offset of function i; i may be nfunc, the end of the
// last one.
func (t *Table) entryOff(i int) uint32 { return t.u32(t.ftab[i*ftabEntry:]) }

// addr turns a text offset into an address, as moduledata.textAddr does.
func (t *Table) addr(off uint32) uint64 {
	o := uint64(off)
	for i, s := range t.sections {
		last := i == len(t.sections)-1
		if o >= s.VAddr && o < s.End || last && o == s.End {
			return s.Base + o - s.VAddr
		}
	}
	return t.text + o
}

// offset turns an address into a text offset, as moduledata.textOff does.
func (t *Table) offset(pc uint64) (uint32, bool) {
	if t.sections == nil {
		if pc < t.text || pc-t.text > 1<<32-1 {
			return 0, false
		}
		return uint32(pc - t.text), true
	}
	for i, s := range t.sections {
		size := s.End - s.VAddr
		if i == len(t.sections)-1 {
			size++
		}
		if pc >= s.Base && pc-s.Base < size {
			o := pc - s.Base + s.VAddr
			return uint32(o), o <= 1<<32-1
		}
	}
	return 0, false
}

// Find returns the function that holds pc. Padding after a function counts as
// part of it. It is false for addresses outside the module's Go code and where
// the function's record is damaged.
func (t *Table) Find(pc uint64) (Func, bool) {
	off, ok := t.offset(pc)
	if !ok || off < t.entryOff(0) || off >= t.entryOff(t.nfunc) {
		return Func{}, false
	}
	// The first function that starts after off, less one. Several entries
	// with one offset (empty functions) leave the last, which has the code.
	i := sort.Search(t.nfunc, func(i int) bool { return t.entryOff(i) > off }) - 1
	return t.At(i)
}

// At returns the i-th function in address order, 0 <= i < Len; false when its
// record is damaged.
func (t *Table) At(i int) (Func, bool) {
	if i < 0 || i >= t.nfunc {
		return Func{}, false
	}
	rec, ok := t.record(t.u32(t.ftab[i*ftabEntry+4:]))
	if !ok {
		return Func{}, false
	}
	return Func{t: t, rec: rec, Entry: t.addr(t.entryOff(i)), End: t.addr(t.entryOff(i + 1))}, true
}

// record cuts out the _func at off together with its two arrays.
func (t *Table) record(off uint32) ([]byte, bool) {
	if uint64(off) > uint64(len(t.funcs)) {
		return nil, false
	}
	b := t.funcs[off:]
	fixed := t.fixedSize()
	if len(b) < fixed {
		return nil, false
	}
	size := uint64(fixed) + 4*(uint64(t.u32(b[funcNPCData:]))+uint64(b[fixed-1]))
	if size > uint64(len(b)) {
		return nil, false
	}
	return b[:size:size], true
}

// All yields the functions in address order; damaged records are left out.
func (t *Table) All() iter.Seq[Func] {
	return func(yield func(Func) bool) {
		for i := 0; i < t.nfunc; i++ {
			if f, ok := t.At(i); ok && !yield(f) {
				return
			}
		}
	}
}

// ByName yields the functions of the given name in address order. There can
// be several: a function and the wrapper that adapts its calling convention
// share a name.
func (t *Table) ByName(name string) iter.Seq[Func] {
	return func(yield func(Func) bool) {
		for f := range t.All() {
			if f.NameIs(name) && !yield(f) {
				return
			}
		}
	}
}

// maxString bounds the names and paths that are believed.
const maxString = 1 << 16

// str returns the string at off in tab, which ends before a NUL byte; nil when
// there is none.
func str(tab []byte, off uint32) []byte {
	if uint64(off) >= uint64(len(tab)) {
		return nil
	}
	b := tab[off:]
	if len(b) > maxString {
		b = b[:maxString]
	}
	n := bytes.IndexByte(b, 0)
	if n < 0 {
		return nil
	}
	return b[:n]
}
