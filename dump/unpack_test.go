package dump

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
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
				unpackIn(t, dir)
				path := write(t, "core."+p.name, data)
				tracker := new(progress.Tracker)
				c, err := OpenContext(WithProgress(t.Context(), tracker.Report), path)
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
			unpackIn(t, t.TempDir())
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
	unpackIn(t, dir)
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
		if _, err := OpenContext(done, write(t, "core", pack(t, p.to, holedCore()))); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled: %v", p.name, err)
		}
	}
	// A frame that says that it needs 1 GiB of window: magic, descriptor, window.
	window := append(binary.LittleEndian.AppendUint32(nil, 0xfd2fb528), 0, (30-10)<<3, 1, 0, 0)
	if _, err := Open(write(t, "core", window)); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "--long=31") {
		t.Errorf("a large window: %v", err)
	}
	unpackIn(t, filepath.Join(dir, "none"))
	if _, err := Open(write(t, "core", pack(t, packers[0].to, holedCore()))); !errors.Is(err, ErrNoSpace) {
		t.Errorf("no folder for temporary files: %v", err)
	}
}

// unpackIn says where os.TempDir is.
func unpackIn(t *testing.T, dir string) {
	t.Helper()
	for _, name := range []string{"TMPDIR", "TMP"} { // Windows has the second one
		t.Setenv(name, dir)
	}
}

// More than fits is refused, also where others fill the disk meanwhile; so is what
// no core can be; and nothing is left of it.
func TestCompressedBomb(t *testing.T) {
	dir := t.TempDir()
	unpackIn(t, dir)
	noise := bytes.Repeat(holedCore(), 60) // 36 MiB of it are not zero
	of := func(s ...space) func() (space, error) {
		n := -1
		return func() (space, error) {
			n++
			if n == len(s) {
				return space{}, errors.New("no more")
			}
			return s[n], nil
		}
	}
	const all = 1 << 40
	for _, p := range packers {
		data := pack(t, p.to, noise)
		k := findPacking(bytes.NewReader(data))
		if k == nil || k.name != p.name {
			t.Fatalf("packing %+v", k)
		}
		for name, test := range map[string]struct {
			measure func() (space, error)
			data    uint64
			want    error
			says    string
		}{
			"nothing free":      {of(space{0, 0, true}), all, ErrNoSpace, dir},
			"a little":          {of(space{100, 100, true}), all, ErrNoSpace, dir},
			"less than data":    {of(space{15 << 20, 15 << 20, true}), all, ErrNoSpace, dir},
			"kept for others":   {of(space{50 << 20, 1000 << 20, true}), all, ErrNoSpace, "52428800 bytes are free, of which 52428800 are left for others"},
			"enough":            {of(space{90 << 20, 1000 << 20, true}, space{70 << 20, 1000 << 20, true}, space{55 << 20, 1000 << 20, true}), all, nil, ""},
			"filled by others":  {of(space{90 << 20, 1000 << 20, true}, space{51 << 20, 1000 << 20, true}), all, ErrNoSpace, dir},
			"without holes":     {of(space{90 << 20, 90 << 20, false}, space{1000 << 20, 0, false}, space{1 << 20, 0, false}), all, ErrNoSpace, dir},
			"not to be told":    {of(space{90 << 20, 0, true}), all, ErrNoSpace, "no more"},
			"too much of it":    {of(space{all, 0, true}, space{all, 0, true}, space{all, 0, true}), 30 << 20, ErrUnsupported, "no core of a program is so"},
			"no more than that": {of(space{all, 0, true}, space{all, 0, true}, space{all, 0, true}), 40 << 20, nil, ""},
		} {
			out, _, _, err := k.unpackTo(t.Context(), bytes.NewReader(data), int64(len(data)), bounds{dir, test.measure, test.data})
			if !errors.Is(err, test.want) || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s, %s: %v, want %v that says %q", p.name, name, err, test.want, test.says)
			}
			if (out == nil) != (test.want != nil) {
				t.Errorf("%s, %s: file %v", p.name, name, out)
			}
			if out != nil {
				out.Close()
			}
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

func TestRoom(t *testing.T) {
	for _, test := range []struct{ free, size, room uint64 }{
		{0, 100, 0}, {4, 100, 0}, {50, 100, 45}, {100, 0, 100}, {100 << 30, 1000 << 30, 99 << 30}, {1 << 29, 1000 << 30, 0},
	} {
		if got := (space{free: test.free, size: test.size}).room(); got != test.room {
			t.Errorf("%d of %d free: room for %d, want %d", test.free, test.size, got, test.room)
		}
	}
}

// lz4Legacy is data in the older format of lz4 (doc/lz4_Frame_format.md).
func lz4Legacy(t testing.TB, data []byte) []byte {
	return pack(t, func(w io.Writer) io.WriteCloser {
		z := lz4.NewWriter(w)
		if err := z.Apply(lz4.LegacyOption(true)); err != nil {
			t.Fatal(err)
		}
		return z
	}, data)
}

// What stands behind the last member is told and does no harm; what starts as a
// member is one.
func TestCompressedTrailing(t *testing.T) {
	unpackIn(t, t.TempDir())
	plain := holedCore()
	half := len(plain)/2 + 11
	skip := []byte("\x53\x2a\x4d\x18\x05\x00\x00\x00skip!")
	for name, to := range map[string]func(data []byte) []byte{
		"zstd":       func(data []byte) []byte { return pack(t, packers[0].to, data) },
		"gzip":       func(data []byte) []byte { return pack(t, packers[1].to, data) },
		"lz4":        func(data []byte) []byte { return pack(t, packers[2].to, data) },
		"lz4 legacy": func(data []byte) []byte { return lz4Legacy(t, data) },
		"zstd, checksums and sizes": func(data []byte) []byte {
			z, err := zstd.NewWriter(nil, zstd.WithEncoderCRC(true), zstd.WithSingleSegment(true))
			if err != nil {
				t.Fatal(err)
			}
			return z.EncodeAll(data, nil)
		},
		"lz4, checksums and sizes": func(data []byte) []byte {
			return pack(t, func(w io.Writer) io.WriteCloser {
				z := lz4.NewWriter(w)
				if err := z.Apply(lz4.BlockChecksumOption(true), lz4.ChecksumOption(true), lz4.SizeOption(uint64(len(data))), lz4.BlockSizeOption(lz4.Block64Kb)); err != nil {
					t.Fatal(err)
				}
				return z
			}, data)
		},
	} {
		whole := to(plain)
		format, _, _ := strings.Cut(strings.ReplaceAll(name, ",", ""), " ")
		two := append(to(plain[:half]), to(plain[half:])...)
		join := func(b ...[]byte) []byte { return bytes.Join(b, nil) }
		for what, test := range map[string]struct {
			data   []byte
			behind int      // bytes that are told, 0 for none
			severe Severity // of the only problem
		}{
			"nothing":                 {whole, 0, ""},
			"one byte":                {join(whole, []byte("x")), 1, Info},
			"three bytes":             {join(whole, []byte("\x1f\x8b\x08")), 3, Info},
			"zeros":                   {join(whole, make([]byte, 100_000)), 100_000, Info},
			"text":                    {join(whole, []byte("and now for something else")), 26, Info},
			"two":                     {two, 0, ""},
			"two and text":            {join(two, []byte("and now for something else")), 26, Info},
			"empty between":           {join(to(plain[:half]), to(nil), to(plain[half:])), 0, ""},
			"another, cut":            {join(whole, whole[:len(whole)/2]), 0, Error},
			"another, its head alone": {join(whole, whole[:12]), 0, Error},
			"skipped between":         {join(to(plain[:half]), skip, to(plain[half:])), 0, ""},
			"skipped behind":          {join(whole, skip, []byte("x")), 1, Info},
			"skip cut":                {join(whole, skip[:len(skip)-1]), 0, Error},
		} {
			if format == "gzip" && strings.HasPrefix(what, "skip") || name == "lz4 legacy" && what == "another, its head alone" {
				continue
			}
			c, err := Open(write(t, "core", test.data))
			if err != nil {
				t.Errorf("%s, %s: %v", name, what, err)
				continue
			}
			switch {
			case test.severe == "":
				if len(c.Problems) > 0 {
					t.Errorf("%s, %s: problems %v", name, what, c.Problems)
				}
			case len(c.Problems) != 1 || c.Problems[0].Severity != test.severe:
				t.Errorf("%s, %s: problems %v", name, what, c.Problems)
			case test.behind > 0:
				start := fmt.Sprintf("%d bytes stand behind the end of what is compressed with %s, from byte %#x ", test.behind, format, len(test.data)-test.behind)
				if !strings.HasPrefix(c.Problems[0].Message, start) {
					t.Errorf("%s, %s: %q, want %q…", name, what, c.Problems[0].Message, start)
				}
			}
			if got, ok := c.Memory.Slice(0x800000, 1000); !ok || !bytes.Contains(plain, got) {
				t.Errorf("%s, %s: memory is missing", name, what)
			}
			c.Close()
		}
	}
}
