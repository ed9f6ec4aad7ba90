package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"goheap/report"
)

const (
	treeTop     = 40   // rows of a tree in text, unless --top says otherwise
	treeTopData = 1000 // in json and csv
)

func (c *command) tree() *cobra.Command {
	var depth int
	cmd := &cobra.Command{
		Use:   "tree FILE [TARGET]",
		Short: "Show what dominates what, the largest first",
		Long: `Show the dominator tree: below each object what would be freed with it. Of the whole
tree, or of what lies below TARGET, the objects that retain most are shown, as many
as --top says and at most --depth levels down; "… more" stands for what is left out,
and the first element of a list for all of it.

` + targetHelp + `

Keys of maps are hidden unless --values asks for them.`,
		Example:           "  goheap tree core.4711\n  goheap tree --depth 3 --top 100 core.4711 main.cache",
		Args:              treeArgs,
		ValidArgsFunction: completeTarget,
		RunE: func(cmd *cobra.Command, args []string) error {
			if depth < 1 {
				return usagef("--depth wants a number of 1 or more, not %d", depth)
			}
			rows := func(ctx context.Context, s *report.Snapshot, top int) ([]report.TreeRow, error) {
				if len(args) == 1 {
					return report.WholeTree(ctx, s, depth, c.flags.mostOr(top))
				}
				from, err := s.Find(ctx, args[1])
				if err != nil {
					return nil, err
				}
				return report.Tree(ctx, s, from, depth, c.flags.mostOr(top))
			}
			return c.answer(cmd, args[0], answer{
				text: func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
					tree, err := rows(ctx, s, treeTop)
					if err != nil {
						return err
					}
					return report.WriteTree(w, s, tree)
				},
				json: func(ctx context.Context, s *report.Snapshot) (any, error) {
					tree, err := rows(ctx, s, treeTopData)
					if err != nil {
						return nil, err
					}
					return report.NewTreeDocument(s, tree), nil
				},
				csv: func(ctx context.Context, s *report.Snapshot) (*report.Table, error) {
					tree, err := rows(ctx, s, treeTopData)
					if err != nil {
						return nil, err
					}
					return report.TreeTable(s, tree), nil
				},
			})
		},
	}
	cmd.Flags().IntVar(&depth, "depth", 8, "show at most `N` levels")
	return cmd
}

// treeArgs wants a FILE and takes a TARGET.
func treeArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 2 {
		return nil
	}
	return wants(false, "FILE")(cmd, args)
}
