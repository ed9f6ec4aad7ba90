package main

import (
	"context"
	"fmt"

	"goheap/internal/files"
	"goheap/report"
)

// readFiles are the files that a verb reads. Most of what is in them is checked once
// and read from a mapping many times: what somebody writes to them meanwhile is no
// reason to call a wrong answer right, or what it leads to a bug.
type readFiles []files.Stamp

func (r *readFiles) add(paths ...string) {
	for _, path := range paths {
		if s, ok := files.StampOf(path); ok && path != "" {
			*r = append(*r, s)
		}
	}
}

// changed is an error about the first of the files that was written to, nil if none was.
func (r readFiles) changed() error {
	for _, s := range r {
		if s.Changed() {
			return fmt.Errorf("%s: %w: nothing that was said of it can be relied on: open it again when it is at rest", s.Path, report.ErrChanged)
		}
	}
	return nil
}

// noting is load, which adds what it reads to r. The executable's name stands in the
// core: it counts from when it has been read.
func (r *readFiles) noting(load loader) loader {
	return func(ctx context.Context, path string, opt report.Options) (*report.Snapshot, error) {
		r.add(path, opt.Exe, opt.Debug)
		s, err := load(ctx, path, opt)
		if err == nil {
			source := s.Process.Source()
			r.add(source.Executable, source.DebugFile)
		}
		return s, err
	}
}
