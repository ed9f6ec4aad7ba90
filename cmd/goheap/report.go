package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"goheap/report"
)

func (c *command) report() *cobra.Command {
	return &cobra.Command{
		Use:   "report FILE",
		Short: "Say who holds the memory",
		Long: `Say who holds the memory: the retainers with what dies when they let go and the
expression that leads to where it accumulates, what is suspect, then types, roots
and goroutines.

The keys of maps, which are values of the program, are printed as […] unless
--values is given, so that a report can be passed on.`,
		Example: `  goheap report core.4711
  goheap report --top 5 --values core.4711
  goheap report --format json -o report.json core.4711`,
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.answer(cmd, args[0], c.reportAnswer())
		},
	}
}

func (c *command) reportAnswer() answer {
	return answer{
		text: func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
			return report.WriteReport(ctx, w, s, c.flags.topOr(textTop), c.flags.physical)
		},
		json: func(ctx context.Context, s *report.Snapshot) (any, error) {
			limits := report.DefaultLimits()
			if c.flags.top.given() {
				limits = report.SameLimit(c.flags.top.n)
			}
			return report.NewReportDocument(ctx, s, limits)
		},
		csv: func(ctx context.Context, s *report.Snapshot) (*report.Table, error) {
			return report.RetainerTable(ctx, s)
		},
	}
}
