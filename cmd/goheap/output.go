package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"goheap/internal/files"
)

// checkOutput looks at --output before any work is done: its folder must be
// there, and it must be none of the files that are read.
func (c *command) checkOutput(path string) error {
	if c.flags.output == "-" {
		return nil
	}
	if _, err := os.Stat(filepath.Dir(c.flags.output)); err != nil {
		return usagef("--output: %w", err)
	}
	if st, err := os.Stat(c.flags.output); err == nil && st.IsDir() {
		return usagef("--output: %s is a directory", c.flags.output)
	}
	return c.overwrites(path, c.flags.exe, c.flags.debug)
}

// overwrites returns an error if the output would go to one of the files that are
// read.
func (c *command) overwrites(inputs ...string) error {
	out, err := os.Stat(c.flags.output)
	if err != nil {
		return nil // a new file
	}
	for _, in := range inputs {
		if info, err := os.Stat(in); in != "" && err == nil && os.SameFile(out, info) {
			return usagef("--output would overwrite %s", in)
		}
	}
	return nil
}

// writeOutput writes to the file that --output names. A new file is for its owner
// alone: what is in a dump may be secret. One that is there keeps its mode, since
// somebody chose that, as it does with > of a shell and -o of other tools, and is
// replaced as a whole where it can be; pipes and devices are written to. Where writing
// fails, a new file is taken away again, and one that was there is what it was.
func (c *command) writeOutput(ctx context.Context, write func(w io.Writer) error) error {
	name := c.flags.output
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	made := err == nil
	if errors.Is(err, fs.ErrExist) {
		if next := files.NewSuccessor(name); next != nil {
			if err := write(next); err != nil {
				var at *fs.PathError // of a file that nobody has heard of
				if errors.As(err, &at) {
					at.Path = name
				}
				return errors.Join(err, next.Discard())
			}
			return next.Commit()
		}
		f, err = openExisting(ctx, name)
	}
	if err != nil {
		return err
	}
	if err = write(f); err == nil {
		err = f.Close()
	} else {
		f.Close()
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, syscall.EPIPE) {
		err = fmt.Errorf("%s: whoever read the pipe has gone", name)
	}
	if made {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// openExisting opens a file for writing, which waits for the reader if it is a pipe:
// not longer than ctx.
func openExisting(ctx context.Context, name string) (*os.File, error) {
	type opened struct {
		f   *os.File
		err error
	}
	done := make(chan opened, 1)
	go func() {
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		done <- opened{f, err}
	}()
	select {
	case o := <-done:
		return o.f, o.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// watched keeps the first error of a stream: not all who write to the standard
// output look at theirs.
type watched struct {
	w   io.Writer
	err error
}

func (o *watched) Write(b []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(b)
	if err != nil {
		// Whose error it is, a *fs.PathError says as "write /dev/stdout".
		var at *fs.PathError
		if errors.As(err, &at) {
			err = at.Err
		}
		o.err = fmt.Errorf("writing to the standard output: %w", err)
		return n, o.err
	}
	return n, nil
}

// close ends the stream if it is a file: some file systems tell only then what they
// could not write.
func (o *watched) close() error {
	f, ok := o.w.(*os.File)
	if !ok || o.err != nil {
		return o.err
	}
	if err := f.Close(); err != nil {
		o.err = fmt.Errorf("writing to the standard output: %w", err)
	}
	return o.err
}
