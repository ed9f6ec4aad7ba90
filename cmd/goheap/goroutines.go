package main

import (
	"context"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"goheap/report"
)

func (c *command) goroutines() *cobra.Command {
	by := string(report.ByStack)
	cmd := &cobra.Command{
		Use:   "goroutines FILE",
		Short: "List the goroutines, their stacks, and what they retain",
		Long: `List the goroutines, with what each retains by itself. As text they are grouped:
goroutines in the same state with the same stack are one row. Retained is the sum
of what dies with each of them alone; Exclusive is what dies when all of the row
do, and so has what they hold together. --by creator groups those of one go
statement, and --by label those with the same labels (runtime/pprof.Do); below the
table are the stacks of each row, with what dies when all with this stack do. Labels
are values of the program: they are printed with --values, and hidden as {…} else.
A goroutine is called by the innermost function that
is not of the standard library, or else by the function of it that was started.
JSON and CSV list each of them
with all its calls; with --by they list the groups, as report --format json does.` + whereHelp(`retained, share, stack, state, wait, function, created_by, created_at and, in json
and csv, goroutine, parent, locked and labels; in text count and exclusive`),
		Example:           "  goheap goroutines core.4711\n  goheap goroutines --by creator core.4711\n  goheap goroutines --format csv core.4711",
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(report.GroupBys(), report.GroupBy(by)) {
				return usagef("--by wants %s, %s or %s, not %q", report.ByStack, report.ByCreator, report.ByLabel, by)
			}
			a := c.table(
				func(ctx context.Context, s *report.Snapshot) (*report.Table, error) {
					if !cmd.Flags().Changed("by") {
						return report.GoroutineTable(ctx, s)
					}
					return report.GoroutineGroupTable(ctx, s, report.GroupBy(by))
				},
				func(ctx context.Context, s *report.Snapshot, l report.List) (any, error) {
					if cmd.Flags().Changed("by") {
						return report.NewGoroutineGroupsDocument(ctx, s, l, report.GroupBy(by))
					}
					return report.NewGoroutinesDocument(ctx, s, l)
				},
			)
			a.text = func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
				return report.WriteGoroutines(ctx, w, s, c.flags.list(textTop), report.GroupBy(by))
			}
			return c.answer(cmd, args[0], a)
		},
	}
	var names []string
	for _, name := range report.GroupBys() {
		names = append(names, string(name))
	}
	cmd.Flags().StringVar(&by, "by", by, "group by `stack` and state, by creator (the go statement), or by label")
	must(cmd.RegisterFlagCompletionFunc("by", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}
