package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"goheap/report"
)

func (c *command) types() *cobra.Command {
	return &cobra.Command{
		Use:   "types FILE",
		Short: "List the types of the live objects",
		Long: `List the types of the live objects, those that retain most first. What a type
retains is what dies when all its objects do, at least: objects that they hold
together with others are not counted.

What the maps of one type consist of behind their headers is one row in the text,
"map[K]V (insides)"; --physical, json and csv have a row for each type of part.
Objects of unknown type are told apart by size and pointers.` + whereHelp(`retained, share, shallow, count, type and package`),
		Example:           "  goheap types core.4711\n  goheap types --format csv -o types.csv core.4711",
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
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
}
