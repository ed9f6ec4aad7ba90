package gocore_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"

	"goheap/dump"
	"goheap/gocore"
	"goheap/internal/testcore"
)

// A compressed core tells what the plain one does; one that is cut opens, and
// says that something is missing.
func TestCompressed(t *testing.T) {
	for _, kind := range []testcore.Kind{testcore.Kernel, testcore.Gcore} {
		t.Run(string(kind), func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			good := testcore.Core(t, "quiet", testcore.Options{}, kind)
			plain, err := gocore.Open(t.Context(), good.Core, gocore.Options{})
			if err != nil {
				t.Fatal(err)
			}
			want, problems := told(t, plain), len(plain.Problems())
			plain.Close()

			path := filepath.Join(t.TempDir(), "core.zst")
			compress(t, path, good.Core)
			p, err := gocore.Open(t.Context(), path, gocore.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := told(t, p); got != want || len(p.Problems()) != problems {
				t.Errorf("compressed it tells another story; problems %v", p.Problems())
			}
			st, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if s := p.Source(); s.Path != path || s.Bytes != st.Size() || !s.Complete {
				t.Errorf("source %+v", s)
			}
			p.Close()

			if err := os.Truncate(path, st.Size()*9/10); err != nil {
				t.Fatal(err)
			}
			p, err = gocore.Open(t.Context(), path, gocore.Options{Exe: good.Exe})
			if err != nil {
				sentence(t, err)
				return
			}
			defer p.Close()
			if pr := survey(t, p); p.Source().Complete || len(pr) == 0 || pr[0].Severity != dump.Error {
				t.Errorf("a cut file is said to be complete: %+v", pr)
			}
		})
	}
}

func compress(t *testing.T, to, from string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w, err := zstd.NewWriter(out, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, in); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
