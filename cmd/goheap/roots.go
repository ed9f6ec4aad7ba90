package main

import (
	"context"

	"github.com/spf13/cobra"

	"goheap/report"
)

func (c *command) roots() *cobra.Command {
	return &cobra.Command{
		Use:   "roots FILE",
		Short: "List the roots: globals, goroutines and what else the collector starts from",
		Long: `List the roots: global variables, goroutines, and what else the garbage collector
starts from, with what each retains by itself, the largest first.`,
		Example:           "  goheap roots core.4711\n  goheap roots --format json core.4711",
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.answer(cmd, args[0], c.table(
				func(ctx context.Context, s *report.Snapshot) (*report.Table, error) { return s.RootTable(ctx) },
				func(ctx context.Context, s *report.Snapshot, n int) (any, error) { return s.RootsDocument(ctx, n) },
			))
		},
	}
}
