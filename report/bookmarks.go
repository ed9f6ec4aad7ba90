package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"goheap/internal/files"
)

// Bookmark is a place in a dump that a person wants to come back to.
type Bookmark struct {
	Place   string  `json:"place"`   // a location as the viewer writes it, or a TARGET
	Address Address `json:"address"` // of the object there; 0 for none
	What    string  `json:"what"`    // what stood there: name and type
	Note    string  `json:"note"`
}

// Bookmarks are those of one dump. They are kept beside it, in a file of its name
// with ".goheap.json" added, or where that cannot be written in the user's state
// directory. They are not safe for concurrent use.
type Bookmarks struct {
	List []Bookmark // in the order in which they were made

	id     dumpIdentity
	places []string // files to try, in this order
}

// dumpIdentity tells dumps apart. The path counts only in a directory that many
// dumps share: a dump may be moved with its bookmarks.
type dumpIdentity struct {
	Path    string `json:"path"`
	Bytes   int64  `json:"bytes"`
	BuildID string `json:"build_id"`
}

func (a dumpIdentity) same(b dumpIdentity) bool { return a.Bytes == b.Bytes && a.BuildID == b.BuildID }

// bookmarksFile is the content of the file. Places are hints in words: what is
// wrong with one is said when somebody goes there.
type bookmarksFile struct {
	Schema    string       `json:"schema"`
	Dump      dumpIdentity `json:"dump"`
	Bookmarks []Bookmark   `json:"bookmarks"`
}

const (
	bookmarksSchema  = "goheap/bookmarks/1"
	bookmarksSuffix  = ".goheap.json"
	maxBookmarksFile = 1 << 22 // bytes
	maxBookmarks     = 10_000
)

// StateDir is where the user's programs keep their state: $XDG_STATE_HOME/goheap,
// else ~/.local/state/goheap, as the XDG base directory specification has it; ""
// where there is neither.
func StateDir() string {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "goheap")
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "state", "goheap")
	}
	return ""
}

// Bookmarks reads the bookmarks of the dump; there are none before the first Save.
// State is StateDir, or "" for nothing but the file beside the dump. An error is
// one to be shown: the bookmarks are there all the same, without those of the file
// that it is about.
func (s *Snapshot) Bookmarks(state string) (*Bookmarks, error) {
	source := s.Process.Source()
	path, err := filepath.Abs(source.Path)
	if err != nil {
		path = source.Path
	}
	b := &Bookmarks{id: dumpIdentity{path, source.Bytes, source.BuildID}, places: []string{path + bookmarksSuffix}}
	if state != "" {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d\x00%s", path, source.Bytes, source.BuildID))
		b.places = append(b.places, filepath.Join(state, fmt.Sprintf("%s-%x%s", filepath.Base(path), sum[:8], bookmarksSuffix)))
	}
	var problems []error
	for _, place := range b.places {
		list, err := b.read(place)
		if err == nil {
			b.List = list
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, fmt.Errorf("bookmarks in %s are not used: %w", place, err))
		}
	}
	return b, errors.Join(problems...)
}

// read returns the bookmarks in a file.
func (b *Bookmarks) read(path string) ([]Bookmark, error) {
	data, err := files.Read(path, maxBookmarksFile)
	if err != nil {
		return nil, err
	}
	var content bookmarksFile
	if err := json.Unmarshal(data, &content); err != nil {
		return nil, err
	}
	switch {
	case content.Schema != bookmarksSchema:
		return nil, fmt.Errorf("the file says it is %q, not %q", Printable(content.Schema), bookmarksSchema)
	case !content.Dump.same(b.id):
		return nil, fmt.Errorf("they belong to another dump, of %d bytes and build id %q", content.Dump.Bytes, Printable(content.Dump.BuildID))
	case len(content.Bookmarks) > maxBookmarks:
		return nil, fmt.Errorf("there are %d of them, more than %d", len(content.Bookmarks), maxBookmarks)
	}
	return content.Bookmarks, nil
}

// Set adds a bookmark, or replaces the one of the same place, and reports whether
// there is room for it.
func (b *Bookmarks) Set(mark Bookmark) bool {
	i := slices.IndexFunc(b.List, func(have Bookmark) bool { return have.Place == mark.Place })
	switch {
	case i >= 0:
		b.List[i] = mark
	case len(b.List) >= maxBookmarks:
		return false
	default:
		b.List = append(b.List, mark)
	}
	return true
}

// Remove drops the bookmark of a place, if there is one.
func (b *Bookmarks) Remove(place string) {
	b.List = slices.DeleteFunc(b.List, func(have Bookmark) bool { return have.Place == place })
}

// Save writes the bookmarks where they can be written, and says where. The file
// is replaced as a whole; what stood there and was not used is kept with ".old"
// added to its name, if it is a file: pipes, devices and folders are left alone. A place that comes before the one that was written to, and
// has bookmarks of this dump, would hide it, and is an error.
func (b *Bookmarks) Save() (path string, err error) {
	content := bookmarksFile{bookmarksSchema, b.id, b.List}
	if content.Bookmarks == nil {
		content.Bookmarks = []Bookmark{}
	}
	var data bytes.Buffer
	if err := WriteJSON(&data, content); err != nil {
		return "", err
	}
	if data.Len() > maxBookmarksFile {
		return "", fmt.Errorf("bookmarks are not saved: they are larger than %s; drop some, or shorten their notes", HumanBytes(maxBookmarksFile))
	}
	var problems []error
	for _, place := range b.places {
		if err := b.write(place, data.Bytes()); err == nil {
			return place, nil
		} else {
			problems = append(problems, err)
		}
		if _, err := b.read(place); err == nil {
			break
		}
	}
	return "", fmt.Errorf("bookmarks are not saved: %w", errors.Join(problems...))
}

func (b *Bookmarks) write(path string, data []byte) error {
	if path != b.places[0] { // the dump's own directory is there or is gone
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
	}
	if _, err := b.read(path); err != nil && !errors.Is(err, fs.ErrNotExist) && files.Check(path) == nil {
		if err := os.Rename(path, path+".old"); err != nil {
			return err
		}
	}
	return files.Replace(path, data)
}
