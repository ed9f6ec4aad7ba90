// Package files opens and replaces files that others may have put anything in
// place of: pipes, devices, folders, links to these. Nothing in it waits for a
// pipe's other end, and nothing is read or written but regular files.
package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrNotRegular says that a path leads to something that is no regular file.
var ErrNotRegular = errors.New("not a regular file")

// Open opens the regular file at path, or that a link there leads to, for reading
// and returns its size. Files that the kernel makes when they are read are none.
func Open(path string) (*os.File, int64, error) {
	// To open some devices has effects: what is none is found out before, and
	// whether it still is none, after.
	st, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if err := regular(path, st); err != nil {
		return nil, 0, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|dontWait, 0)
	if err != nil {
		return nil, 0, err
	}
	st, err = f.Stat()
	if err == nil {
		err = regular(path, st)
	}
	if err == nil && st.Size() == 0 {
		var b [1]byte
		if n, at := f.ReadAt(b[:], 0); n > 0 || at != io.EOF {
			err = fmt.Errorf("%s: %w: it has no size, as files of /proc and /sys have none", path, ErrNotRegular)
		}
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, st.Size(), nil
}

// Check returns what Open would say against the kind of file that path leads to,
// nil also where nothing is there.
func Check(path string) error {
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return regular(path, st)
}

func regular(path string, st fs.FileInfo) error {
	if st.Mode().IsRegular() {
		return nil
	}
	return fmt.Errorf("%s: %w: it is %s", path, ErrNotRegular, kind(st.Mode()))
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a directory"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "something else"
}

// Read returns the contents of the regular file at path, of at most limit bytes.
func Read(path string, limit int64) ([]byte, error) {
	f, size, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if size <= limit {
		// The file may grow.
		data, err := io.ReadAll(io.LimitReader(f, limit+1))
		if err != nil || int64(len(data)) <= limit {
			return data, err
		}
	}
	return nil, fmt.Errorf("%s has more than %d bytes", path, limit)
}

// Replace makes data the contents of the file at path as a whole: who reads it
// meanwhile sees the old contents or the new. The file is new, of mode 0600; a link
// at path is replaced, not followed. What is no regular file, by itself or through a
// link, stays, and is an error.
func Replace(path string, data []byte) error {
	if err := Check(path); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".goheap-*")
	if err != nil {
		return err
	}
	next := &Successor{f, path}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, next.Discard())
	}
	return next.Commit()
}
