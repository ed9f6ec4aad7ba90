//go:build unix

package files

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// others makes one of each kind of file that is no regular one, and links to them.
func others(t *testing.T) map[string]string {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := unix.Mkfifo(at("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(at("folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", at("socket"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	paths := map[string]string{at("pipe"): "named pipe", at("folder"): "directory", at("socket"): "socket", "/dev/zero": "device", "/dev/tty": "device"}
	for path, what := range paths {
		link := at("link to " + filepath.Base(path))
		if err := os.Symlink(path, link); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(path, dir) {
			paths[link] = what
		}
	}
	for _, name := range []string{"pipe", "folder", "socket"} {
		paths[at("link to "+name)] = paths[at(name)]
	}
	return paths
}

// What is no regular file is neither read nor replaced, and nobody waits for it.
func TestOthers(t *testing.T) {
	for path, what := range others(t) {
		before, err := os.Lstat(path)
		if err != nil {
			if path == "/dev/tty" || filepath.Base(path) == "link to tty" {
				continue // not everywhere
			}
			t.Fatal(err)
		}
		for verb, err := range map[string]error{
			"Open":    func() error { _, _, err := Open(path); return err }(),
			"Read":    func() error { _, err := Read(path, 10); return err }(),
			"Replace": Replace(path, []byte("x")),
			"Check":   Check(path),
		} {
			if !errors.Is(err, ErrNotRegular) || !strings.Contains(err.Error(), what) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s %s: %v", verb, path, err)
			}
		}
		if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
			t.Errorf("%s is another file: %v", path, err)
		}
	}
}

// A pipe that comes between the look and the opening does not hold it either.
func TestOpenPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|dontWait, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}

// Files of /proc say that they are regular and empty; empty files are.
func TestNoSize(t *testing.T) {
	for _, path := range []string{"/proc/self/mem", "/proc/self/maps", "/proc/version"} {
		if _, err := os.Stat(path); err != nil {
			continue // Linux alone has them
		}
		if _, _, err := Open(path); !errors.Is(err, ErrNotRegular) || !strings.Contains(err.Error(), "has no size") {
			t.Errorf("%s: %v", path, err)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f, size, err := Open(empty)
	if err != nil || size != 0 {
		t.Fatalf("an empty file: %d bytes, %v", size, err)
	}
	f.Close()
}

func TestReplace(t *testing.T) {
	dir := t.TempDir()
	path, target := filepath.Join(dir, "file"), filepath.Join(dir, "target")
	for _, prepare := range []func() error{
		func() error { return nil },
		func() error { return os.WriteFile(path, []byte("old"), 0o644) },
		func() error { return errors.Join(os.WriteFile(target, []byte("old"), 0o644), os.Symlink(target, path)) },
		func() error { return os.Symlink(filepath.Join(dir, "nowhere"), path) },
	} {
		if err := errors.Join(os.RemoveAll(path), prepare()); err != nil {
			t.Fatal(err)
		}
		if err := Replace(path, []byte("new")); err != nil {
			t.Fatal(err)
		}
		st, err := os.Lstat(path)
		if err != nil || st.Mode() != 0o600 {
			t.Errorf("mode %v, %v", st.Mode(), err)
		}
		if data, err := Read(path, 3); err != nil || string(data) != "new" {
			t.Errorf("%q, %v", data, err)
		}
	}
	if data, err := os.ReadFile(target); err != nil || string(data) != "old" {
		t.Errorf("the link was followed: %q, %v", data, err)
	}
	if _, err := Read(path, 2); err == nil || !strings.Contains(err.Error(), "more than 2 bytes") {
		t.Errorf("too large: %v", err)
	}
	if _, err := Read(filepath.Join(dir, "none"), 2); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if err := Replace(filepath.Join(dir, "none", "file"), nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".goheap-*")); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}
