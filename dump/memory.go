package dump

import (
	"cmp"
	"debug/elf"
	"encoding/binary"
	"math"
	"slices"
)

// Memory is what a file holds of a process's address space: bytes at
// addresses. It is not safe for use while Fill runs; afterwards any number of
// goroutines may read.
type Memory struct {
	machine elf.Machine
	big     bool // big-endian
	ptrSize int  // 4 or 8

	segments []segment // sorted by start, no two overlap
	slots    *slots    // nil for none
}

// Block is memory that stands together in a file.
type Block struct {
	Addr uint64
	Data []byte
}

// NewMemory returns the memory of blocks, which it sorts: of two that overlap, the
// one that starts lower has the bytes. No two share the bytes of a file. Words have
// ptrSize bytes, 4 or 8, in the given order; elf.EM_NONE is a machine that ELF does not
// know.
func NewMemory(machine elf.Machine, order binary.ByteOrder, ptrSize int, blocks []Block) *Memory {
	m := newMemory(machine, order, ptrSize)
	slices.SortStableFunc(blocks, func(a, b Block) int { return cmp.Compare(a.Addr, b.Addr) })
	end := uint64(0)
	for _, b := range blocks {
		if b.Addr < end {
			skip := min(end-b.Addr, uint64(len(b.Data)))
			b.Addr, b.Data = b.Addr+skip, b.Data[skip:]
		}
		if b.Addr+uint64(len(b.Data)) < b.Addr {
			b.Data = b.Data[:-b.Addr-1] // without the last byte, so that the end is a number
		}
		if len(b.Data) > 0 {
			m.segments = append(m.segments, segment{b.Addr, b.Data})
			end = b.Addr + uint64(len(b.Data))
		}
	}
	return m
}

func newMemory(machine elf.Machine, order binary.ByteOrder, ptrSize int) *Memory {
	return &Memory{machine: machine, big: order.Uint16([]byte{0, 1}) == 1, ptrSize: ptrSize}
}

// Machine returns the processor that the process ran on.
func (m *Memory) Machine() elf.Machine { return m.machine }

// Order returns the byte order of the process's memory.
func (m *Memory) Order() binary.ByteOrder {
	if m.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// PtrSize returns how many bytes a word has: 4 or 8.
func (m *Memory) PtrSize() int { return m.ptrSize }

type segment struct {
	start uint64
	data  []byte
}

func (s segment) end() uint64 { return s.start + uint64(len(s.data)) }

// Fill puts data at addr wherever nothing stands yet: what came first wins.
// It keeps data.
func (m *Memory) Fill(addr uint64, data []byte) {
	if addr+uint64(len(data)) < addr {
		data = data[:-addr-1] // without the last byte, so that the end is a number
	}
	if len(data) > 0 {
		m.fill([]segment{{addr, data}})
	}
}

// FillFile is Fill for parts of a file, all at once. It returns the parts that lost
// bytes since others have them: see Disjoint.
func (m *Memory) FillFile(file []byte, parts []Part) (again []Part) {
	kept, again := Disjoint(parts, uint64(len(file)))
	m.fill(segments(file, kept))
	return again
}

// fill adds what no segment has of more, which are sorted by start and do not
// overlap.
func (m *Memory) fill(more []segment) {
	var added []segment
	i := 0
	for _, a := range more {
		for i < len(m.segments) && m.segments[i].end() <= a.start {
			i++
		}
		for k := i; len(a.data) > 0; k++ {
			if k == len(m.segments) || m.segments[k].start >= a.end() {
				added = append(added, a)
				break
			}
			s := m.segments[k]
			if s.start > a.start {
				added = append(added, segment{a.start, a.data[:s.start-a.start]})
			}
			skip := min(s.end()-a.start, uint64(len(a.data)))
			a.start, a.data = a.start+skip, a.data[skip:]
		}
	}
	m.segments = append(m.segments, added...)
	slices.SortFunc(m.segments, func(a, b segment) int { return cmp.Compare(a.start, b.start) })
}

// Beside returns a memory that has data as well, and the address that it gave it: a
// multiple of 4096 in the highest gap of m. It fails where there is none.
func (m *Memory) Beside(data []byte) (beside *Memory, addr uint64, ok bool) {
	const page = 4096
	end := uint64(1)<<(8*m.ptrSize-1)<<1 - 2*page // without the last pages: no end is at 0
	need := (uint64(len(data)) + 2*page) &^ (page - 1)
	ranges := m.Ranges()
	for i := len(ranges); i >= 0 && end >= need; i-- {
		start := uint64(page)
		if i > 0 {
			start = ranges[i-1].End
		}
		if start <= end-need {
			beside = new(Memory)
			*beside = *m
			beside.segments = slices.Clone(m.segments)
			addr = (end - need) &^ (page - 1)
			beside.Fill(addr, data)
			return beside, addr, true
		}
		if i > 0 {
			end = min(end, ranges[i-1].Start)
		}
	}
	return nil, 0, false
}

// find returns the index of the segment that holds addr, or -1.
func (m *Memory) find(addr uint64) int {
	i, ok := slices.BinarySearchFunc(m.segments, addr, func(s segment, a uint64) int { return cmp.Compare(s.start, a) })
	if !ok {
		i--
	}
	if i < 0 || addr-m.segments[i].start >= uint64(len(m.segments[i].data)) {
		return -1
	}
	return i
}

// Slice returns the n bytes at addr, and whether all of them are present. The
// bytes are the file's own mapping and must not be written to; they are copied
// only where the range runs over two segments that do not adjoin in the file.
// They are valid until the Core is closed.
func (m *Memory) Slice(addr, n uint64) ([]byte, bool) {
	start, data := m.Segment(addr)
	if data == nil {
		return nil, n == 0
	}
	off := addr - start
	if n <= uint64(len(data))-off {
		return data[off : off+n : off+n], true
	}
	return m.join(addr, n)
}

// Items returns the n values of size bytes each that stand at addr, and whether all
// of them are present. For a number that is the file's own word: more than most are not
// even looked for, since putting together what lies in several segments takes
// memory.
func (m *Memory) Items(addr, n, size, most uint64) ([]byte, bool) {
	if n > most || size != 0 && n > math.MaxUint64/size {
		return nil, false
	}
	return m.Slice(addr, n*size)
}

// Present reports whether the n bytes at addr are present, without putting them
// together.
func (m *Memory) Present(addr, n uint64) bool {
	if addr+n < addr {
		return false
	}
	for end := addr + n; addr < end; {
		start, data := m.Segment(addr)
		if data == nil {
			return false
		}
		addr = start + uint64(len(data))
	}
	return true
}

func (m *Memory) join(addr, n uint64) ([]byte, bool) {
	if addr+n < addr {
		return nil, false
	}
	for at := addr; at < addr+n; {
		start, data := m.Segment(at)
		if data == nil {
			return nil, false
		}
		at = start + uint64(len(data))
	}
	// All n bytes exist, and each has its own place in a file (Disjoint), so that n is
	// bounded by the sizes of the files.
	b := make([]byte, 0, n)
	for at := addr; at < addr+n; at = addr + uint64(len(b)) {
		start, data := m.Segment(at)
		data = data[at-start:]
		b = append(b, data[:min(uint64(len(data)), addr+n-at)]...)
	}
	return b, true
}

// Prefix returns as many of the n bytes at addr as stand together in one
// segment: nil where nothing does.
func (m *Memory) Prefix(addr, n uint64) []byte {
	start, data := m.Segment(addr)
	if data == nil {
		return nil
	}
	off := addr - start
	end := off + min(n, uint64(len(data))-off)
	return data[off:end:end]
}

// Uint reads an unsigned integer of size 1, 2, 4 or 8 bytes at addr.
func (m *Memory) Uint(addr uint64, size int) (uint64, bool) {
	b, ok := m.Slice(addr, uint64(size))
	if !ok {
		return 0, false
	}
	switch size {
	case 1:
		return uint64(b[0]), true
	case 2:
		if m.big {
			return uint64(binary.BigEndian.Uint16(b)), true
		}
		return uint64(binary.LittleEndian.Uint16(b)), true
	case 4:
		if m.big {
			return uint64(binary.BigEndian.Uint32(b)), true
		}
		return uint64(binary.LittleEndian.Uint32(b)), true
	case 8:
		if m.big {
			return binary.BigEndian.Uint64(b), true
		}
		return binary.LittleEndian.Uint64(b), true
	}
	return 0, false
}

// Word reads one pointer-sized integer at addr.
func (m *Memory) Word(addr uint64) (uint64, bool) { return m.Uint(addr, m.ptrSize) }

// Range is a half-open range of addresses.
type Range struct{ Start, End uint64 }

// Ranges returns what is present, in address order, adjoining pieces as one.
func (m *Memory) Ranges() []Range {
	var r []Range
	add := func(start, end uint64) {
		if n := len(r); n > 0 && r[n-1].End == start {
			r[n-1].End = end
			return
		}
		r = append(r, Range{start, end})
	}
	segments := m.segments
	if m.slots != nil {
		for i := range m.slots.runs {
			run := &m.slots.runs[i]
			for ; len(segments) > 0 && segments[0].start < run.Start; segments = segments[1:] {
				add(segments[0].start, segments[0].end())
			}
			for k := range uint64(run.N) {
				if m.slots.offsets[run.First+k] != 0 {
					add(run.Start+k*run.Elem, run.Start+(k+1)*run.Elem)
				}
			}
		}
	}
	for _, s := range segments {
		add(s.start, s.end())
	}
	return r
}

// Size returns how many bytes are present.
func (m *Memory) Size() uint64 {
	var n uint64
	for _, s := range m.segments {
		n += uint64(len(s.data))
	}
	if m.slots != nil {
		for i := range m.slots.runs {
			run := &m.slots.runs[i]
			for k := range uint64(run.N) {
				if m.slots.offsets[run.First+k] != 0 {
					n += run.Elem
				}
			}
		}
	}
	return n
}

// Segment returns the bytes that stand together around addr, and where they
// start, for readers that keep them between reads; nil where nothing is.
func (m *Memory) Segment(addr uint64) (start uint64, data []byte) {
	if m.slots != nil {
		if start, data = m.slots.at(addr); data != nil {
			return start, data
		}
	}
	i := m.find(addr)
	if i < 0 {
		return 0, nil
	}
	return m.segments[i].start, m.segments[i].data
}
