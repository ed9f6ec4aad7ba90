package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"goheap/report"
)

// findTop is how many places a search lists in JSON unless --top says otherwise:
// naming how each is held takes a while.
const findTop = 10_000

func (c *command) find() *cobra.Command {
	return &cobra.Command{
		Use:   "find FILE TEXT|0xADDR",
		Short: "Find a text or a word in the live objects",
		Long: `Find a text in the live objects, byte by byte, whatever their types, and show what
stands around it and how each object is held. What is found may be left from an
earlier use where an object does not fill its slot.

0xADDR finds the word of this value: who has this address, whether the collector
takes it for a pointer or not. A text in quotes is read as a Go string, so that
'"0x10"' is a text and '"\x00\x01"' two bytes.

The objects that retain most stand first.` + whereHelp(`retained, shallow, count, type, package, kind, evidence, address, offset, excerpt
and expression`),
		Example: `  goheap find core.4711 'session expired'
  goheap find core.4711 0xc000123000
  goheap find --format json --where 'type != "string data"' core.4711 token`,
		Args:              wants(false, "FILE", "TEXT or 0xADDR"),
		ValidArgsFunction: completeFind,
		RunE: func(cmd *cobra.Command, args []string) error {
			a := c.table(
				func(ctx context.Context, s *report.Snapshot) (*report.Table, error) {
					f, err := s.Search(ctx, args[1])
					if err != nil {
						return nil, err
					}
					return f.Table(), nil
				},
				func(ctx context.Context, s *report.Snapshot, l report.List) (any, error) {
					l.Top = c.flags.topOr(findTop)
					return report.NewFindDocument(ctx, s, args[1], l)
				},
			)
			a.shows = true
			a.text = func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
				return report.WriteFind(ctx, w, s, args[1], c.flags.list(textTop))
			}
			return c.answer(cmd, args[0], a)
		},
	}
}

// completeFind completes a FILE, and then how a word starts.
func completeFind(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return nil, cobra.ShellCompDirectiveDefault
	case 1:
		return []string{"0x"}, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}
