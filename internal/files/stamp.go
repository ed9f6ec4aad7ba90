package files

import "os"

// A Stamp is what the file system says of a file before it is read.
type Stamp struct {
	Path string
	info os.FileInfo
}

// StampOf returns the stamp of the file at path, and false where there is none.
func StampOf(path string) (Stamp, bool) {
	info, err := os.Stat(path)
	return Stamp{path, info}, err == nil
}

// Changed reports whether somebody has written to the file since. Another file in its
// place says nothing of the one that was opened.
func (s Stamp) Changed() bool {
	now, err := os.Stat(s.Path)
	return err == nil && os.SameFile(s.info, now) && (now.Size() != s.info.Size() || !now.ModTime().Equal(s.info.ModTime()))
}
