package main

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"goheap/report"
)

func (c *command) waste() *cobra.Command {
	by := ""
	cmd := &cobra.Command{
		Use:   "waste FILE",
		Short: "Show which bytes of live objects are of no use",
		Long: `Show which bytes of live objects are of no use to the program. Dead bytes are those
that no pointer, slice or string can reach any more, although the object that they are
a part of is alive: of an array of which a substring, a sub-slice or one element is
kept, or of a structure of which one field is. Unused bytes can be reached and nobody
uses them now: what nothing but sync.Pools keep, capacity beyond the length of slices,
what maps have room for beyond twice what a fresh map of their length takes, places in
channels, buffers of bufio. What only pointers in such bytes keep alive is counted
behind them.

Each byte is charged to one rule, so that these sums add up. A pointer of which it is
not known how far it leads counts as leading to the whole object; what is found beside
one that leads to the end of an array is said to be at least so much.

To gain by changes are bytes in use: strings and byte slices of 16 bytes or more whose
content others have too, which is not printed; values of up to two words that have an
object of their own since only interfaces hold them; what a better order of the fields
of structs would save; what slots have beyond the values in them. They may be dead or
unused too.

--by lists the sums by rule, type or holder in place of the findings; those by type with
how many words the collector has to follow in them.` + whereHelp(`bytes, behind, share, count, rule, type, held_by, largest and largest_bytes`) + `
With --by they are dead, unused, gain, objects, words (of types), and rule, type or holder.`,
		Example: `  goheap waste core.4711
  goheap waste --where 'rule == "substring"' core.4711
  goheap waste --by holder core.4711
  goheap waste --format json --top 10 core.4711`,
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("by") {
				return c.wasteSums(cmd, args[0], by)
			}
			a := c.table(
				func(ctx context.Context, s *report.Snapshot) (*report.Table, error) {
					x, err := report.NewWaste(ctx, s)
					if err != nil {
						return nil, err
					}
					return x.Table(s), nil
				},
				func(ctx context.Context, s *report.Snapshot, l report.List) (any, error) {
					return report.NewWasteDocument(ctx, s, l)
				},
			)
			a.text = func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
				return report.WriteWaste(ctx, w, s, c.flags.list(wasteTop))
			}
			return c.answer(cmd, args[0], a)
		},
	}
	cmd.Flags().StringVar(&by, "by", "", "list sums by `rule`, type or holder")
	must(cmd.RegisterFlagCompletionFunc("by", cobra.FixedCompletions(wasteBy(), cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

// wasteSums answers for sums.
func (c *command) wasteSums(cmd *cobra.Command, path, by string) error {
	wasteBy := wasteBy()
	if !slices.Contains(wasteBy, by) {
		return usagef("--by wants %s, not %q", strings.Join(wasteBy, ", "), by)
	}
	a := c.table(
		func(ctx context.Context, s *report.Snapshot) (*report.Table, error) {
			return report.WasteSumTable(ctx, s, by)
		},
		func(ctx context.Context, s *report.Snapshot, l report.List) (any, error) {
			return report.NewWasteSumsDocument(ctx, s, by, l)
		},
	)
	a.text = func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
		return report.WriteWasteSums(ctx, w, s, by, c.flags.list(textTop))
	}
	return c.answer(cmd, path, a)
}

const wasteTop = 10 // findings in text, unless --top says otherwise

// wasteBy is what sums are by.
func wasteBy() []string {
	return []string{report.WasteByRule, report.WasteByType, report.WasteByHolder}
}
