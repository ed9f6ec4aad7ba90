//go:build unix

package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Whatever stands in the place of the bookmarks, nobody waits for it, it is told,
// and it stays; the bookmarks are in the state directory then.
func TestBookmarksInTheWay(t *testing.T) {
	link := func(to func(path string) error) func(path string) error {
		return func(path string) error {
			if err := to(path + ".target"); err != nil {
				return err
			}
			return os.Symlink(path+".target", path)
		}
	}
	pipe := func(path string) error { return unix.Mkfifo(path, 0o600) }
	folder := func(path string) error { return os.Mkdir(path, 0o700) }
	for name, test := range map[string]struct {
		put   func(path string) error
		says  string
		moved bool // to .old
	}{
		"pipe":           {pipe, "named pipe", false},
		"link to pipe":   {link(pipe), "named pipe", false},
		"folder":         {folder, "directory", false},
		"link to folder": {link(folder), "directory", false},
		"device":         {func(path string) error { return os.Symlink("/dev/zero", path) }, "device", false},
		"loop":           {func(path string) error { return os.Symlink(path, path) }, "symbolic links", false},
		"huge": {func(path string) error {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				return err
			}
			return os.Truncate(path, 1<<40)
		}, "more than", true},
	} {
		t.Run(name, func(t *testing.T) {
			core, state := filepath.Join(t.TempDir(), "core.1"), t.TempDir()
			path := core + bookmarksSuffix
			if err := test.put(path); err != nil {
				t.Fatal(err)
			}
			before, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			b, err := marked(t, core, 100).Bookmarks(state)
			if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("read: %v, want %q", err, test.says)
			}
			b.Set(Bookmark{Place: "here"})
			saved := b.saved(t)
			if test.moved {
				if saved != path {
					t.Errorf("saved in %s", saved)
				}
				path += ".old"
			} else if filepath.Dir(saved) != state {
				t.Errorf("saved in %s", saved)
			}
			if after, err := os.Lstat(path); err != nil || !os.SameFile(before, after) {
				t.Errorf("what stood in the way is gone: %v", err)
			}
			if st, err := os.Lstat(saved); err != nil || st.Mode() != 0o600 {
				t.Errorf("mode %v, %v", st.Mode(), err)
			}
			if b, _ = marked(t, core, 100).Bookmarks(state); len(b.List) != 1 {
				t.Errorf("read back: %v", b.List)
			}
		})
	}
}
