package gocore_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"goheap/gocore"
	"goheap/internal/testcore"
)

// portableObject is a line of testdata/programs/portable.
type portableObject struct{ Path, Type, Addr string }

// What a program for another system says of its objects is found in its heap dump, as in
// that of the same program for Linux: types, and the paths that lead to them.
func TestHeapDumpOfOtherSystems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, version, system string
		flags                 []string
	}{
		{"linux", "go1.27.0", "linux", nil},
		{"windows", "go1.18.10", "windows", nil},
		{"windows 1.22", "go1.22.12", "windows", nil},
		{"windows 1.27", "go1.27.0", "windows", nil},
		{"windows stripped", "go1.18.10", "windows", []string{"-ldflags=-s -w"}},
	} {
		if c.name == "windows 1.22" && !testcore.EveryBuild() {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			opt := testcore.Options{Go: c.version, Flags: c.flags, Env: []string{"GOOS=" + c.system, "CGO_ENABLED=0"}}
			exe := testcore.Build(t, "portable", opt)
			cmd := exec.Command(exe, filepath.Join(dir, "heap"))
			if c.system == "windows" {
				cmd = testcore.Wine(t)(exe, "heap")
			}
			cmd.Dir = dir
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
			}
			files := gocore.Options{Exe: exe}
			if c.flags != nil {
				refused(t, filepath.Join(dir, "heap"), files, gocore.ErrNoDWARF, "GOOS=windows", "-ldflags='-f -f'")
				opt.Flags = []string{"-ldflags=-f -f"}
				files.Debug = testcore.Build(t, "portable", opt)
			}
			opened, err := gocore.Open(t.Context(), filepath.Join(dir, "heap"), files)
			if err != nil {
				t.Fatal(err)
			}
			defer opened.Close()
			if s := opened.Source(); s.OS != c.system || !s.Complete {
				t.Errorf("source %+v, problems %v", s, opened.Problems())
			}
			p := analysed(t, opened)
			said := decode[portableObject](t, strings.Split(strings.TrimSpace(string(out)), "\n")[:10], "object")
			for _, o := range said {
				n, ok := p.NodeAt(address(t, o.Addr))
				if !ok && o.Path == "main.first" || !ok && o.Path == "main.numbers" {
					continue // the linker made it
				}
				if !ok || !p.doms.Live(n) || p.Type(n) != o.Type && p.Type(n) != "[]"+o.Type && p.Type(n) != "[1]"+o.Type {
					t.Errorf("%s at %s: %t, %s, want %s", o.Path, o.Addr, ok, p.Type(n), o.Type)
					continue
				}
				if o.Path == "" {
					continue
				}
				if to, err := p.Lookup(o.Path); err != nil || to != n && !slices.Contains(p.graph.Targets(to), n) {
					t.Errorf("%s leads to %d, %v, want %d", o.Path, to, err, n)
				}
			}
			if len(said) != 10 {
				t.Errorf("the program says %d things", len(said))
			}
			found := false
			for i := range p.Goroutines() {
				for _, f := range p.Frames(i) {
					found = found || f.Func == "main.wait" && strings.HasSuffix(f.File, "portable/main.go") && f.Line > 0
				}
			}
			if !found {
				t.Error("no goroutine is in main.wait")
			}
		})
	}
}
