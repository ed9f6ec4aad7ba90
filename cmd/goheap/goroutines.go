package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"goheap/report"
)

func (c *command) goroutines() *cobra.Command {
	return &cobra.Command{
		Use:   "goroutines FILE",
		Short: "List the goroutines, their stacks, and what they retain",
		Long: `List the goroutines, with what each retains by itself. As text they are grouped:
goroutines in the same state with the same stack are one row. Retained is the sum
of what dies with each of them alone; Exclusive is what dies when all of the row
do, and so has what they hold together. JSON and CSV list each of them.` + whereHelp(`retained, share, stack, state, wait, function, created_by, created_at and, in json
and csv, goroutine; in text count and exclusive`),
		Example:           "  goheap goroutines core.4711\n  goheap goroutines --format csv core.4711",
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			a := c.table(
				func(ctx context.Context, s *report.Snapshot) (*report.Table, error) { return s.GoroutineTable(ctx) },
				func(ctx context.Context, s *report.Snapshot, l report.List) (any, error) {
					return s.GoroutinesDocument(ctx, l)
				},
			)
			a.text = func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
				return s.WriteGoroutines(ctx, w, c.flags.list(textTop))
			}
			return c.answer(cmd, args[0], a)
		},
	}
}
