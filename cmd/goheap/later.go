package main

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"goheap/report"
)

func (c *command) later() *cobra.Command {
	section := ""
	var names []string
	for _, p := range report.Puts() {
		names = append(names, string(p))
	}
	cmd := &cobra.Command{
		Use:   "later FILE",
		Short: "Show what is put off or kept for later: finalizers, timers, pools, contexts",
		Long: `Show what the program has put off, or keeps for later, by sections:

finalizers and cleanups: those that wait to run (queued), whose object is unreachable
so that the next collection queues them (due), that keep their own object, so that
they never run (never), and all others (set).
weak: objects with weak pointers, and values of package unique. Of those that are due
the bytes are what the next collection frees.
timers: those that are set, by what they do, and when they are due.
pools: what lies in each sync.Pool, which the next collection drops (victim) or makes
victims (kept). Bytes are what the pool alone keeps.
contexts: the tree of the calls that made them, with deadlines, and who can cancel
them: what leads to the function that does, or the goroutine that has it on its
stack. That nobody is seen to does not prove that nobody can.

A core does not say what the time was. The runtime's clock was at least what the
runtime has written down last: what was due before is overdue, by more than is said.` + whereHelp(`section, state, count, bytes, type, what, due, cancel and name`),
		Example: `  goheap later core.4711
  goheap later --section contexts core.4711
  goheap later --where 'state == "queued"' core.4711
  goheap later --format json core.4711`,
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if section != "" && !slices.Contains(names, section) {
				return usagef("--section wants %s, not %q", strings.Join(names, ", "), section)
			}
			of := report.Put(section)
			a := c.table(
				func(ctx context.Context, s *report.Snapshot) (*report.Table, error) {
					x, err := report.NewLater(ctx, s)
					if err != nil {
						return nil, err
					}
					return x.Table(s, of), nil
				},
				func(ctx context.Context, s *report.Snapshot, l report.List) (any, error) {
					return report.NewLaterDocument(ctx, s, of, l)
				},
			)
			a.text = func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
				return report.WriteLater(ctx, w, s, of, c.flags.list(textTop))
			}
			return c.answer(cmd, args[0], a)
		},
	}
	cmd.Flags().StringVar(&section, "section", "", "print `NAME` alone: "+strings.Join(names, ", "))
	must(cmd.RegisterFlagCompletionFunc("section", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}
