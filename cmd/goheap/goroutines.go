package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"goheap/report"
)

// What goroutines are grouped by.
const (
	byStack   = "stack"
	byCreator = "creator"
)

func (c *command) goroutines() *cobra.Command {
	by := byStack
	cmd := &cobra.Command{
		Use:   "goroutines FILE",
		Short: "List the goroutines, their stacks, and what they retain",
		Long: `List the goroutines, with what each retains by itself. As text they are grouped:
goroutines in the same state with the same stack are one row. Retained is the sum
of what dies with each of them alone; Exclusive is what dies when all of the row
do, and so has what they hold together. --by creator groups those of one go
statement, whatever they do now. A goroutine is called by the innermost function that
is not of the standard library, or else by the function of it that was started.
Labels (runtime/pprof.Do) are printed with --values. JSON and CSV list each of them
with all its calls; with --by they list the groups, as report --format json does.` + whereHelp(`retained, share, stack, state, wait, function, created_by, created_at and, in json
and csv, goroutine, parent, locked and labels; in text count and exclusive`),
		Example:           "  goheap goroutines core.4711\n  goheap goroutines --by creator core.4711\n  goheap goroutines --format csv core.4711",
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if by != byStack && by != byCreator {
				return usagef("--by wants %s or %s, not %q", byStack, byCreator, by)
			}
			a := c.table(
				func(ctx context.Context, s *report.Snapshot) (*report.Table, error) {
					switch {
					case !cmd.Flags().Changed("by"):
						return report.GoroutineTable(ctx, s)
					case by == byCreator:
						return report.CreatorTable(ctx, s)
					}
					return report.StackTable(ctx, s)
				},
				func(ctx context.Context, s *report.Snapshot, l report.List) (any, error) {
					if cmd.Flags().Changed("by") {
						return report.NewGoroutineGroupsDocument(ctx, s, l, by == byCreator)
					}
					return report.NewGoroutinesDocument(ctx, s, l)
				},
			)
			a.text = func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
				return report.WriteGoroutines(ctx, w, s, c.flags.list(textTop), by == byCreator)
			}
			return c.answer(cmd, args[0], a)
		},
	}
	cmd.Flags().StringVar(&by, "by", byStack, "group by `stack` and state, or by creator: the go statement")
	must(cmd.RegisterFlagCompletionFunc("by", cobra.FixedCompletions([]string{byStack, byCreator}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}
