//go:build !unix

package files

import "os"

// Successor is a file that will stand in the place of another one.
type Successor struct{ *os.File }

// NewSuccessor returns nil: on this system no file is replaced as a whole.
func NewSuccessor(path string) *Successor { return nil }

// Commit is not called.
func (s *Successor) Commit() error { return nil }

// Discard is not called.
func (s *Successor) Discard() error { return nil }
