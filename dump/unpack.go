package dump

import (
	"bytes"
	"cmp"
	"context"
	"debug/elf"
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
	// starts reports whether a member starts with head, of maxHeader bytes or all
	// that there are.
	starts func(head []byte) bool
	// open returns a decoder of one member. It may use that of the member before
	// it, nil for none.
	open func(before, r io.Reader) (io.Reader, error)
	// piece tells where a member ends, see frame; nil where the decoder does.
	piece func(s *frameState, head []byte) (size uint64, last bool)
}

// packings are those that systemd-coredump, gzip, zstd and lz4 write.
var packings = [...]packing{
	{"zstd", "unzstd", func(b []byte) bool {
		// A frame, or a skippable frame in front of one (RFC 8878, section 3.1).
		return len(b) >= 4 && (little(b) == 0xfd2fb528 || little(b)&^0xf == skippable)
	}, openZstd, zstdPiece},
	{"gzip", "gunzip", func(b []byte) bool {
		// Deflate is the only method, and three flags have no meaning (RFC 1952, section 2.3).
		return len(b) >= 10 && little(b)&0xffffff == 0x088b1f && b[3]&0xe0 == 0
	}, openGzip, nil},
	{"lz4", "unlz4", func(b []byte) bool {
		// A frame, or one of the older format of lz4 -l (doc/lz4_Frame_format.md).
		return len(b) >= 4 && (little(b) == lz4Magic || little(b) == lz4MagicLegacy || little(b)&^0xf == skippable)
	}, openLz4, lz4Piece},
}

// maxWindow bounds how far back a zstd file may refer, and so the memory that
// unpacking takes: zstd --long goes to 128 MiB if it is given no number.
const maxWindow = 128 << 20

func openZstd(before, r io.Reader) (io.Reader, error) {
	if z, ok := before.(*zstd.Decoder); ok {
		return z, z.Reset(r)
	}
	// One thread: a panic in a goroutine of the decoder could not be caught.
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
}

func openGzip(before, r io.Reader) (io.Reader, error) {
	z, ok := before.(*gzip.Reader)
	var err error
	if ok {
		err = z.Reset(r)
	} else {
		z, err = gzip.NewReader(r)
	}
	if err != nil {
		return nil, err
	}
	z.Multistream(false)
	return z, nil
}

func openLz4(before, r io.Reader) (io.Reader, error) {
	if z, ok := before.(*lz4.Reader); ok {
		z.Reset(r)
		return z, nil
	}
	return lz4.NewReader(r), nil
}

// findPacking returns how f is compressed, nil if it is not.
func findPacking(f io.ReaderAt) *packing {
	var head [maxHeader]byte
	n, err := f.ReadAt(head[:], 0)
	if err != nil && err != io.EOF {
		return nil
	}
	for i := range packings {
		if packings[i].starts(head[:n]) {
			return &packings[i]
		}
	}
	return nil
}

// unpack writes what is in the compressed file f to an unlinked temporary file,
// with holes where it is zero, and returns that with its size. What a cut or
// damaged file still gives is kept: the problem then says what happened, and is
// nil if all went well. f is size bytes long.
func (k *packing) unpack(ctx context.Context, f io.Reader, size int64) (out *os.File, unpacked int64, problem *Problem, err error) {
	dir := os.TempDir()
	return k.unpackTo(ctx, f, size, bounds{dir, func() (space, error) { return spaceOf(dir) }, freelyUnpacked + mostUnpacked*uint64(size)})
}

// space is what a file system has, in bytes.
type space struct {
	free, size uint64
	// holes is whether holes in files take none of it. On tmpfs, a hole that is
	// read through a mapping is a page from then on (mm/shmem.c, shmem_fault).
	holes bool
}

// room returns how much of the free space may be used: 5 % of the file system, or
// 1 GiB if that is less, stays for others.
func (s space) room() uint64 {
	const reserve = 1 << 30
	return s.free - min(s.free, s.size/20, reserve)
}

// What is not zero may be no more than freelyUnpacked bytes, and mostUnpacked for
// each of the compressed file. Real cores have 4 to 20 for each with any of the
// tools; gzip has at most 1,032 and lz4 255 whatever is in it. Beyond are memory
// that is one pattern, for which the first number leaves room, and files that are
// made to fill disks. Zeros do not count: a core is mostly that, and they take no space.
const (
	freelyUnpacked = 4 << 30
	mostUnpacked   = 1000
)

// bounds are those of unpacking a file.
type bounds struct {
	dir     string                // it is unpacked there
	measure func() (space, error) // of dir
	data    uint64                // bytes that are not zero
}

// unpackTo is unpack within bounds.
func (k *packing) unpackTo(ctx context.Context, f io.Reader, size int64, b bounds) (out *os.File, unpacked int64, problem *Problem, err error) {
	dir := b.dir
	disk, err := b.measure()
	if err != nil {
		return nil, 0, nil, fmt.Errorf("%w: it is compressed with %s, and how much space is free in %s cannot be told: %w; set TMPDIR to another folder", ErrNoSpace, k.name, dir, err)
	}
	phase := progress.Start(ctx, "unpack", size)
	defer phase.Finish()
	r := k.members(&packed{ctx: ctx, r: f, phase: phase})
	defer func() {
		if c, ok := r.all.(*zstd.Decoder); ok {
			c.Close()
		}
	}()

	buf := make([]byte, 1<<20)
	n, err := io.ReadFull(r, buf)
	// Nothing is written, and nothing more read, before it is known to be worth it.
	if n < len(elf.ELFMAG) && err != nil {
		if ctx.Err() != nil {
			return nil, 0, nil, ctx.Err()
		}
		if err == io.EOF && r.offset() >= size {
			return nil, 0, nil, fmt.Errorf("%w: it is compressed with %s, and nothing is in it; take a core with `gcore PID`", ErrNotCore, k.name)
		}
		return nil, 0, nil, k.broken(r, n, err)
	}
	if head := buf[:n]; !bytes.HasPrefix(head, []byte(elf.ELFMAG)) && !isHeapDump(head) {
		return nil, 0, nil, fmt.Errorf("%w: it is compressed with %s, and what is in it %s", ErrNotCore, k.name, recogniseUnpacked(head))
	}
	out, err2 := tempFile(dir)
	if err2 != nil {
		return nil, 0, nil, fmt.Errorf("%w: it is compressed with %s: %w; set TMPDIR to a folder that can be written to", ErrNoSpace, k.name, err2)
	}
	w := &sparse{f: out}
	const every = 16 << 20 // bytes between two looks at the file system
	room, looked := disk.room(), uint64(0)
	for {
		used := w.data
		if !disk.holes {
			used = uint64(w.size)
		}
		if used-looked >= every {
			if disk, err2 = b.measure(); err2 != nil {
				out.Close()
				return nil, 0, nil, fmt.Errorf("%w: it is compressed with %s, and how much space is left in %s cannot be told: %w; set TMPDIR to another folder", ErrNoSpace, k.name, dir, err2)
			}
			room, looked = used+disk.room(), used
		}
		if used+uint64(n) > room {
			out.Close()
			return nil, 0, nil, fmt.Errorf("%w: it is compressed with %s and has more than %d bytes unpacked, which is all that %s has room for (%d bytes are free, of which %d are left for others); free some space there, or set TMPDIR to a folder that has it", ErrNoSpace, k.name, used, dir, disk.free, disk.free-disk.room())
		}
		if w.data > b.data {
			out.Close()
			return nil, 0, nil, fmt.Errorf("%w: it is compressed with %s, and of its %d bytes more than %d come that are not zero: no core of a program is so; if this one is, unpack it with `%s FILE` and open the result", ErrUnsupported, k.name, size, b.data, k.tool)
		}
		if err := w.write(buf[:n]); err != nil {
			out.Close()
			return nil, 0, nil, fmt.Errorf("%w: it is compressed with %s, and byte %d of what is in it cannot be written to %s: %w; set TMPDIR to a folder with more space", ErrNoSpace, k.name, w.size, dir, err)
		}
		if err != nil || ctx.Err() != nil {
			break // a few bytes of a compressed file may be much
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
	switch behind := size - r.offset(); {
	case err != io.EOF:
		problem = &Problem{Error, fmt.Sprintf("the %s file is cut short or damaged before its byte %#x (%v): %d bytes of the core could be unpacked, what stood behind them is missing; compress it again from the original, or take the core again", k.name, r.offset(), err, w.size), 1}
	case behind > 0:
		problem = &Problem{Info, fmt.Sprintf("%d bytes stand behind the end of what is compressed with %s, from byte %#x of the file on: they are not %s, and were not read", behind, k.name, r.offset(), k.name), 1}
	}
	return out, w.size, problem, nil
}

// broken is the error for a file of which nothing can be unpacked.
func (k *packing) broken(r *members, n int, err error) error {
	if errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded) {
		return fmt.Errorf("%w: it is compressed with %s, by a window of more than %d MiB (zstd --long); unpack it with `unzstd --long=31 FILE` and open the result", ErrUnsupported, k.name, maxWindow>>20)
	}
	return fmt.Errorf("%w: it is compressed with %s, and after %d bytes of its contents it is cut short or damaged before its byte %#x (%w); compress it again from the original, or take the core again", ErrTruncated, k.name, n, r.offset(), cmp.Or(err, io.ErrUnexpectedEOF))
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
	data uint64 // bytes of it that are written
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
		s.data += uint64(data)
		b = b[data:]
	}
	return nil
}

// isZero compares b with itself, shifted by one byte: the first is zero, and each
// is as the one before it.
func isZero(b []byte) bool {
	return len(b) == 0 || b[0] == 0 && bytes.Equal(b[1:], b[:len(b)-1])
}
