package dump

import (
	"cmp"
	"slices"

	"goheap/internal/arch"
)

// Memory is what a file holds of a process's address space: bytes at
// addresses. It is not safe for use while Fill runs; afterwards any number of
// goroutines may read.
type Memory struct {
	Arch arch.Arch

	segments []segment // sorted by start, no two overlap
}

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
	var added []segment
	for _, s := range m.segments {
		if len(data) == 0 || s.start >= addr+uint64(len(data)) {
			break
		}
		if s.end() <= addr {
			continue
		}
		if s.start > addr {
			added = append(added, segment{addr, data[:s.start-addr]})
		}
		skip := min(s.end()-addr, uint64(len(data)))
		addr, data = addr+skip, data[skip:]
	}
	if len(data) > 0 {
		added = append(added, segment{addr, data})
	}
	m.segments = append(m.segments, added...)
	slices.SortFunc(m.segments, func(a, b segment) int { return cmp.Compare(a.start, b.start) })
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
	i := m.find(addr)
	if i < 0 {
		return nil, n == 0
	}
	s := m.segments[i]
	off := addr - s.start
	if n <= uint64(len(s.data))-off {
		return s.data[off : off+n : off+n], true
	}
	return m.join(i, addr, n)
}

func (m *Memory) join(i int, addr, n uint64) ([]byte, bool) {
	end := addr + n
	if end < addr {
		return nil, false
	}
	last := i
	for m.segments[last].end() < end {
		if last+1 == len(m.segments) || m.segments[last+1].start != m.segments[last].end() {
			return nil, false
		}
		last++
	}
	// All n bytes exist, so n is bounded by the size of the file.
	b := make([]byte, 0, n)
	for ; i <= last; i++ {
		s := m.segments[i]
		from, to := max(addr, s.start), min(end, s.end())
		b = append(b, s.data[from-s.start:to-s.start]...)
	}
	return b, true
}

// Prefix returns as many of the n bytes at addr as stand together in one
// segment: nil where nothing does.
func (m *Memory) Prefix(addr, n uint64) []byte {
	i := m.find(addr)
	if i < 0 {
		return nil
	}
	s := m.segments[i]
	off := addr - s.start
	end := off + min(n, uint64(len(s.data))-off)
	return s.data[off:end:end]
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
		return uint64(m.Arch.Order().Uint16(b)), true
	case 4:
		return uint64(m.Arch.Order().Uint32(b)), true
	case 8:
		return m.Arch.Order().Uint64(b), true
	}
	return 0, false
}

// Word reads one pointer-sized integer at addr.
func (m *Memory) Word(addr uint64) (uint64, bool) {
	b, ok := m.Slice(addr, uint64(m.Arch.PtrSize))
	if !ok {
		return 0, false
	}
	return m.Arch.Word(b), true
}

// Range is a half-open range of addresses.
type Range struct{ Start, End uint64 }

// Ranges returns what is present, in address order, adjoining pieces as one.
func (m *Memory) Ranges() []Range {
	var r []Range
	for _, s := range m.segments {
		if n := len(r); n > 0 && r[n-1].End == s.start {
			r[n-1].End = s.end()
			continue
		}
		r = append(r, Range{s.start, s.end()})
	}
	return r
}

// Segment returns the bytes that stand together around addr, and where they
// start, for readers that keep them between reads; nil where nothing is.
func (m *Memory) Segment(addr uint64) (start uint64, data []byte) {
	i := m.find(addr)
	if i < 0 {
		return 0, nil
	}
	return m.segments[i].start, m.segments[i].data
}
