package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"goheap/report"
)

func (c *command) roots() *cobra.Command {
	return &cobra.Command{
		Use:   "roots FILE",
		Short: "List the roots: globals, goroutines and what else the collector starts from",
		Long: `List the roots: global variables, goroutines, and what else the garbage collector
starts from, with what each retains by itself, the largest first. The text only
counts the goroutines: goheap goroutines FILE lists them.` + whereHelp(`retained, share, count, kind, name, type, package, address and size`),
		Example:           "  goheap roots core.4711\n  goheap roots --format json core.4711",
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			a := c.table(
				func(ctx context.Context, s *report.Snapshot) (*report.Table, error) { return report.RootTable(ctx, s) },
				func(ctx context.Context, s *report.Snapshot, l report.List) (any, error) {
					return report.NewRootsDocument(ctx, s, l)
				},
			)
			a.text = func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
				return report.WriteRoots(ctx, w, s, c.flags.list(textTop))
			}
			return c.answer(cmd, args[0], a)
		},
	}
}
