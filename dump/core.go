// Package dump reads the files that a program's memory is saved in: it knows
// ELF cores as bytes at addresses, threads and notes, heap dumps of
// runtime/debug.WriteHeapDump as records, and nothing of Go's runtime.
package dump

import (
	"cmp"
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"goheap/internal/arch"
	"goheap/internal/files"
)

// What Open can find wrong with a file. The errors it returns wrap one of them
// in a sentence that says what the file is and what to do.
var (
	ErrNotCore     = errors.New("not an ELF core file")
	ErrUnsupported = errors.New("unsupported file")
	ErrTruncated   = errors.New("truncated core file")
)

// Problem is something that was skipped, missing or uncertain in a file that
// could be read all the same.
type Problem struct {
	Severity Severity
	Message  string
	Count    int
}

// Severity tells what a Problem means for the result.
type Severity string

const (
	Info    Severity = "info"    // worth knowing; the result is complete
	Warning Severity = "warning" // something less important is missing
	Error   Severity = "error"   // the result is incomplete
)

// Core is an ELF core file.
type Core struct {
	Path     string
	Size     int64 // of the file, compressed if it is
	Memory   *Memory
	Threads  []Thread  // in file order: the thread that died first, from a kernel core
	Mappings []Mapping // of files, from NT_FILE, in address order
	Auxv     map[uint64]uint64
	// Segments are all parts of memory that the file speaks of, in the order of its
	// headers, whether or not it has their bytes.
	Segments []Segment
	Problems []Problem

	empty []Range // of memory of which the file has nothing, see union
	files []Range // where Mappings are, see union

	free func() error // unmaps the file
}

// Segment is a part of memory as a program header describes it. InFile bytes from Start
// on should be in the file.
type Segment struct {
	Start, End, InFile uint64
	Flags              elf.ProgFlag // 0 where nothing may be read or written
}

// Mapping says that a part of a file was mapped at [Start, End).
type Mapping struct {
	Start, End uint64
	Offset     uint64 // in the file, bytes
	Path       string
}

// Thread is what NT_PRSTATUS says of a thread.
type Thread struct {
	ID     int // as the process itself saw it
	Signal int
	PC, SP uint64
	// LR is the link register, BP the register that Go's code on this processor
	// keeps a frame's address in; 0 where it has none.
	LR, BP uint64
	// Regs holds the general registers by their DWARF numbers.
	Regs []uint64
}

// Auxiliary vector types (Linux, include/uapi/linux/auxvec.h).
const (
	AuxPhdr   = 3
	AuxBase   = 7 // of the interpreter, 0 for a program without
	AuxEntry  = 9
	AuxRandom = 25
	AuxExecFn = 31
	AuxVDSO   = 33
)

// Open maps the core file at path. Close unmaps it. A core that has been cut
// short opens: Problems says what is missing.
func Open(path string) (*Core, error) { return OpenContext(context.Background(), path) }

// OpenContext is Open for callers who want to see (WithProgress) and stop the work
// there is with a compressed file, which is unpacked into a temporary file.
func OpenContext(ctx context.Context, path string) (*Core, error) {
	c, h, err := OpenFile(ctx, path)
	if h != nil {
		h.Close()
		return nil, fmt.Errorf("%s: %w: it is a heap dump of debug.WriteHeapDump", path, ErrNotCore)
	}
	return c, err
}

// mapped is a file in memory, unpacked if it was compressed.
type mapped struct {
	path    string
	data    []byte
	onDisk  int64
	problem *Problem // of unpacking it
	free    func() error
}

func openMapped(ctx context.Context, path string) (*mapped, error) {
	f, size, err := files.Open(path)
	if errors.Is(err, files.ErrNotRegular) {
		err = fmt.Errorf("%w; give the path of a core file, as `gcore PID` writes it, or of a heap dump; what comes out of a pipe has to be written to a file first", err)
	}
	if err != nil {
		return nil, err
	}
	m := &mapped{path: path, onDisk: size}
	if k := findPacking(f); k != nil {
		in := f
		err = Guard(func() (err error) {
			f, size, m.problem, err = k.unpack(ctx, in, size)
			return err
		})
		in.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	m.data, m.free, err = mapFile(f, size)
	return m, err
}

func (m *mapped) problems() []Problem {
	if m.problem == nil {
		return nil
	}
	return []Problem{*m.problem}
}

// fail unmaps the file, in which err was found.
func (m *mapped) fail(err error) error {
	m.free()
	if m.problem != nil {
		err = fmt.Errorf("%w (%s)", err, m.problem.Message)
	}
	return fmt.Errorf("%s: %w", m.path, err)
}

// Untouched reports whether the core speaks of memory at addr, has none of its
// bytes, and names no file that is mapped there. The kernel leaves out private
// memory that was never touched and is zeros (fs/coredump.c, vma_dump_size); but
// also what coredump_filter and madvise(MADV_DONTDUMP) exclude.
func (c *Core) Untouched(addr uint64) bool {
	return inUnion(c.empty, addr) && !inUnion(c.files, addr)
}

// union sorts ranges and joins those that overlap or adjoin, and drops what is none.
func union(r []Range) []Range {
	slices.SortFunc(r, func(a, b Range) int { return cmp.Compare(a.Start, b.Start) })
	out := r[:0]
	for _, r := range r {
		if n := len(out); n > 0 && r.Start <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, r.End)
		} else if r.Start < r.End {
			out = append(out, r)
		}
	}
	return out
}

// inUnion reports whether addr is in one of the ranges that union has made.
func inUnion(r []Range, addr uint64) bool {
	i, ok := slices.BinarySearchFunc(r, addr, func(r Range, a uint64) int { return cmp.Compare(r.Start, a) })
	if !ok {
		i--
	}
	return i >= 0 && addr < r[i].End
}

// Close unmaps the file. No slice of its Memory may be used afterwards.
func (c *Core) Close() error {
	if c.free == nil {
		return nil
	}
	err := c.free()
	c.free, c.Memory = nil, newMemory(c.Memory.machine, c.Memory.Order(), c.Memory.ptrSize)
	return err
}

// New reads a core file that stands in memory, and keeps data.
func New(data []byte) (*Core, error) { return newCore(context.Background(), data) }

func newCore(ctx context.Context, data []byte) (*Core, error) {
	h, err := readHeader(data)
	if err != nil {
		return nil, err
	}
	c := &Core{Size: int64(len(data)), Memory: newMemory(h.arch.Machine, h.order, h.arch.PtrSize), Auxv: map[uint64]uint64{}}
	progs, err := h.programs(data)
	if err != nil {
		return nil, err
	}
	var missing, end uint64
	var loads []Part
	notes := onceInFile(progs, uint64(len(data)))
	otherNotes := 0
	damaged := Problem{Severity: Error}
	for i, p := range progs {
		if p.typ == elf.PT_LOAD && p.addr+p.size > p.addr {
			c.Segments = append(c.Segments, Segment{p.addr, p.addr + p.size, min(p.fileSize, p.size), p.flags})
		}
		if p.fileSize == 0 {
			if p.typ == elf.PT_LOAD && p.size > 0 && p.addr+p.size > p.addr {
				c.empty = append(c.empty, Range{p.addr, p.addr + p.size})
			}
			continue
		}
		if e := p.offset + p.fileSize; e >= p.offset {
			end = max(end, e)
		} else {
			end = math.MaxUint64 // of damaged headers
		}
		body := clip(data, p.offset, p.fileSize)
		if more := p.fileSize - uint64(len(body)); missing+more >= missing {
			missing += more
		} else {
			missing = math.MaxUint64 // of damaged headers
		}
		switch p.typ {
		case elf.PT_LOAD:
			loads = append(loads, Part{p.addr, p.offset, uint64(len(body))})
		case elf.PT_NOTE:
			if !notes[i] {
				otherNotes++
				continue
			}
			if err := c.readNotes(ctx, h, p.offset, body); ctx.Err() != nil {
				return nil, ctx.Err()
			} else if err != nil {
				damaged.Message = cmp.Or(damaged.Message, err.Error())
				damaged.Count++
			}
		}
	}
	slices.SortStableFunc(c.Mappings, func(a, b Mapping) int { return cmp.Compare(a.Start, b.Start) })
	for _, m := range c.Mappings {
		c.files = append(c.files, Range{m.Start, m.End})
	}
	c.empty, c.files = union(c.empty), union(c.files)
	if damaged.Count > 0 {
		c.Problems = append(c.Problems, damaged)
	}
	if otherNotes > 0 {
		c.Problems = append(c.Problems, Problem{Error, "program headers of notes name bytes of the file that another one names: the core is damaged, and these notes are left out; take the core again", otherNotes})
	}
	parts, again := Disjoint(loads, uint64(len(data)))
	if len(again) > 0 {
		c.Problems = append(c.Problems, Problem{Error, fmt.Sprintf("program headers give bytes of the file a second address (the first of them, file offset %#x, at %#x): the core is damaged, and the memory there is left out; take the core again", again[0].Off, again[0].Addr), len(again)})
	}
	c.Memory.segments = segments(data, parts)
	if len(c.Memory.segments) == 0 {
		return nil, fmt.Errorf("%w: none of its %d program headers has memory in the file (%d bytes): it was cut off; take the core again and check disk space and ulimit -c", ErrTruncated, len(progs), len(data))
	}
	if missing > 0 {
		c.Problems = append(c.Problems, Problem{Error, fmt.Sprintf("the core file is cut short: its headers speak of %d bytes, %d are there, %d bytes of memory are missing; take it again and check disk space and ulimit -c", end, len(data), missing), 1})
	}
	if len(c.Threads) == 0 {
		c.Problems = append(c.Problems, Problem{Error, "the core file has no NT_PRSTATUS note: registers of running threads are unknown", 1})
	}
	return c, nil
}

// onceInFile tells which of the notes among progs, by index, name bytes of a file
// of size bytes that none before them in the file has: else a core of a few bytes
// could have any number of threads.
func onceInFile(progs []program, size uint64) map[int]bool {
	var notes []int
	for i, p := range progs {
		if p.typ == elf.PT_NOTE && p.offset < size {
			notes = append(notes, i)
		}
	}
	slices.SortStableFunc(notes, func(a, b int) int { return cmp.Compare(progs[a].offset, progs[b].offset) })
	once := map[int]bool{}
	end := uint64(0)
	for _, i := range notes {
		if p := &progs[i]; p.offset >= end {
			once[i] = true
			end = p.offset + min(p.fileSize, size-p.offset)
		}
	}
	return once
}

// clip returns the part of data[off:off+n] that exists.
func clip(data []byte, off, n uint64) []byte {
	if off >= uint64(len(data)) {
		return nil
	}
	end := off + min(n, uint64(len(data))-off)
	return data[off:end:end]
}

// header is what the ELF header says of the rest.
type header struct {
	arch    arch.Arch
	class   elf.Class
	order   binary.ByteOrder
	phoff   uint64
	phsize  uint64
	phcount uint64
}

type program struct {
	typ                          elf.ProgType
	flags                        elf.ProgFlag
	offset, addr, fileSize, size uint64
}

func readHeader(data []byte) (*header, error) {
	if len(data) < elf.EI_NIDENT || string(data[:4]) != elf.ELFMAG {
		return nil, fmt.Errorf("%w: it %s", ErrNotCore, recognise(data))
	}
	h := &header{class: elf.Class(data[elf.EI_CLASS])}
	switch elf.Data(data[elf.EI_DATA]) {
	case elf.ELFDATA2LSB:
		h.order = binary.LittleEndian
	case elf.ELFDATA2MSB:
		h.order = binary.BigEndian
	default:
		return nil, fmt.Errorf("%w: byte 5 of its ELF header, the byte order, is %#x; the file is damaged", ErrNotCore, data[elf.EI_DATA])
	}
	if len(data) < 64 {
		return nil, fmt.Errorf("%w: it ends at byte %d, inside the ELF header; take the core again", ErrTruncated, len(data))
	}
	typ := elf.Type(h.order.Uint16(data[16:]))
	machine := elf.Machine(h.order.Uint16(data[18:]))
	if typ != elf.ET_CORE {
		what := "an ELF file of type " + typ.String()
		if typ == elf.ET_EXEC || typ == elf.ET_DYN {
			what = "an executable or a library"
		}
		return nil, fmt.Errorf("%w: it is %s; take a core of the running program with `gcore PID` and open that", ErrNotCore, what)
	}
	var ok bool
	order5 := elf.Data(data[elf.EI_DATA])
	if h.arch, ok = arch.ByMachine(machine, h.class, order5); !ok {
		bits := "64-bit"
		if h.class == elf.ELFCLASS32 {
			bits = "32-bit"
		}
		other := elf.ELFDATA2LSB + elf.ELFDATA2MSB - order5
		if _, swapped := arch.ByMachine(machine, h.class, other); swapped && machine != elf.EM_PPC64 {
			return nil, fmt.Errorf("%w: byte 5 of its ELF header gives a byte order that %s does not have; the file is damaged", ErrNotCore, machine)
		}
		order := "little-endian"
		if order5 == elf.ELFDATA2MSB {
			order = "big-endian"
		}
		return nil, fmt.Errorf("%w: it is a %s %s core of a program for %s; goheap reads cores of linux/amd64, 386, arm64, arm, loong64, ppc64le and s390x", ErrUnsupported, bits, order, machine)
	}
	e := h.fields()
	h.phoff = h.word(data[e.phoff:])
	h.phsize = uint64(h.order.Uint16(data[e.phentsize:]))
	h.phcount = uint64(h.order.Uint16(data[e.phnum:]))
	const xnum = 0xffff // PN_XNUM: the count stands in the first section header (elf(5))
	if h.phcount == xnum {
		shoff := h.word(data[e.shoff:])
		first := clip(data, shoff, e.shsize)
		if uint64(len(first)) < e.shsize {
			return nil, fmt.Errorf("%w: the number of its program headers should stand at byte %#x, but the file ends at %#x", ErrTruncated, shoff, len(data))
		}
		h.phcount = uint64(h.order.Uint32(first[e.shinfo:]))
	}
	return h, nil
}

// fields are where the fields of ELF headers stand, which differ between the two
// classes (elf(5)).
type fields struct {
	phoff, shoff, phentsize, phnum   int // in Elf32_Ehdr or Elf64_Ehdr
	phsize                           uint64
	poffset, pvaddr, pfilesz, pmemsz int // in Elf32_Phdr or Elf64_Phdr
	pflags                           int
	shsize                           uint64
	shinfo                           int // in Elf32_Shdr or Elf64_Shdr
}

func (h *header) fields() fields {
	if h.class == elf.ELFCLASS32 {
		return fields{phoff: 28, shoff: 32, phentsize: 42, phnum: 44, phsize: 32, poffset: 4, pvaddr: 8, pfilesz: 16, pmemsz: 20, pflags: 24, shsize: 40, shinfo: 28}
	}
	return fields{phoff: 32, shoff: 40, phentsize: 54, phnum: 56, phsize: 56, poffset: 8, pvaddr: 16, pfilesz: 32, pmemsz: 40, pflags: 4, shsize: 64, shinfo: 44}
}

// word reads an address, an offset or a size as the file's class has them.
func (h *header) word(b []byte) uint64 { return h.arch.Word(b) }

func (h *header) programs(data []byte) ([]program, error) {
	e := h.fields()
	if h.phsize != e.phsize {
		return nil, fmt.Errorf("%w: its program headers have %d bytes each, not %d; the file is damaged", ErrNotCore, h.phsize, e.phsize)
	}
	table := clip(data, h.phoff, h.phcount*e.phsize)
	if uint64(len(table)) < h.phcount*e.phsize {
		return nil, fmt.Errorf("%w: %d program headers should stand at byte %#x, but the file ends at %#x; take the core again", ErrTruncated, h.phcount, h.phoff, len(data))
	}
	progs := make([]program, h.phcount)
	for i := range progs {
		b := table[uint64(i)*e.phsize:]
		progs[i] = program{
			typ:      elf.ProgType(h.order.Uint32(b)),
			flags:    elf.ProgFlag(h.order.Uint32(b[e.pflags:])),
			offset:   h.word(b[e.poffset:]),
			addr:     h.word(b[e.pvaddr:]),
			fileSize: h.word(b[e.pfilesz:]),
			size:     h.word(b[e.pmemsz:]),
		}
	}
	return progs, nil
}

// recognise says what a file without the ELF magic is, as the end of a
// sentence that starts with "it".
func recognise(data []byte) string {
	for _, k := range []struct{ magic, what string }{
		{"go1.7 heap dump\n", "is a heap dump of debug.WriteHeapDump"},
		{"go1.", "is perhaps a heap dump of debug.WriteHeapDump that was changed on its way, as by a transfer that converts the ends of lines; copy it again as it is"},
		{"heap profile:", "is a pprof heap profile, which has no objects and cannot be opened; take a core with `gcore PID`, or write a heap dump with debug.WriteHeapDump"},
		{"\x28\xb5\x2f\xfd", "is compressed with zstd; unpack it with `unzstd FILE` and open the result"},
		{"\x1f\x8b", "is compressed with gzip; unpack it with `gunzip FILE` and open the result; a pprof profile has no objects and cannot be opened"},
		{"\xfd7zXZ\x00", "is compressed with xz; unpack it with `unxz FILE` and open the result"},
		{"BZh", "is compressed with bzip2; unpack it with `bunzip2 FILE` and open the result"},
		{"\x04\x22\x4d\x18", "is compressed with lz4; unpack it with `unlz4 FILE` and open the result"},
	} {
		if len(data) >= len(k.magic) && string(data[:len(k.magic)]) == k.magic {
			return k.what
		}
	}
	if len(data) == 0 {
		return "is empty; take a core with `gcore PID`"
	}
	return "does not start with the ELF magic; take a core with `gcore PID`"
}
