package dump

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"goheap/internal/progress"
)

// packers compress as the tools of their names do.
var packers = []struct {
	name string
	to   func(w io.Writer) io.WriteCloser
}{
	{"zstd", func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z }},
	{"gzip", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }},
	{"lz4", func(w io.Writer) io.WriteCloser { return lz4.NewWriter(w) }},
}

func pack(t testing.TB, to func(w io.Writer) io.WriteCloser, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := to(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// holedCore is a core with 5 MiB of zeros between two pieces of memory without
// pattern, none of which starts or ends at a block of a file.
func holedCore() []byte {
	noise := make([]byte, 300<<10+17)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	return makeCore(someNotes(), piece{0x100000, noise}, piece{0x200000, make([]byte, 5<<20+5)}, piece{0x800000, noise})
}

func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A compressed core has the memory of the plain one, in one frame or several,
// leaves nothing in the folder of temporary files, and takes no space for zeros.
func TestCompressed(t *testing.T) {
	plain := holedCore()
	for _, p := range packers {
		packed := pack(t, p.to, plain)
		half := len(plain)/2 + 11
		for name, data := range map[string][]byte{
			"one":     packed,
			"several": append(pack(t, p.to, plain[:half]), pack(t, p.to, plain[half:])...),
		} {
			t.Run(p.name+" "+name, func(t *testing.T) {
				dir := t.TempDir()
				t.Setenv("TMPDIR", dir)
				path := write(t, "core."+p.name, data)
				tracker := new(progress.Tracker)
				c, err := OpenContext(t.Context(), path, tracker)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				if len(c.Problems) > 0 {
					t.Errorf("problems %v", c.Problems)
				}
				if c.Path != path || c.Size != int64(len(data)) {
					t.Errorf("%s has %d bytes, want %s and %d", c.Path, c.Size, path, len(data))
				}
				want, err := New(plain)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range want.Memory.Ranges() {
					a, _ := want.Memory.Slice(r.Start, r.End-r.Start)
					b, ok := c.Memory.Slice(r.Start, r.End-r.Start)
					if !ok || !bytes.Equal(a, b) {
						t.Errorf("the memory at %#x differs", r.Start)
					}
				}
				if left, err := os.ReadDir(dir); err != nil || runtime.GOOS != "windows" && len(left) > 0 {
					t.Errorf("left over: %v, %v", left, err)
				}
				if s := tracker.Snapshot(); len(s) != 1 || s[0].Done != int64(len(data)) || s[0].Total != s[0].Done || !s[0].Finished {
					t.Errorf("progress %+v of %d bytes", s, len(data))
				}
			})
		}
	}
}

func TestIsZero(t *testing.T) {
	b := make([]byte, 100)
	if !isZero(b) || !isZero(nil) || !isZero(b[:1]) {
		t.Error("zeros are not zero")
	}
	for i := range b {
		b[i] = 1
		if isZero(b) {
			t.Errorf("with byte %d set it is zero", i)
		}
		b[i] = 0
	}
}

// Of a compressed core that is cut, or has a wrong byte, what can be unpacked is
// there, with a problem; or the error says why nothing is.
func TestCompressedDamaged(t *testing.T) {
	plain := holedCore()
	whole, err := New(plain)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packers {
		t.Run(p.name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			packed := pack(t, p.to, plain)
			r := rand.New(rand.NewPCG(1, 2))
			check := func(how string, data []byte) (opened bool) {
				c, err := Open(write(t, "core", data))
				if err != nil {
					if !errors.Is(err, ErrNotCore) && !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrUnsupported) {
						t.Errorf("%s: %v", how, err)
					}
					return false
				}
				defer c.Close()
				for _, pr := range c.Problems {
					if pr.Severity == Error {
						return true
					}
				}
				// It may be whole: then all its bytes are right.
				for _, m := range whole.Memory.Ranges() {
					a, _ := whole.Memory.Slice(m.Start, m.End-m.Start)
					if b, ok := c.Memory.Slice(m.Start, m.End-m.Start); !ok || !bytes.Equal(a, b) {
						t.Fatalf("%s: the memory at %#x differs, and nothing says so: %v", how, m.Start, c.Problems)
					}
				}
				return true
			}
			opened := 0
			for range 25 {
				if check("cut", packed[:r.IntN(len(packed))]) {
					opened++
				}
			}
			for n := range 10 {
				check("cut", packed[:n])
				check("cut", packed[:len(packed)-1-n])
			}
			if opened < 5 {
				t.Errorf("%d of 25 cut files open", opened)
			}
			for range 40 {
				data := bytes.Clone(packed)
				data[r.IntN(len(data))] ^= 1 << r.IntN(8)
				check("flipped", data)
			}
		})
	}
}

// What is no core is refused before it is unpacked, and so is what would not fit.
func TestCompressedRefused(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for _, p := range packers {
		for _, test := range []struct {
			what string
			data []byte
			want error
			says string
		}{
			{"nothing", nil, ErrNotCore, "nothing is in it"},
			{"three bytes", []byte("\x7fEL"), ErrTruncated, "after 3 bytes"},
			{"zeros", make([]byte, 1<<20), ErrNotCore, "ELF magic"},
			{"text", []byte("goroutine 1 [running]:\n"), ErrNotCore, "ELF magic"},
			{"profile", []byte("\x0a\x04\x08\x01\x10\x02"), ErrNotCore, "pprof"},
			{"packed twice", pack(t, packers[1].to, []byte("x")), ErrNotCore, "gunzip"},
			{"heap dump", []byte("go1.7 heap dump\n"), ErrHeapDumpTruncated, "where a record should start"},
			{"executable", append([]byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00"), make([]byte, 100)...), ErrNotCore, "executable"},
		} {
			path := write(t, "core", pack(t, p.to, test.data))
			_, err := Open(path)
			if !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s of %s: %v, want one of %v that says %q", p.name, test.what, err, test.want, test.says)
			}
		}
		done, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := OpenContext(done, write(t, "core", pack(t, p.to, holedCore())), nil); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled: %v", p.name, err)
		}
	}
	// A frame that says that it needs 1 GiB of window: magic, descriptor, window.
	window := append(binary.LittleEndian.AppendUint32(nil, 0xfd2fb528), 0, (30-10)<<3, 1, 0, 0)
	if _, err := Open(write(t, "core", window)); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "--long=31") {
		t.Errorf("a large window: %v", err)
	}
	t.Setenv("TMPDIR", filepath.Join(dir, "none"))
	if _, err := Open(write(t, "core", pack(t, packers[0].to, holedCore()))); !errors.Is(err, ErrNoSpace) {
		t.Errorf("no folder for temporary files: %v", err)
	}
}

// More than fits is refused, and nothing is left of it.
func TestCompressedBomb(t *testing.T) {
	k := findPacking(bytes.NewReader(pack(t, packers[0].to, holedCore())))
	if k == nil || k.name != "zstd" {
		t.Fatalf("packing %+v", k)
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for _, limit := range []uint64{0, 100, 1 << 20, 5 << 20} {
		data := pack(t, packers[0].to, holedCore())
		out, _, _, err := k.unpackTo(t.Context(), bytes.NewReader(data), int64(len(data)), dir, limit, nil)
		if out != nil || !errors.Is(err, ErrNoSpace) || !strings.Contains(err.Error(), dir) {
			t.Errorf("with room for %d bytes: %v", limit, err)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}
