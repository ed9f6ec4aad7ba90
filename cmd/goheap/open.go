package main

import (
	"context"

	"github.com/spf13/cobra"

	"goheap/internal/progress"
	"goheap/report"
	"goheap/tui"
)

func (c *command) open() *cobra.Command {
	return &cobra.Command{
		Use:   "open FILE",
		Short: "Open the terminal UI (the same as goheap FILE)",
		Long: `Open the terminal UI: overview, dominator tree, types, roots, goroutines and
objects, and beside each of them what keeps the selected row alive. The key ?
lists the keys.

Where the input or the output is no terminal, or --format or --output is given,
it prints the report.`,
		Example:           "  goheap open core.4711\n  goheap open --exe /srv/bin/api core.4711",
		Args:              wants(false, "FILE"),
		RunE:              c.runOpen,
		ValidArgsFunction: completeFile,
	}
}

func (c *command) runOpen(cmd *cobra.Command, args []string) error {
	asked := cmd.Flags().Changed("format") || cmd.Flags().Changed("output")
	if asked || !isTerminal(c.stdin) || !isTerminal(c.stdout) {
		return c.answer(cmd, args[0], c.reportAnswer())
	}
	if err := c.checkFlags(cmd, "text"); err != nil {
		return err
	}
	complete := true
	load := func(ctx context.Context, t *progress.Tracker) (*report.Snapshot, error) {
		s, err := c.load(ctx, args[0], c.flags.options(t))
		if err == nil {
			complete = s.Complete()
		}
		return s, err
	}
	if err := tui.Run(cmd.Context(), load, tui.Options{Title: args[0], Physical: c.flags.physical}); err != nil {
		return err
	}
	if !complete {
		return statusError(statusIncomplete)
	}
	return nil
}
