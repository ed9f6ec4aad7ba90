package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"goheap/internal/progress"
	"goheap/report"
)

const (
	all     = -1 // no limit of a list
	textTop = 20 // rows of a list in text, unless --top says otherwise
)

// answer is what a verb says in each format; nil where it has nothing to say in
// one. Each function asks all its questions before it writes.
type answer struct {
	text func(ctx context.Context, w io.Writer, s *report.Snapshot) error
	json func(ctx context.Context, s *report.Snapshot) (any, error)
	csv  func(ctx context.Context, s *report.Snapshot) (*report.Table, error)

	// as are formats of other programs, by what --format calls them: the only ones of a
	// verb that has them.
	as map[string]func(ctx context.Context, w io.Writer, s *report.Snapshot) error

	// bare says that the file need not be analysed.
	bare bool

	// shows says that the program's values are printed, whatever --values is: who
	// names an object asks for them.
	shows bool

	// lists says that --where filters the rows. In CSV print does it.
	lists bool

	// check looks at the verb's own flags before any work is done; nil has none.
	check func() error

	// known is the file of the suspects that are fine, "" for none.
	known string

	// status is the exit status once all is printed; nil is statusDone.
	status func(s *report.Snapshot) int
}

func (a answer) formats() []string {
	if a.as != nil {
		return slices.Sorted(maps.Keys(a.as))
	}
	formats := []string{"text", "json"}
	if a.csv != nil {
		formats = append(formats, "csv")
	}
	return formats
}

// answer loads the file and prints what a says about it. Its error is a
// statusError when all is printed and the exit status is not 0.
func (c *command) answer(cmd *cobra.Command, path string, a answer) error {
	if err := c.checkFlags(cmd, a.formats()...); err != nil {
		return err
	}
	if err := expandHome(&path); err != nil {
		return err
	}
	if err := c.checkOutput(path); err != nil {
		return err
	}
	if a.check != nil {
		if err := a.check(); err != nil {
			return err
		}
	}
	known, err := c.readKnown(a.known)
	if err != nil {
		return err
	}
	if c.flags.where != "" && !a.lists {
		fmt.Fprintf(c.stderr, "goheap: note: --where does nothing for %s\n", cmd.Name())
	}
	t := new(progress.Tracker)
	ctx := progress.With(cmd.Context(), t.Report)
	clear := drawProgress(c.stderr, t)
	defer clear()
	opt := c.flags.options()
	opt.Bare = a.bare
	s, err := c.load(ctx, path, opt)
	if err != nil {
		return err
	}
	defer s.Close()
	if a.shows || c.flags.values {
		s.Disclosure = report.Shown
	}
	s.Width, s.Known = c.width(), known
	if err := c.print(ctx, s, a, clear); err != nil {
		return c.aboutWhere(err)
	}
	if a.status != nil {
		if status := a.status(s); status != statusDone {
			return statusError(status)
		}
	}
	if !s.Complete() {
		return statusError(statusIncomplete)
	}
	return nil
}

func (f *flags) options() report.Options {
	return report.Options{Exe: f.exe, Debug: f.debug, Force: f.force, Runtime: f.runtime}
}

// print writes an answer in the asked-for format. It calls clear before the
// first byte.
func (c *command) print(ctx context.Context, s *report.Snapshot, a answer, clear func()) (err error) {
	var write func(w io.Writer) error
	other := a.as[c.flags.format]
	switch {
	case other != nil:
		write = func(w io.Writer) error { return other(ctx, &clearing{w, clear}, s) }
	case c.flags.format == "json":
		document, err := a.json(ctx, s)
		if err != nil {
			return err
		}
		write = func(w io.Writer) error { return report.WriteJSON(w, document) }
	case c.flags.format == "csv":
		table, err := a.csv(ctx, s)
		if err != nil {
			return err
		}
		if table, err = s.Where(ctx, table, c.flags.list(all).Where); err != nil {
			return err
		}
		table = table.Head(c.flags.topOr(all))
		write = func(w io.Writer) error { return report.WriteCSV(w, table) }
	default:
		write = func(w io.Writer) error { return a.text(ctx, &clearing{w, clear}, s) }
	}
	if c.flags.format != "text" && other == nil {
		clear()
	}
	if c.flags.output == "-" {
		return write(c.out)
	}
	source := s.Process.Source()
	if err := c.overwrites(source.Executable, source.DebugFile); err != nil {
		return err
	}
	return c.writeOutput(ctx, write)
}

// clearing calls clear before the first write.
type clearing struct {
	w     io.Writer
	clear func()
}

func (c *clearing) Write(b []byte) (int, error) {
	c.clear()
	return c.w.Write(b)
}

// table makes the machine-readable part of an answer of a table and a document.
func (c *command) table(table func(ctx context.Context, s *report.Snapshot) (*report.Table, error), document func(ctx context.Context, s *report.Snapshot, l report.List) (any, error)) answer {
	return answer{
		lists: true,
		json: func(ctx context.Context, s *report.Snapshot) (any, error) {
			return document(ctx, s, c.flags.list(all))
		},
		csv: table,
	}
}

// aboutWhere turns an error about the expression of --where into one about the
// command line.
func (c *command) aboutWhere(err error) error {
	var wrong *report.QueryError
	if !errors.As(err, &wrong) {
		return err
	}
	at := *wrong
	if !strings.HasPrefix(c.flags.where, "=") && at.Column > 0 {
		at.Column-- // list put the "=" before it
	}
	return usagef("--where: %w", &at)
}

// readKnown reads the file that --known names, "" for none.
func (c *command) readKnown(path string) (known *report.Known, err error) {
	if path == "" {
		return nil, nil
	}
	if err = expandHome(&path); err == nil {
		err = c.overwrites(path)
	}
	if err == nil {
		known, err = report.ReadKnown(path)
	}
	if err != nil {
		return nil, usagef("--known: %w", err)
	}
	return known, nil
}
