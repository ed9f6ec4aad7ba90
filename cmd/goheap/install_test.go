package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// make install puts everything below PREFIX, and that below DESTDIR; what is there works,
// and make uninstall leaves nothing of it.
func TestInstall(t *testing.T) {
	for _, name := range []string{"make", "install"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is not installed", name)
		}
	}
	dir := t.TempDir()
	dest := filepath.Join(dir, "dest")
	run := func(name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = "../.."
		cmd.Env = append(os.Environ(), "MAKEFLAGS=", "LC_ALL=C", "MANPAGER=cat", "MANWIDTH=80")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s %q: %v\n%s", name, args, err, out)
		}
		return string(out)
	}
	vars := []string{"BIN=" + filepath.Join(dir, "bin"), "DESTDIR=" + dest, "PREFIX=/opt/goheap"}
	run("make", append(vars, "install")...)

	want := []string{"opt/goheap/bin/goheap", "opt/goheap/share/bash-completion/completions/goheap",
		"opt/goheap/share/fish/vendor_completions.d/goheap.fish", "opt/goheap/share/zsh/site-functions/_goheap"}
	manual := "opt/goheap/share/man/man1/"
	for _, verb := range new(command).root().Commands() {
		if !verb.Hidden {
			want = append(want, manual+"goheap-"+verb.Name()+".1")
		}
	}
	want = append(want, manual+"goheap.1")
	slices.Sort(want)
	files := func() (list []string) {
		err := fs.WalkDir(os.DirFS(dest), ".", func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				list = append(list, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	// Cobra's verb that prints completions has pages too.
	has := slices.DeleteFunc(files(), func(path string) bool { return strings.HasPrefix(path, manual+"goheap-completion") })
	if !slices.Equal(has, want) {
		t.Errorf("installed are %q, want %q", has, want)
	}

	at := func(path string) string { return filepath.Join(dest, filepath.FromSlash(path)) }
	if out := run(at(want[0]), "--version"); !strings.HasPrefix(out, "goheap ") {
		t.Errorf("the program says %q", out)
	}
	for path, says := range map[string]string{
		want[1]:           "complete -o default -F __start_goheap goheap",
		want[2]:           "complete -c goheap",
		want[len(want)-1]: "#compdef goheap",
	} {
		b, err := os.ReadFile(at(path))
		if err != nil || !strings.Contains(string(b), says) {
			t.Errorf("%s does not say %q: %v", path, says, err)
		}
	}
	for name, args := range map[string][]string{"bash": {"-n", at(want[1])}, "fish": {"-n", at(want[2])}, "zsh": {"-n", at(want[len(want)-1])}} {
		if _, err := exec.LookPath(name); err != nil {
			t.Logf("%s is not installed: its completions are not read", name)
			continue
		}
		run(name, args...)
	}
	if _, err := exec.LookPath("man"); err == nil {
		overstrike := regexp.MustCompile(".\b|\x1b\\[[0-9;]*m")
		for _, page := range []string{"goheap.1", "goheap-why.1"} {
			if out := overstrike.ReplaceAllString(run("man", "-l", at(manual+page)), ""); !strings.Contains(out, "SYNOPSIS") || !strings.Contains(out, "--exe") {
				t.Errorf("man shows of %s:\n%s", page, out)
			}
		}
	} else {
		t.Log("man is not installed: the pages are not read")
	}

	run("make", append(vars, "uninstall")...)
	if left := files(); left != nil {
		t.Errorf("make uninstall leaves %q", left)
	}
}
