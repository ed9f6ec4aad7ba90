package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"goheap/report"
)

// What lists of types are by.
const (
	byType       = "type"
	bySite       = "site"
	bySiteHolder = "site,holder"
)

func (c *command) types() *cobra.Command {
	by := byType
	cmd := &cobra.Command{
		Use:   "types FILE",
		Short: "List the types of the live objects",
		Long: `List the types of the live objects, those that retain most first. What a type
retains is what dies when all its objects do, at least: objects that they hold
together with others are not counted.

What the maps of one type consist of behind their headers is one row in the text,
"map[K]V (insides)"; --physical, json and csv have a row for each type of part.
Objects of unknown type are told apart by size and pointers.

--by site lists the lines that allocated what is alive, by what the memory profiler
sampled: numbers are estimates, with a standard deviation behind ±, and exact where
runtime.MemProfileRate is 1. --by site,holder tells apart who holds it: who made it,
and who keeps it.` + whereHelp(`retained, share, shallow, count, type and package`),
		Example:           "  goheap types core.4711\n  goheap types --by site,holder core.4711\n  goheap types --format csv -o types.csv core.4711",
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if by != byType {
				return c.sites(cmd, args[0], by)
			}
			a := c.table(
				func(ctx context.Context, s *report.Snapshot) (*report.Table, error) {
					return report.TypeTable(ctx, s, false)
				},
				func(ctx context.Context, s *report.Snapshot, l report.List) (any, error) {
					return report.NewTypesDocument(ctx, s, l)
				},
			)
			a.text = func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
				return report.WriteTypes(ctx, w, s, c.flags.list(textTop), !c.flags.physical)
			}
			return c.answer(cmd, args[0], a)
		},
	}
	cmd.Flags().StringVar(&by, "by", byType, "list by `type`, by site: the line that allocated, or by site,holder")
	must(cmd.RegisterFlagCompletionFunc("by", cobra.FixedCompletions([]string{byType, bySite, bySiteHolder}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

// sites answers for lines that allocated.
func (c *command) sites(cmd *cobra.Command, path, by string) error {
	if by != bySite && by != bySiteHolder {
		return usagef("--by wants %s, %s or %s, not %q", byType, bySite, bySiteHolder, by)
	}
	a := c.table(
		func(ctx context.Context, s *report.Snapshot) (*report.Table, error) {
			x, err := report.NewSites(ctx, s, by == bySiteHolder)
			if err != nil {
				return nil, err
			}
			return x.Table(), nil
		},
		func(ctx context.Context, s *report.Snapshot, l report.List) (any, error) {
			return report.NewSitesDocument(ctx, s, by == bySiteHolder, l)
		},
	)
	a.text = func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
		return report.WriteSites(ctx, w, s, by == bySiteHolder, c.flags.list(textTop))
	}
	return c.answer(cmd, path, a)
}
