package dump

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"goheap/internal/arch"
)

// What can be wrong with a heap dump. Errors wrap one of these in a sentence that
// says where and what to do.
var (
	ErrHeapDump          = errors.New("damaged heap dump")
	ErrHeapDumpTruncated = errors.New("truncated heap dump")
)

// HeapDump is a file that runtime/debug.WriteHeapDump wrote.
type HeapDump struct {
	Path     string
	Size     int64 // of the file, compressed if it is
	Params   HeapParams
	Problems []Problem

	data []byte
	free func() error
}

// HeapParams is the first record of a heap dump.
type HeapParams struct {
	BigEndian            bool
	PtrSize              int
	ArenaStart, ArenaEnd uint64 // no object lies outside
	GOARCH, GoVersion    string
	CPUs                 uint64
}

// heapDumpMagic starts a heap dump of Go 1.7 and later (runtime/heapdump.go,
// dumphdr); those before differ in the number.
const (
	heapDumpMagic  = "go1.7 heap dump\n"
	heapDumpPrefix = "go1."
	heapDumpSuffix = " heap dump\n"
)

// isHeapDump reports whether a file that starts with head is a heap dump of any
// version.
func isHeapDump(head []byte) bool {
	line, _, ok := bytes.Cut(head[:min(len(head), len(heapDumpMagic)+1)], []byte("\n"))
	return ok && bytes.HasPrefix(line, []byte(heapDumpPrefix)) && bytes.HasSuffix(append(line[:len(line):len(line)], '\n'), []byte(heapDumpSuffix))
}

// OpenFile maps the file at path, which is a core or a heap dump: one of the two
// is returned. Close unmaps it. A compressed file is unpacked into a temporary one, which
// takes a while: see WithProgress. The end of ctx ends that.
func OpenFile(ctx context.Context, path string) (*Core, *HeapDump, error) {
	f, err := openMapped(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	var c *Core
	var h *HeapDump
	err = Guard(func() (err error) {
		if isHeapDump(f.data) {
			h, err = NewHeapDump(f.data)
		} else {
			c, err = newCore(ctx, f.data)
		}
		return err
	})
	if err != nil {
		return nil, nil, f.fail(err)
	}
	if c != nil {
		c.Problems = append(f.problems(), c.Problems...)
		c.Path, c.Size, c.free = path, f.onDisk, f.free
	} else {
		h.Problems = append(f.problems(), h.Problems...)
		h.Path, h.Size, h.free = path, f.onDisk, f.free
	}
	return c, h, nil
}

// NewHeapDump reads the start of a heap dump that stands in memory, and keeps
// data.
func NewHeapDump(data []byte) (*HeapDump, error) {
	if !isHeapDump(data) {
		return nil, fmt.Errorf("%w: it %s", ErrHeapDump, recognise(data))
	}
	if !bytes.HasPrefix(data, []byte(heapDumpMagic)) {
		line, _, _ := bytes.Cut(data, []byte("\n"))
		return nil, fmt.Errorf("%w: it is a %q of another format; goheap reads those of Go 1.18 and later, which start with %q: build the program with a newer Go and write the dump again", ErrUnsupported, line, heapDumpMagic[:len(heapDumpMagic)-1])
	}
	h := &HeapDump{Size: int64(len(data)), data: data}
	r := h.Records()
	if !r.Next() {
		return nil, r.Err()
	}
	h.Params = r.Params()
	p := h.Params
	if p.GoVersion == "" {
		// Until Go 1.16 the experiments of the toolchain stood in its place, and there
		// are none as a rule (runtime/heapdump.go, dumpparams).
		return nil, fmt.Errorf("%w: it is a heap dump that does not say which Go built the program: Go 1.16 or older did; goheap reads those of Go 1.18 and later: build the program with a newer Go and write the dump again", ErrUnsupported)
	}
	if _, ok := arch.Named(p.GOARCH, p.BigEndian, p.PtrSize); !ok {
		return nil, r.Damaged("it speaks of %d-byte words, big-endian %t, which %s does not have", p.PtrSize, p.BigEndian, p.GOARCH)
	}
	return h, nil
}

// Records returns a reader of the dump's records, from the first on.
func (h *HeapDump) Records() *HeapRecords {
	return &HeapRecords{data: h.data, off: len(heapDumpMagic)}
}

// Data returns the whole file. Offsets of records count from its start.
func (h *HeapDump) Data() []byte { return h.data }

// Close unmaps the file. No slice of its contents may be used afterwards.
func (h *HeapDump) Close() error {
	if h.free == nil {
		return nil
	}
	err := h.free()
	h.free, h.data = nil, nil
	return err
}
