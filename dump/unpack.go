package dump

import (
	"bytes"
	"cmp"
	"context"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"goheap/internal/progress"
)

// ErrNoSpace says that a compressed file does not fit unpacked.
var ErrNoSpace = errors.New("no space to unpack the file")

// packing is a kind of compressed file.
type packing struct {
	name, tool string // the tool unpacks it by hand
	is         func(magic uint32) bool
	open       func(r io.Reader) (io.Reader, error)
}

// packings are those that systemd-coredump, gzip, zstd and lz4 write: by the
// first four bytes, read as a little-endian number.
var packings = [...]packing{
	{"zstd", "unzstd", func(m uint32) bool {
		// A frame, or a skippable frame in front of one (RFC 8878, section 3.1).
		return m == 0xfd2fb528 || m&^0xf == 0x184d2a50
	}, openZstd},
	{"gzip", "gunzip", func(m uint32) bool { return m&0xffffff == 0x088b1f }, func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
	{"lz4", "unlz4", func(m uint32) bool {
		// A frame, or one of the older format of lz4 -l (doc/lz4_Frame_format.md).
		return m == 0x184d2204 || m == 0x184c2102
	}, func(r io.Reader) (io.Reader, error) { return lz4.NewReader(r), nil }},
}

// maxWindow bounds how far back a zstd file may refer, and so the memory that
// unpacking takes: zstd --long goes to 128 MiB if it is given no number.
const maxWindow = 128 << 20

func openZstd(r io.Reader) (io.Reader, error) {
	// One thread: a panic in a goroutine of the decoder could not be caught.
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
}

// findPacking returns how f is compressed, nil if it is not.
func findPacking(f io.ReaderAt) *packing {
	var magic [4]byte
	if _, err := f.ReadAt(magic[:], 0); err != nil {
		return nil
	}
	for i := range packings {
		if packings[i].is(binary.LittleEndian.Uint32(magic[:])) {
			return &packings[i]
		}
	}
	return nil
}

// unpack writes what is in the compressed file f to an unlinked temporary file,
// with holes where it is zero, and returns that with its size. What a cut or
// damaged file still gives is kept: the problem then says what happened, and is
// nil if all went well. f is size bytes long.
func (k *packing) unpack(ctx context.Context, f io.Reader, size int64, t *progress.Tracker) (out *os.File, unpacked int64, problem *Problem, err error) {
	dir := os.TempDir()
	free, err := freeSpace(dir)
	if err != nil {
		return nil, 0, nil, fmt.Errorf("%w: it is compressed with %s, and how much space is free in %s cannot be told: %w; set TMPDIR to another folder", ErrNoSpace, k.name, dir, err)
	}
	return k.unpackTo(ctx, f, size, dir, free, t)
}

// unpackTo is unpack into a file in dir, of at most free bytes with its holes.
func (k *packing) unpackTo(ctx context.Context, f io.Reader, size int64, dir string, free uint64, t *progress.Tracker) (out *os.File, unpacked int64, problem *Problem, err error) {
	phase := t.Start("unpack", size)
	defer phase.Finish()
	in := &packed{ctx: ctx, r: f, phase: phase}
	r, err := k.open(in)
	if err != nil {
		if ctx.Err() != nil {
			return nil, 0, nil, ctx.Err()
		}
		return nil, 0, nil, k.broken(in, 0, err)
	}
	if c, ok := r.(*zstd.Decoder); ok {
		defer c.Close()
	}

	buf := make([]byte, 1<<20)
	n, err := io.ReadFull(r, buf)
	// Nothing is written, and nothing more read, before it is known to be worth it.
	if n < len(elf.ELFMAG) && err != nil {
		if ctx.Err() != nil {
			return nil, 0, nil, ctx.Err()
		}
		if err == io.EOF && in.n >= size {
			return nil, 0, nil, fmt.Errorf("%w: it is compressed with %s, and nothing is in it; take a core with `gcore PID`", ErrNotCore, k.name)
		}
		return nil, 0, nil, k.broken(in, n, err)
	}
	if head := buf[:n]; !bytes.HasPrefix(head, []byte(elf.ELFMAG)) && !isHeapDump(head) {
		return nil, 0, nil, fmt.Errorf("%w: it is compressed with %s, and what is in it %s", ErrNotCore, k.name, recogniseUnpacked(head))
	}
	out, err2 := tempFile(dir)
	if err2 != nil {
		return nil, 0, nil, fmt.Errorf("%w: it is compressed with %s: %w; set TMPDIR to a folder that can be written to", ErrNoSpace, k.name, err2)
	}
	w := &sparse{f: out}
	for {
		if uint64(w.size)+uint64(n) > free {
			out.Close()
			return nil, 0, nil, fmt.Errorf("%w: it is compressed with %s and has more than %d bytes unpacked, which is all that is free in %s; free some space there, or set TMPDIR to a folder that has it", ErrNoSpace, k.name, free, dir)
		}
		if err := w.write(buf[:n]); err != nil {
			out.Close()
			return nil, 0, nil, fmt.Errorf("%w: it is compressed with %s, and byte %d of what is in it cannot be written to %s: %w; set TMPDIR to a folder with more space", ErrNoSpace, k.name, w.size, dir, err)
		}
		if err != nil {
			break
		}
		n, err = io.ReadFull(r, buf)
	}
	// ReadFull says io.ErrUnexpectedEOF both of a short last piece and of a file
	// that is cut short: one more read tells them apart.
	if err == io.ErrUnexpectedEOF {
		if _, err = io.ReadFull(r, buf[:1]); err == nil {
			err = io.ErrUnexpectedEOF
		}
	}
	if ctx.Err() != nil {
		out.Close()
		return nil, 0, nil, ctx.Err()
	}
	if err := out.Truncate(w.size); err != nil {
		out.Close()
		return nil, 0, nil, fmt.Errorf("%w: %w", ErrNoSpace, err)
	}
	switch {
	case err != io.EOF:
		problem = &Problem{Error, fmt.Sprintf("the %s file is cut short or damaged before its byte %#x (%v): %d bytes of the core could be unpacked, what stood behind them is missing; compress it again from the original, or take the core again", k.name, in.n, err, w.size), 1}
	case in.n < size:
		problem = &Problem{Warning, fmt.Sprintf("%d bytes behind the end of the %s stream were not read", size-in.n, k.name), 1}
	}
	return out, w.size, problem, nil
}

// broken is the error for a file of which nothing can be unpacked.
func (k *packing) broken(in *packed, n int, err error) error {
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		return fmt.Errorf("%w: it is compressed with %s, by a window of more than %d MiB (zstd --long); unpack it with `unzstd --long=31 FILE` and open the result", ErrUnsupported, k.name, maxWindow>>20)
	}
	return fmt.Errorf("%w: it is compressed with %s, and after %d bytes of its contents it is cut short or damaged before its byte %#x (%w); compress it again from the original, or take the core again", ErrTruncated, k.name, n, in.n, cmp.Or(err, io.ErrUnexpectedEOF))
}

// recogniseUnpacked is recognise for what was in a compressed file. A pprof
// profile is a gzipped message whose first field is number 1, of bytes
// (google/pprof, proto/profile.proto, sample_type).
func recogniseUnpacked(head []byte) string {
	if len(head) > 0 && head[0] == 1<<3|2 {
		return "looks like a pprof profile, which has no objects; take a core with `gcore PID`"
	}
	return recognise(head)
}

// packed counts the bytes that are read of a compressed file, and ends with its
// context.
type packed struct {
	ctx   context.Context
	r     io.Reader
	n     int64
	phase *progress.Phase
}

func (p *packed) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := p.r.Read(b)
	p.n += int64(n)
	p.phase.Add(int64(n))
	return n, err
}

// holeSize is the unit in which zeros are left out. Blocks of most file systems
// have as many bytes.
const holeSize = 4096

// sparse writes a file from its start to its end and leaves holes where whole
// blocks are zero. The file must be cut to size at the end.
type sparse struct {
	f    *os.File
	size int64
}

// write appends b. All but the last b have a multiple of holeSize bytes.
func (s *sparse) write(b []byte) error {
	for len(b) > 0 {
		zeros := 0
		for zeros < len(b) && isZero(b[zeros:min(zeros+holeSize, len(b))]) {
			zeros = min(zeros+holeSize, len(b))
		}
		s.size += int64(zeros)
		b = b[zeros:]
		data := 0
		for data < len(b) && !isZero(b[data:min(data+holeSize, len(b))]) {
			data = min(data+holeSize, len(b))
		}
		if data > 0 {
			if _, err := s.f.WriteAt(b[:data], s.size); err != nil {
				return err
			}
		}
		s.size += int64(data)
		b = b[data:]
	}
	return nil
}

// isZero compares b with itself, shifted by one byte: the first is zero, and each
// is as the one before it.
func isZero(b []byte) bool {
	return len(b) == 0 || b[0] == 0 && bytes.Equal(b[1:], b[:len(b)-1])
}
