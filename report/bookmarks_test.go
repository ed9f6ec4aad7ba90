package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// marked is a Snapshot of a dump in a directory of its own.
func marked(t *testing.T, path string, bytes int64) *Snapshot {
	t.Helper()
	f := blockstore()
	f.File.Path, f.File.Bytes = path, bytes
	return analyse(t, f)
}

func (b *Bookmarks) saved(t *testing.T) string {
	t.Helper()
	path, err := b.Save()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBookmarks(t *testing.T) {
	dir, state := t.TempDir(), filepath.Join(t.TempDir(), "goheap")
	core := filepath.Join(dir, "core.1")
	s := marked(t, core, 100)
	b, err := s.Bookmarks(state)
	if err != nil || len(b.List) != 0 {
		t.Fatalf("before the first save: %v, %v", b.List, err)
	}
	want := []Bookmark{
		{Place: "object:0xc000100000", Address: 0xc000100000, What: "main.memStorage", Note: "who fills this?\n\"" + hostile},
		{Place: "types?filter=Block"},
	}
	b.Set(Bookmark{Place: want[0].Place, Note: "old"})
	b.Set(want[1])
	b.Set(want[0])
	b.Set(Bookmark{Place: "gone"})
	b.Remove("gone")
	if path := b.saved(t); path != core+".goheap.json" {
		t.Errorf("saved in %s", path)
	}
	text, err := os.ReadFile(core + ".goheap.json")
	if err != nil || !strings.Contains(string(text), `"address": "0xc000100000"`) || !strings.Contains(string(text), `"address": null`) {
		t.Errorf("%v, %s", err, text)
	}
	again, err := s.Bookmarks(state)
	// JSON has no invalid UTF-8.
	want[0].Note = strings.ToValidUTF8(want[0].Note, "\ufffd")
	if diff := cmp.Diff(want, again.List); err != nil || diff != "" {
		t.Errorf("read back: %v (-want +got)\n%s", err, diff)
	}

	// The dump is moved with its bookmarks.
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.WriteFile(moved+".goheap.json", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err := marked(t, moved, 100).Bookmarks(state); err != nil || len(b.List) != 2 {
		t.Errorf("moved: %v, %v", b.List, err)
	}

	// Another dump of the same name has none of these, and keeps the file.
	other, err := marked(t, core, 101).Bookmarks(state)
	if err == nil || !strings.Contains(err.Error(), "another dump") || len(other.List) != 0 {
		t.Errorf("of another dump: %v, %v", other.List, err)
	}
	other.Set(Bookmark{Place: "new"})
	other.saved(t)
	if kept, err := os.ReadFile(core + ".goheap.json.old"); err != nil || string(kept) != string(text) {
		t.Errorf("the old file is gone: %v", err)
	}
}

// Where nothing can be written beside the dump, the state directory has it.
func TestBookmarksElsewhere(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state", "goheap")
	core := filepath.Join(t.TempDir(), "gone", "core.1")
	for _, bytes := range []int64{100, 200} {
		s := marked(t, core, bytes)
		b, err := s.Bookmarks(state)
		if err != nil || len(b.List) != 0 {
			t.Fatalf("%v, %v", b.List, err)
		}
		b.Set(Bookmark{Place: "here"})
		if path := b.saved(t); filepath.Dir(path) != state {
			t.Errorf("saved in %s", path)
		}
		if b, err = s.Bookmarks(state); err != nil || len(b.List) != 1 {
			t.Errorf("read back: %v, %v", b.List, err)
		}
		if b, err = s.Bookmarks(""); err != nil || len(b.List) != 0 {
			t.Errorf("without a state directory: %v, %v", b.List, err)
		} else if _, err := b.Save(); err == nil || !strings.Contains(err.Error(), "not saved") {
			t.Errorf("saved nowhere: %v", err)
		}
	}
	t.Setenv("XDG_STATE_HOME", "/state")
	if got := StateDir(); got != "/state/goheap" {
		t.Errorf("StateDir() = %s", got)
	}
	t.Setenv("XDG_STATE_HOME", "relative")
	t.Setenv("HOME", "/home/me")
	if got := StateDir(); got != "/home/me/.local/state/goheap" {
		t.Errorf("StateDir() = %s", got)
	}
}

// A damaged file is a message, whatever is in it.
func FuzzBookmarks(f *testing.F) {
	f.Add([]byte(`{"schema":"goheap/bookmarks/1","dump":{"path":"x","bytes":1,"build_id":"abcd"},"bookmarks":[{"place":"p","address":"0x10","note":null}]}`))
	f.Add([]byte(`{"schema":"goheap/bookmarks/1","dump":{"bytes":1,"build_id":"abcd"},"bookmarks":[{"address":12}]}`))
	f.Add([]byte(`{"schema":"goheap/bookmarks/2"}`))
	f.Add([]byte("\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "core")
		if err := os.WriteFile(path+bookmarksSuffix, data, 0o600); err != nil {
			t.Fatal(err)
		}
		b := &Bookmarks{id: dumpIdentity{path, 1, "abcd"}, places: []string{path + bookmarksSuffix}}
		list, err := b.read(b.places[0])
		if err != nil && list != nil {
			t.Error("an error and bookmarks")
		}
		b.List = list
		if _, err := b.Save(); err != nil {
			t.Fatal(err)
		}
		if again, err := b.read(b.places[0]); err != nil || len(again) != len(list) {
			t.Errorf("%d bookmarks became %d, %v", len(list), len(again), err)
		}
	})
}

// What would be too large to be read is not written.
func TestBookmarksTooLarge(t *testing.T) {
	core := filepath.Join(t.TempDir(), "core.1")
	b, err := marked(t, core, 100).Bookmarks("")
	if err != nil {
		t.Fatal(err)
	}
	b.Set(Bookmark{Place: "here", Note: strings.Repeat("x", maxBookmarksFile)})
	if _, err := b.Save(); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("saved: %v", err)
	}
	if _, err := os.Stat(core + bookmarksSuffix); err == nil {
		t.Error("there is a file")
	}
}
