package dump

import (
	"bytes"
	stdgzip "compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// library reads a whole compressed file with a package that knows nothing of
// members: for gzip, Go's own.
func library(name string, data []byte) (io.Reader, error) {
	switch name {
	case "gzip":
		return stdgzip.NewReader(bytes.NewReader(data))
	case "zstd":
		return zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	}
	return lz4.NewReader(bytes.NewReader(data)), nil
}

// readUpTo reads at most limit bytes.
func readUpTo(r io.Reader, limit int64) (data []byte, whole bool, err error) {
	data, err = io.ReadAll(io.LimitReader(r, limit))
	return data, int64(len(data)) < limit, err
}

// What is read of a compressed file without an error is what a library reads of the
// same bytes, up to those that are said to stand behind; where there is an error, the
// library has one too, and what came before it is the same. Unpacking gives the same
// bytes and never more than the bounds allow.
func FuzzUnpack(f *testing.F) {
	plain := makeCore(someNotes(), piece{0x1000, []byte("memory")}, piece{0x3000, make([]byte, 9000)})
	for _, p := range packers {
		packed := pack(f, p.to, plain)
		f.Add(packed)
		f.Add(packed[:len(packed)/2])
		f.Add(append(packed[:len(packed):len(packed)], "text"...))
		f.Add(append(packed[:len(packed):len(packed)], packed...))
	}
	f.Add(lz4Legacy(f, plain))
	f.Add(append(lz4Legacy(f, plain), pack(f, packers[2].to, plain)...))
	f.Add(append([]byte("\x53\x2a\x4d\x18\x05\x00\x00\x00skip!"), pack(f, packers[0].to, plain)...))
	const limit = 4 << 20
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		k := findPacking(bytes.NewReader(data))
		if k == nil || len(data) > 1<<16 {
			return
		}
		m := k.members(&packed{ctx: t.Context(), r: bytes.NewReader(data)})
		got, whole, err := readUpTo(m, limit)
		if z, ok := m.all.(*zstd.Decoder); ok {
			defer z.Close()
		}
		end := m.offset()
		if end < 0 || end > int64(len(data)) {
			t.Fatalf("ended at byte %d of %d", end, len(data))
		}
		of := data
		if err == nil && whole {
			of = data[:end] // what is behind is told
		}
		var want []byte
		r, err2 := library(k.name, of)
		if err2 == nil {
			if z, ok := r.(*zstd.Decoder); ok {
				defer z.Close()
			}
			want, _, err2 = readUpTo(r, limit)
		}
		n := min(len(got), len(want))
		if !bytes.Equal(got[:n], want[:n]) {
			t.Fatalf("%s: %d bytes differ from the %d of the library", k.name, len(got), len(want))
		}
		// The lz4 package knows no frame behind one of the older format; the tool does.
		legacy := k.name == "lz4" && bytes.Contains(data, []byte("\x02\x21\x4c\x18"))
		if legacy {
			whole = whole && err != nil && err2 != nil
		}
		if whole && (err == nil) != (err2 == nil) || err == nil && whole && len(got) != len(want) {
			t.Fatalf("%s: %d bytes and %v, the library has %d and %v", k.name, len(got), err, len(want), err2)
		}

		b := bounds{dir, func() (space, error) { return space{free: limit}, nil }, limit}
		out, size, problem, unpackErr := k.unpackTo(t.Context(), bytes.NewReader(data), int64(len(data)), b)
		if unpackErr != nil {
			if out != nil || !errors.Is(unpackErr, ErrNotCore) && !errors.Is(unpackErr, ErrTruncated) && !errors.Is(unpackErr, ErrUnsupported) && !errors.Is(unpackErr, ErrNoSpace) {
				t.Fatalf("%v, %v", out, unpackErr)
			}
			if err == nil && whole && (bytes.HasPrefix(got, plain[:4]) || isHeapDump(got)) {
				t.Fatalf("%d bytes can be read, but: %v", len(got), unpackErr)
			}
			return
		}
		defer out.Close()
		if size > limit {
			t.Fatalf("%d bytes, the bound is %d", size, limit)
		}
		have, readErr := io.ReadAll(io.NewSectionReader(out, 0, size+1))
		if readErr != nil || !bytes.Equal(have, got) {
			t.Fatalf("%d bytes unpacked, %d read, %v", len(have), len(got), readErr)
		}
		severe := problem != nil && problem.Severity == Error
		behind := problem != nil && strings.Contains(problem.Message, "behind the end")
		if severe != (err != nil) || behind != (err == nil && end < int64(len(data))) {
			t.Fatalf("%v at byte %d of %d, and the problem is %v", err, end, len(data), problem)
		}
	})
}
