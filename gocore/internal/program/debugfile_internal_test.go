package program

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"goheap/gocore/internal/symbols"
	"goheap/internal/testcore"
)

// An executable without build ids has the file that its link names, if the
// checksum is right; one with an id has the file under that id, before all others.
func TestDebugCandidates(t *testing.T) {
	if _, err := exec.LookPath("objcopy"); err != nil {
		t.Skip("objcopy is not installed; it comes with binutils")
	}
	objcopy := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("objcopy", args...).CombinedOutput(); err != nil {
			t.Fatalf("objcopy: %v\n%s", err, out)
		}
	}
	whole := testcore.Build(t, "quiet", testcore.Options{})
	dir, root := t.TempDir(), t.TempDir()
	full, bare := filepath.Join(dir, "full.debug"), filepath.Join(dir, "bare.debug")
	objcopy("--only-keep-debug", whole, full)
	objcopy("--remove-section=.note.gnu.build-id", "--remove-section=.note.go.buildid", full, bare)
	open := func(exe string) *Executable {
		t.Helper()
		b, err := os.ReadFile(exe)
		if err != nil {
			t.Fatal(err)
		}
		f, err := symbols.New(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		return &Executable{Path: exe, File: f, Free: func() {}}
	}

	exe := filepath.Join(dir, "exe")
	objcopy("--strip-all", "--add-gnu-debuglink="+bare, whole, exe)
	x := open(exe)
	id := x.File.BuildID
	if len(id) != 40 {
		t.Fatalf("build id %q", id)
	}
	var paths []string
	for _, c := range x.debugCandidates(root) {
		paths = append(paths, c.Path)
	}
	want := []string{
		filepath.Join(root, ".build-id", id[:2], id[2:]+".debug"),
		bare, filepath.Join(dir, ".debug", "bare.debug"), filepath.Join(root, dir, "bare.debug"), exe + ".debug", exe + ".twin",
	}
	if strings.Join(paths, "\n") != strings.Join(want, "\n") {
		t.Errorf("candidates\n%s\nwant\n%s", strings.Join(paths, "\n"), strings.Join(want, "\n"))
	}
	paths = nil
	env := map[string]string{"DEBUGINFOD_CACHE_PATH": "/cache", "HOME": "/home/u", "XDG_CACHE_HOME": "relative"}
	for _, c := range slices.Concat(x.debugCached(func(k string) string { return env[k] }), x.debugBeside("/cores")) {
		paths = append(paths, c.Path)
	}
	want = []string{
		"/cache/" + id + "/debuginfo", "/home/u/.cache/debuginfod_client/" + id + "/debuginfo", "/home/u/.debuginfod_client_cache/" + id + "/debuginfo",
		"/cores/.build-id/" + id[:2] + "/" + id[2:] + ".debug", "/cores/usr/lib/debug/.build-id/" + id[:2] + "/" + id[2:] + ".debug",
		"/cores/bare.debug", "/cores/.debug/bare.debug", "/cores/exe.debug", "/cores/exe.twin",
	}
	if strings.Join(paths, "\n") != strings.Join(want, "\n") {
		t.Errorf("candidates\n%s\nwant\n%s", strings.Join(paths, "\n"), strings.Join(want, "\n"))
	}
	if why, ok := x.tryDebug(debugCandidate{Path: full}); !ok || x.DebugPath != full || !x.File.HasDWARF() {
		t.Errorf("the file with the same build id is not taken: %s", why)
	}
	x.Close()

	// Without an id in the debug file its checksum decides.
	for _, test := range []struct {
		name string
		c    debugCandidate
		ok   bool
		says string
	}{
		{"by the link", x.debugCandidates(root)[1], true, ""},
		{"another sum", debugCandidate{bare, 1, true}, false, "checksum"},
		{"no sum", debugCandidate{Path: bare}, false, "no build id"},
		{"no file", debugCandidate{Path: filepath.Join(dir, "none")}, false, ""},
		{"itself", debugCandidate{Path: exe}, false, ""},
	} {
		y := open(exe)
		why, ok := y.tryDebug(test.c)
		if ok != test.ok || !strings.Contains(why, test.says) || ok != y.File.HasDWARF() {
			t.Errorf("%s: %t, %q", test.name, ok, why)
		}
		y.Close()
	}
}
