package gocore_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"goheap/dump"
	"goheap/gocore"
	"goheap/heap/heaptest"
	"goheap/internal/testcore"
)

// tool runs a program of binutils.
func tool(t *testing.T, name string, args ...string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed; it comes with binutils", name)
	}
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// told is what a process says of its objects, with their types.
func told(t *testing.T, opened *gocore.Process) string {
	t.Helper()
	p := analysed(t, opened)
	var b strings.Builder
	for _, n := range heaptest.Nodes(p.graph) {
		fmt.Fprintln(&b, n, p.Name(n), p.Type(n))
	}
	for i := range p.Goroutines() {
		fmt.Fprintln(&b, p.Frames(i))
	}
	return b.String()
}

// split copies an executable to dir/name and takes its debugging information out
// into debug, as packagers do.
func split(t *testing.T, exe, dir, name, debug string) (stripped string) {
	t.Helper()
	stripped = filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(debug), 0o777); err != nil {
		t.Fatal(err)
	}
	clone(t, stripped, exe)
	tool(t, "objcopy", "--only-keep-debug", exe, debug)
	tool(t, "objcopy", "--strip-all", stripped)
	return stripped
}

// Wherever the debugging information stands, the same is said of the same core.
func TestDebugFile(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("DEBUGINFOD_CACHE_PATH", cache)
	for _, version := range []string{"", "go1.22.12"} { // before Go 1.24 there is no GNU build id
		good := testcore.Core(t, "quiet", testcore.Options{Go: version}, testcore.Kernel)
		plain, err := gocore.Open(t.Context(), good.Core, gocore.Options{})
		if err != nil {
			t.Fatal(err)
		}
		want := told(t, plain)
		if strings.Count(want, "\n") < 1000 {
			t.Fatalf("the process tells this: %s", want)
		}
		if s := plain.Source(); s.DebugFile != "" {
			t.Errorf("a whole executable has its debugging information in %s", s.DebugFile)
		}
		plain.Close()
		for _, c := range []struct {
			name string
			make func(t *testing.T, dir string) (opt gocore.Options, debug string)
		}{
			{"beside", func(t *testing.T, dir string) (gocore.Options, string) {
				debug := filepath.Join(dir, "quiet.debug")
				return gocore.Options{Exe: split(t, good.Exe, dir, "quiet", debug)}, debug
			}},
			{"link", func(t *testing.T, dir string) (gocore.Options, string) {
				debug := filepath.Join(dir, ".debug", "information")
				exe := split(t, good.Exe, dir, "quiet", debug)
				tool(t, "objcopy", "--add-gnu-debuglink="+debug, exe)
				return gocore.Options{Exe: exe}, debug
			}},
			{"link to the executable", func(t *testing.T, dir string) (gocore.Options, string) {
				debug := filepath.Join(dir, "real", "information")
				exe := split(t, good.Exe, filepath.Dir(debug), "quiet", debug)
				tool(t, "objcopy", "--add-gnu-debuglink="+debug, exe)
				link := filepath.Join(dir, "quiet")
				if err := os.Symlink(exe, link); err != nil {
					t.Fatal(err)
				}
				return gocore.Options{Exe: link}, debug
			}},
			{"given", func(t *testing.T, dir string) (gocore.Options, string) {
				debug := filepath.Join(dir, "elsewhere", "d")
				return gocore.Options{Exe: split(t, good.Exe, dir, "quiet", debug), Debug: debug}, debug
			}},
			{"unstripped copy", func(t *testing.T, dir string) (gocore.Options, string) {
				return gocore.Options{Exe: split(t, good.Exe, dir, "quiet", filepath.Join(dir, "x")), Debug: good.Exe}, good.Exe
			}},
			{"cached by a client of debuginfod", func(t *testing.T, dir string) (gocore.Options, string) {
				id := plain.Source().BuildID
				if plain.Source().BuildIDKind != "gnu" {
					id = "none"
				}
				debug := filepath.Join(cache, id, "debuginfo")
				exe := split(t, good.Exe, dir, "quiet", debug)
				if id == "none" {
					return gocore.Options{Exe: exe, Debug: debug}, debug
				}
				return gocore.Options{Exe: exe}, debug
			}},
			{"compressed", func(t *testing.T, dir string) (gocore.Options, string) {
				debug := filepath.Join(dir, "quiet.debug")
				exe := split(t, good.Exe, dir, "quiet", debug)
				tool(t, "objcopy", "--compress-debug-sections=zlib", debug)
				return gocore.Options{Exe: exe}, debug
			}},
		} {
			t.Run(c.name+" "+version, func(t *testing.T) {
				opt, debug := c.make(t, t.TempDir())
				p, err := gocore.Open(t.Context(), good.Core, opt)
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				if got := told(t, p); got != want {
					t.Error("another executable with the same debugging information tells another story")
				}
				if s := p.Source(); s.DebugFile != debug || !s.Complete || len(p.Problems()) > 0 {
					t.Errorf("debug file %q, want %q; problems %v", s.DebugFile, debug, p.Problems())
				}
			})
		}
	}
}

// A debug file of another build is refused with both build ids, or passed over.
func TestWrongDebugFile(t *testing.T) {
	t.Parallel()
	good := testcore.Core(t, "quiet", testcore.Options{}, testcore.Kernel)
	other := testcore.Build(t, "quiet", testcore.Options{Flags: []string{"-gcflags=all=-N -l"}})
	dir := t.TempDir()
	exe := split(t, good.Exe, dir, "quiet", filepath.Join(dir, "right"))
	ids := []string{buildID(t, good.Exe), buildID(t, other)}
	warned(t, good.Core, gocore.Options{Exe: exe}, exe, "--debug")
	refused(t, good.Core, gocore.Options{Exe: exe, Debug: other}, gocore.ErrWrongDebug, append(ids, exe, other, "--force")...)
	refused(t, good.Core, gocore.Options{Exe: exe, Debug: filepath.Join(dir, "none")}, gocore.ErrNoDWARF, "--debug", "does not exist")
	refused(t, good.Core, gocore.Options{Exe: exe, Debug: dir}, gocore.ErrNoDWARF, "--debug", "directory")
	refused(t, good.Core, gocore.Options{Exe: exe, Debug: good.Core}, gocore.ErrNoDWARF, "--debug")
	refused(t, good.Core, gocore.Options{Exe: exe, Debug: exe}, gocore.ErrNoDWARF, "--debug")

	split(t, other, t.TempDir(), "quiet", filepath.Join(dir, "quiet.debug"))
	warned(t, good.Core, gocore.Options{Exe: exe}, append(ids, exe, "quiet.debug is there", "--debug")...)

	p, err := gocore.Open(t.Context(), good.Core, gocore.Options{Exe: exe, Debug: other, Force: true})
	if err != nil {
		sentence(t, err)
		return
	}
	defer p.Close()
	survey(t, p)
	if p.Source().Complete {
		t.Error("a core read by another build's types is said to be complete")
	}
	if pr := p.Problems(); len(pr) == 0 || pr[0].Severity != dump.Error || !strings.Contains(pr[0].Message, "build id") {
		t.Errorf("problems %+v", pr)
	}
}

// buildID is the GNU build id by the word of readelf.
func buildID(t *testing.T, exe string) string {
	t.Helper()
	out, err := exec.Command("readelf", "-n", exe).Output()
	if err != nil {
		t.Skipf("readelf: %v", err)
	}
	_, id, _ := strings.Cut(string(out), "Build ID: ")
	id, _, _ = strings.Cut(id, "\n")
	if id == "" {
		t.Fatalf("%s has no build id", exe)
	}
	return id
}
