package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"goheap/report"
)

// What roots are grouped by.
const (
	byPackage = "package"
	byKind    = "kind"
)

func (c *command) roots() *cobra.Command {
	var by string
	cmd := &cobra.Command{
		Use:   "roots FILE",
		Short: "List the roots: globals, goroutines and what else the collector starts from",
		Long: `List the roots: global variables, goroutines, and what else the garbage collector
starts from, with what each retains by itself, the largest first. The text only
counts the goroutines: goheap goroutines FILE lists them.

--by package makes one row of the variables of each package, and of the roots of each
kind that have none; --by kind one of each kind. What a row retains would be freed
without all of its roots, and has what several of them hold together. Below the table
are the roots of each row that retain most.` + whereHelp(`retained, share, count, kind, name, type, package, address and size; with --by
retained, share, objects, roots and package or kind`),
		Example:           "  goheap roots core.4711\n  goheap roots --by package core.4711\n  goheap roots --format json core.4711",
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			grouped := cmd.Flags().Changed("by")
			if grouped && by != byPackage && by != byKind {
				return usagef("--by wants %s or %s, not %q", byPackage, byKind, by)
			}
			a := c.table(
				func(ctx context.Context, s *report.Snapshot) (*report.Table, error) {
					if grouped {
						return report.RootGroupTable(ctx, s, by == byPackage)
					}
					return report.RootTable(ctx, s)
				},
				func(ctx context.Context, s *report.Snapshot, l report.List) (any, error) {
					if grouped {
						return report.NewRootGroupsDocument(ctx, s, l, by == byPackage)
					}
					return report.NewRootsDocument(ctx, s, l)
				},
			)
			a.text = func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
				if grouped {
					return report.WriteRootGroups(ctx, w, s, c.flags.list(textTop), by == byPackage)
				}
				return report.WriteRoots(ctx, w, s, c.flags.list(textTop))
			}
			return c.answer(cmd, args[0], a)
		},
	}
	cmd.Flags().StringVar(&by, "by", "", "group by `package`, or by kind")
	must(cmd.RegisterFlagCompletionFunc("by", cobra.FixedCompletions([]string{byPackage, byKind}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}
