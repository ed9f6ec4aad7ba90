package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"goheap/report"
)

func (c *command) show() *cobra.Command {
	return &cobra.Command{
		Use:   "show FILE TARGET...",
		Short: "Show an object: its fields, who points to it, what it retains",
		Long: `Show objects: type and what that is known from, decoded fields, who points to
them, what they retain and what dominates them.

TARGET is the address of an object (0xc000123000), a Go expression from a global
variable (main.cache.byID), a goroutine (g:17), or a type (type:main.Session),
which stands for its object that retains most.`,
		Example:           "  goheap show core.4711 0xc000123000\n  goheap show --format json core.4711 main.cache g:17",
		Args:              wants(true, "FILE", "TARGET"),
		ValidArgsFunction: completeTarget,
		RunE: func(cmd *cobra.Command, args []string) error {
			document := func(ctx context.Context, s *report.Snapshot, limits report.Limits) (*report.ShowDocument, error) {
				if c.flags.top > 0 {
					limits = report.SameLimit(c.flags.top)
				}
				return s.ShowDocument(ctx, args[1:], limits)
			}
			return c.answer(cmd, args[0], answer{
				text: func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
					d, err := document(ctx, s, report.SameLimit(textTop))
					if err != nil {
						return err
					}
					return s.WriteShow(w, d)
				},
				json: func(ctx context.Context, s *report.Snapshot) (any, error) {
					return document(ctx, s, report.DefaultLimits())
				},
			})
		},
	}
}
