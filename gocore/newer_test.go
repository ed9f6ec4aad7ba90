package gocore_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"goheap/dump"
	"goheap/gocore"
	"goheap/internal/testcore"
)

// A program of a Go version that nobody has seen yet is read like one of the newest
// version that is tested, and compared with its own runtime's word; that it is newer
// is told.
func TestNewerVersion(t *testing.T) {
	t.Parallel()
	const version, newer = "go1.27.0", "go1.99.0"
	d := testcore.Core(t, "quiet", testcore.Options{Go: version}, testcore.Kernel)
	exe, err := os.ReadFile(d.Exe)
	if err != nil {
		t.Fatal(err)
	}
	doctored := bytes.ReplaceAll(exe, []byte(version), []byte(newer))
	path := filepath.Join(t.TempDir(), "quiet")
	if err := os.WriteFile(path, doctored, 0o777); err != nil {
		t.Fatal(err)
	}
	p, err := gocore.Open(t.Context(), d.Core, gocore.Options{Exe: path})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got := p.Source().GoVersion; got != newer {
		t.Fatalf("the program is of %s, want %s", got, newer)
	}
	problems := p.Problems()
	if len(problems) != 1 || problems[0].Severity != dump.Warning || !strings.Contains(problems[0].Message, newer) || !strings.Contains(problems[0].Message, "goheap check") {
		t.Errorf("problems %+v, want one warning about %s", problems, newer)
	}
	checks, err := analysed(t, p).Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if c.Status != gocore.CheckOK || c.Difference != 0 && c.Name != checkNames[5] {
			t.Errorf("%+v", c)
		}
	}
	if !p.Source().Complete {
		t.Error("nothing is missing, but the core is called incomplete")
	}
}
