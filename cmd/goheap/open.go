package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"goheap/report"
	"goheap/tui"
)

// screen are the flags of the terminal UI.
type screen struct {
	ascii, noMouse bool
	theme, at      string
	known          string
	tour           bool
}

func (s *screen) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.at, "at", "", "start at `PLACE`: a TARGET, or a place such as types?filter=Session")
	f.BoolVar(&s.ascii, "ascii", false, "draw with ASCII characters only")
	f.StringVar(&s.theme, "theme", "colour", "colours: "+strings.Join(tui.Themes(), " or ")+"; NO_COLOR takes them away")
	f.StringVar(&s.known, "known", "", "suspects whose fingerprints are in `FILE` are fine")
	must(cmd.MarkFlagFilename("known"))
	f.BoolVar(&s.noMouse, "no-mouse", false, "leave the mouse to the terminal")
	must(cmd.RegisterFlagCompletionFunc("theme", cobra.FixedCompletions(tui.Themes(), cobra.ShellCompDirectiveNoFileComp)))
}

func (c *command) open() *cobra.Command {
	var s screen
	cmd := &cobra.Command{
		Use:   "open FILE",
		Short: "Open the terminal UI (the same as goheap FILE)",
		Long: `Open the terminal UI: who holds the memory, the dominator tree as a tree and as a
map, types, roots, goroutines, suspects, and objects with their fields and bytes;
beside each list, what keeps the selected row alive. The key ? lists the keys.

PLACE is what bookmarks keep: the name of a view, what it is of after a colon, and
after a question mark filter, sort and at, the selected row.

Suspects whose fingerprints are in the file that --known names are counted with the
reason, and not in the list of the overview; the key K copies a fingerprint. See goheap
help report.

Where the input or the output is no terminal, or --format or --output is given,
it prints the report.`,
		Example: `  goheap open core.4711
  goheap open --exe /srv/bin/api --at main.cache.byID core.4711
  goheap open --known fine.txt core.4711
  goheap open --at 'types?filter=Session&sort=-objects' core.4711`,
		Args:              wants(false, "FILE"),
		RunE:              func(cmd *cobra.Command, args []string) error { return c.runOpen(cmd, args, s) },
		ValidArgsFunction: completeFile,
	}
	s.add(cmd)
	return cmd
}

// tour is open with a guided walk.
func (c *command) tour() *cobra.Command {
	var s screen
	cmd := &cobra.Command{
		Use:   "tour FILE",
		Short: "Open the terminal UI with a guided walk of five steps",
		Long: `Open the terminal UI and be guided in five steps from the whole heap to a pointer
that holds it, and to the goroutines. make tour does so with the core of a leaking
server.`,
		Example:           "  goheap tour core.4711",
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !isTerminal(c.stdin) || !isTerminal(c.stdout) {
				return fmt.Errorf("the tour needs a terminal; goheap report %s prints what there is", args[0])
			}
			s.tour = true
			return c.runOpen(cmd, args, s)
		},
	}
	s.add(cmd)
	return cmd
}

func (c *command) runOpen(cmd *cobra.Command, args []string, s screen) error {
	theme, err := tui.ParseTheme(s.theme)
	if err != nil {
		return usageError{err}
	}
	asked := cmd.Flags().Changed("format") || cmd.Flags().Changed("output")
	if asked || !isTerminal(c.stdin) || !isTerminal(c.stdout) {
		if s.at != "" {
			fmt.Fprintln(c.stderr, "goheap: note: --at does nothing where no terminal UI opens")
		}
		return c.answer(cmd, args[0], c.reportAnswer(reportFlags{known: s.known}))
	}
	if err := c.checkFlags(cmd, "text"); err != nil {
		return err
	}
	path := args[0]
	if err := expandHome(&path); err != nil {
		return err
	}
	known, err := c.readKnown(s.known)
	if err != nil {
		return err
	}
	complete := true
	loading := func(runtime bool) tui.Load {
		return func(ctx context.Context, keep func(report.Process)) (*report.Snapshot, error) {
			opt := c.flags.options()
			opt.Keep, opt.Runtime = keep, runtime
			s, err := c.load(ctx, path, opt)
			if err == nil {
				complete, s.Known = s.Complete(), known
			}
			return s, err
		}
	}
	opt := tui.Options{
		Title: path, Physical: c.flags.physical, ASCII: s.ascii, NoMouse: s.noMouse, Theme: theme,
		State: report.StateDir(), At: s.at, Tour: s.tour,
		Runtime: c.flags.runtime, Reload: loading,
	}
	if err := tui.Run(cmd.Context(), loading(c.flags.runtime), opt); err != nil {
		return err
	}
	if !complete {
		return statusError(statusIncomplete)
	}
	return nil
}

// keysText is the keys of the terminal UI for its manual page.
func keysText() string {
	var b strings.Builder
	b.WriteString("\n\nThe keys:\n")
	for _, s := range tui.Keys() {
		fmt.Fprintf(&b, "\n%s%s:\n\n", strings.ToUpper(s.Title[:1]), s.Title[1:])
		for _, k := range s.Keys {
			fmt.Fprintf(&b, "    %-22s %s\n", k.Keys, k.Help)
		}
	}
	return b.String()
}
