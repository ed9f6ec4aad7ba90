package gocore_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"goheap/dump"
	"goheap/gocore"
	"goheap/internal/testcore"
)

// The executable is found beside the dump, by the beginning of the dump's name or
// by what it is; another program is not taken for it.
func TestHeapDumpBeside(t *testing.T) {
	good := testcore.Core(t, "quiet", testcore.Options{}, testcore.HeapDump)
	other := testcore.Build(t, "typed", testcore.Options{})
	for _, test := range []struct {
		name  string
		dump  string
		files map[string]string
		want  string
	}{
		{"by name", "server.heap", map[string]string{"server": good.Exe, "aaa": other}, "server"},
		{"by what it is", "heap", map[string]string{"aaa": other, "program": good.Exe}, "program"},
		{"another alone", "typed.heap", map[string]string{"typed": other}, ""},
		{"none", "heap", nil, ""},
	} {
		dir := t.TempDir()
		links := map[string]string{test.dump: good.Heap}
		for name, file := range test.files {
			links[name] = file
		}
		for name, file := range links {
			if err := os.Symlink(file, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		p, err := gocore.Open(t.Context(), filepath.Join(dir, test.dump), gocore.Options{})
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		got := p.Source().Executable
		if test.want == "" && got != "" || test.want != "" && got != filepath.Join(dir, test.want) {
			t.Errorf("%s: the executable is %q, want %q", test.name, got, test.want)
		}
		if test.want == "" != slices.ContainsFunc(p.Problems(), func(pr gocore.Problem) bool { return pr.Severity == dump.Warning }) {
			t.Errorf("%s: problems %+v", test.name, p.Problems())
		}
		p.Close()
	}
}

// An executable that is given and not the program's is refused, by a sentence that
// says why.
func TestHeapDumpWrongExecutable(t *testing.T) {
	t.Parallel()
	good := testcore.Core(t, "quiet", testcore.Options{}, testcore.HeapDump)
	pie := testcore.Core(t, "quiet", testcore.Options{PIE: true}, testcore.HeapDump)
	for _, test := range []struct {
		name, heap, exe string
		is              error
		says            string
	}{
		{"another program", good.Heap, testcore.Build(t, "typed", testcore.Options{}), gocore.ErrWrongExecutable, "that of the dump is at"},
		{"another program, with a bias", pie.Heap, testcore.Build(t, "typed", testcore.Options{PIE: true}), gocore.ErrWrongExecutable, "the dump"},
		{"not optimised", good.Heap, testcore.Build(t, "quiet", testcore.Options{Flags: []string{"-gcflags=all=-N -l"}}), gocore.ErrWrongExecutable, "it is another build"},
		{"another version", good.Heap, testcore.Build(t, "quiet", testcore.Options{Go: "go1.27.0"}), gocore.ErrWrongExecutable, "it was built by go1.27.0, the program of the dump by go1.26.8"},
		{"position-independent", good.Heap, pie.Exe, gocore.ErrWrongExecutable, "another build"},
		{"another program, stripped", good.Heap, bare(t, testcore.Build(t, "typed", testcore.Options{}), testcore.Symbols), gocore.ErrWrongExecutable, "that of the dump is at"},
		{"another program, stripped, with a bias", pie.Heap, bare(t, testcore.Build(t, "typed", testcore.Options{PIE: true}), testcore.Symbols), gocore.ErrWrongExecutable, "the dump"},
		{"another version, stripped", good.Heap, bare(t, testcore.Build(t, "quiet", testcore.Options{Go: "go1.27.0"}), testcore.Symbols), gocore.ErrWrongExecutable, "it was built by go1.27.0, the program of the dump by go1.26.8"},
		{"position-independent, without sections", pie.Heap, sectionless(t, pie.Exe), gocore.ErrNoDWARF, "places in its data look like"},
		{"missing", good.Heap, "/no/such/file", gocore.ErrNoExecutable, "does not exist here"},
		{"no program", good.Heap, good.Heap, gocore.ErrNoExecutable, "is no program"},
	} {
		p, err := gocore.Open(t.Context(), test.heap, gocore.Options{Exe: test.exe})
		if err == nil {
			p.Close()
		}
		if !errors.Is(err, test.is) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want one of %v that says %q", test.name, err, test.is, test.says)
			continue
		}
		sentence(t, err)
	}
	p, err := gocore.Open(t.Context(), good.Heap, gocore.Options{Exe: testcore.Build(t, "typed", testcore.Options{}), Force: true})
	if err != nil {
		sentence(t, err) // what --force reads may make no sense at all
	} else {
		defer p.Close()
		if p.Source().Complete || !slices.ContainsFunc(p.Problems(), func(pr gocore.Problem) bool { return strings.Contains(pr.Message, "--force") }) {
			t.Errorf("with --force: complete %t, %+v", p.Source().Complete, p.Problems())
		}
	}
	if _, err := os.Stat("/no/such/file"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the file that should be missing is there")
	}
}
