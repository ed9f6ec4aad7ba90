package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"goheap/report"
)

func (c *command) info() *cobra.Command {
	return &cobra.Command{
		Use:   "info FILE",
		Short: "Say what the file is and how well it could be read",
		Long: `Say what the file is: the program, its Go version and symbols, what is live and
what is garbage, how much of it has a known type, whether the live set is the
garbage collector's own, what is missing, and what reading it took.

The program's arguments and environment are not printed.`,
		Example:           "  goheap info core.4711\n  goheap info --format json core.4711",
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.answer(cmd, args[0], answer{
				text: func(_ context.Context, w io.Writer, s *report.Snapshot) error { return report.WriteInfo(w, s) },
				json: func(_ context.Context, s *report.Snapshot) (any, error) { return report.NewInfoDocument(s), nil },
			})
		},
	}
}
