package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"goheap/report"
)

func (c *command) check() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Compare what was read with the runtime's own word",
		Long: `Compare what goheap found with what the program's own runtime says: the live set
with the marks of the last garbage collection, sums with the runtime's counters.
Each comparison is ok, differs, or is not comparable, and says why.

The exit status is 4 when one differs.`,
		Example:           "  goheap check core.4711\n  goheap check --format json core.4711",
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.answer(cmd, args[0], answer{
				text: func(_ context.Context, w io.Writer, s *report.Snapshot) error { return report.WriteCheck(w, s) },
				json: func(_ context.Context, s *report.Snapshot) (any, error) { return report.NewCheckDocument(s), nil },
				csv:  func(_ context.Context, s *report.Snapshot) (*report.Table, error) { return report.CheckTable(s), nil },
				status: func(s *report.Snapshot) int {
					if !report.NewCheckDocument(s).OK {
						return statusCondition
					}
					return statusDone
				},
			})
		},
	}
}
