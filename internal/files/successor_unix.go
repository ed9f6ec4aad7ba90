//go:build unix

package files

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// NewSuccessor makes an empty file for what will be the contents of the regular file
// at path, or of that which a link there leads to. It has the owner and the mode of
// that one, and stands beside it. It returns nil where this cannot be: the file has
// other names, belongs to somebody else or cannot be written to, or its folder takes
// no files.
func NewSuccessor(path string) *Successor {
	target, err := filepath.EvalSymlinks(path)
	if err != nil || Check(target) != nil {
		return nil
	}
	// Who may write to a folder may replace what he must not write to.
	old, err := os.OpenFile(target, os.O_WRONLY|dontWait, 0)
	if err != nil {
		return nil
	}
	st, err := old.Stat()
	old.Close()
	if err != nil || !st.Mode().IsRegular() {
		return nil
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok || sys.Nlink != 1 {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(target), ".goheap-*")
	if err != nil {
		return nil
	}
	s := &Successor{f, target}
	if f.Chown(int(sys.Uid), int(sys.Gid)) != nil || f.Chmod(st.Mode()&(fs.ModePerm|fs.ModeSetuid|fs.ModeSetgid|fs.ModeSticky)) != nil {
		_ = s.Discard()
		return nil
	}
	return s
}
