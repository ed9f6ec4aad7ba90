package main

import (
	"context"

	"github.com/spf13/cobra"

	"goheap/report"
)

func (c *command) types() *cobra.Command {
	return &cobra.Command{
		Use:   "types FILE",
		Short: "List the types of the live objects",
		Long: `List the types of the live objects, those that retain most first. What a type
retains is what dies when all its objects do, at least: objects that they hold
together with others are not counted.`,
		Example:           "  goheap types core.4711\n  goheap types --format csv -o types.csv core.4711",
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.answer(cmd, args[0], c.table(
				func(ctx context.Context, s *report.Snapshot) (*report.Table, error) { return s.TypeTable(ctx) },
				func(ctx context.Context, s *report.Snapshot, n int) (any, error) { return s.TypesDocument(ctx, n) },
			))
		},
	}
}
