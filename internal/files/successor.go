package files

import (
	"errors"
	"os"
)

// Successor is a file that will stand in the place of another one.
type Successor struct {
	*os.File
	target string
}

// Commit puts the successor into its place.
func (s *Successor) Commit() error {
	err := s.Close() // some file systems tell only here what they could not write
	if err == nil {
		err = os.Rename(s.Name(), s.target)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(s.Name()))
	}
	return err
}

// Discard removes the successor. The other file stays as it is.
func (s *Successor) Discard() error { return errors.Join(s.Close(), os.Remove(s.Name())) }
