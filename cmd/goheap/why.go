package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"goheap/report"
)

// whyPaths is how many paths why prints unless --top says otherwise.
const whyPaths = 3

func (c *command) why() *cobra.Command {
	return &cobra.Command{
		Use:   "why FILE TARGET",
		Short: "Show what keeps an object alive",
		Long: `Show what keeps an object alive: the shortest path from a root to it, one line a
hop, then others that share no inner object with the earlier ones. If a global
variable leads to it, one of the paths starts at a global: where the shorter ones do
not, it is the last, and may share objects with them. A hop marked with * dominates
the object: without it, the object would be garbage. A map or channel is one hop,
whatever it consists of; --physical shows each of its parts. Where a goroutine holds
the first object by several words, the path goes through a variable, if one is known,
and the others are "also held by". Hops that repeat, as in
a list, are one line: .next ×300000, or (.node.next) ×5; in json, "times" says how
often the expression stands there, "objects" how many objects that are.

` + targetHelp + ` --top bounds the number of paths.`,
		Example: `  goheap why core.4711 0xc000123000
  goheap why core.4711 main.cache.byID
  goheap why --top 10 core.4711 type:main.Session`,
		Args:              wants(false, "FILE", "TARGET"),
		ValidArgsFunction: completeTarget,
		RunE: func(cmd *cobra.Command, args []string) error {
			document := func(ctx context.Context, s *report.Snapshot) (*report.WhyDocument, error) {
				return report.NewWhyDocument(ctx, s, args[1], c.flags.mostOr(whyPaths), c.flags.physical)
			}
			return c.answer(cmd, args[0], answer{
				shows: true,
				text: func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
					d, err := document(ctx, s)
					if err != nil {
						return err
					}
					return report.WriteWhy(w, s, d)
				},
				json: func(ctx context.Context, s *report.Snapshot) (any, error) { return document(ctx, s) },
			})
		},
	}
}
