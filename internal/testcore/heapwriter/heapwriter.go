// Package heapwriter writes the records of heap dumps as runtime/heapdump.go does:
// a second implementation of the format, for tests of readers.
package heapwriter

import "encoding/binary"

// Writer appends records to Bytes.
type Writer struct{ Bytes []byte }

// Magic starts each heap dump.
const Magic = "go1.7 heap dump\n"

// New starts a dump with its parameters: the heap lies at [0xc000000000,
// 0xc004000000).
func New(ptrSize uint64, goarch, version string) *Writer {
	w := &Writer{[]byte(Magic)}
	return w.Params(ptrSize, goarch, version)
}

// Params appends the parameters of a little-endian program.
func (w *Writer) Params(ptrSize uint64, goarch, version string) *Writer {
	return w.Ints(6, 0, ptrSize, 0xc000000000, 0xc004000000).Str(goarch).Str(version).Ints(2)
}

// Ints appends numbers; the first of a record is its kind.
func (w *Writer) Ints(list ...uint64) *Writer {
	for _, v := range list {
		w.Bytes = binary.AppendUvarint(w.Bytes, v)
	}
	return w
}

// Str appends bytes after their number.
func (w *Writer) Str(s string) *Writer {
	w.Ints(uint64(len(s)))
	w.Bytes = append(w.Bytes, s...)
	return w
}

// Fields appends a list of pointers.
func (w *Writer) Fields(offsets ...uint64) *Writer {
	for _, o := range offsets {
		w.Ints(1, o)
	}
	return w.Ints(0)
}

// Object appends an object of words of 8 bytes, whose pointers stand at offsets.
func (w *Writer) Object(addr uint64, words []uint64, offsets ...uint64) *Writer {
	var b []byte
	for _, v := range words {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return w.Ints(1, addr).Str(string(b)).Fields(offsets...)
}

// MemStats appends runtime.MemStats with the given HeapAlloc and HeapObjects.
func (w *Writer) MemStats(heapAlloc, heapObjects uint64) *Writer {
	var n [281]uint64
	n[6], n[11], n[280] = heapAlloc, heapObjects, 1
	return w.Ints(10).Ints(n[:]...)
}

// End appends the record that ends a dump, and returns all of it.
func (w *Writer) End() []byte { return w.Ints(0).Bytes }
