package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"goheap/report"
)

func (c *command) show() *cobra.Command {
	var parts report.Parts
	var order string
	cmd := &cobra.Command{
		Use:   "show FILE TARGET...",
		Short: "Show an object: its fields, who points to it, what it retains",
		Long: `Show objects: type and what that is known from, decoded fields, who points to
them, what they retain and what dominates them. Of a goroutine that holds an object
by several variables or words, the first that has a name stands in its row, and up to
eight others below, in the order of their addresses.

` + targetHelp + ` Of a part of an object the part is shown. A
TARGET that names nothing does not keep the others from being shown.

Values are decoded by their types: structs by field, maps by key, slices by
element, channels by what is queued and which goroutines wait. A map, slice or
channel within a value has one line; name it to see what it holds. Containers and
wrappers of the library are what they hold: sync.Map, container/list and ring,
sync.Pool, sync/atomic, reflect.Value, unique.Handle, weak.Pointer. A number that
is a constant of its type has the constant's name, or those of the flags in it:
Active (2), Read|Write (3). Of several constants the first declared is shown. An
object without a type has a line for each of its words. --top says how many lines
there are, --from skips the first of a long value, and --physical adds where in
memory each field stands.

Of a live object bytes that are of no use are listed by rule, as waste counts them, with
where they are: dead ones, which nothing leads to any more, and unused ones.

Of a goroutine the whole stack is shown: each call with its variables, arguments
first, and the calls that it has deferred; of a deep one the 50 innermost and the 50
outermost calls, or as many as --top says. A variable that is optimised out is
nowhere any more, since nothing uses it. Words of a call that hold something and are
no variable's ("stack +0x18") follow, with what they lead to: compilers keep values
there for which the program has no name.

Entries of a map stand in the order of its table: a page of them reads no more than
what it passes. --filter and --sort read the keys of all entries, and elements of
those that are shown. Keys are sorted by number, strings by their bytes, false before
true, NaN before all numbers, pointers by address, structs and arrays by their first
parts that differ, interfaces by the names of types (nil first) and then by value.
The first 100,000 in this order are kept; a line says how many there are.`,
		Example: "  goheap show core.4711 0xc000123000\n  goheap show --format json core.4711 main.cache g:17\n" +
			"  goheap show --from 1000 --top 100 core.4711 main.cache.byID\n" +
			"  goheap show --sort key --filter session core.4711 main.cache.byName",
		Args:              wants(true, "FILE", "TARGET"),
		ValidArgsFunction: completeTarget,
		RunE: func(cmd *cobra.Command, args []string) error {
			if parts.From < 0 {
				return usagef("--from wants a number of 0 or more, not %d", parts.From)
			}
			switch order {
			case report.SortKey, report.SortKeyBack:
				parts.Entries.Sorted, parts.Entries.Backwards = true, order == report.SortKeyBack
			case "":
			default:
				return usagef("--sort wants key, or -key for the other way round, not %q", order)
			}
			var wrong []report.ErrorDocument
			document := func(ctx context.Context, s *report.Snapshot, limits report.Limits) (*report.ShowDocument, error) {
				if c.flags.top.given() {
					limits = report.SameLimit(c.flags.top.n)
				}
				d, err := report.NewShowDocument(ctx, s, args[1:], parts, limits)
				if err == nil {
					d.Addresses = c.flags.physical
					wrong = d.Errors
				}
				if err == nil && len(d.Objects) == 0 {
					err = c.wrongTargets(wrong)
				}
				return d, err
			}
			return c.answer(cmd, args[0], answer{
				shows: true,
				status: func(*report.Snapshot) int {
					if len(wrong) > 0 {
						c.wrongTargets(wrong)
						return statusFailed
					}
					return statusDone
				},
				text: func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
					limits := report.SameLimit(textTop)
					limits.Calls = report.DefaultLimits().Calls
					d, err := document(ctx, s, limits)
					if err != nil {
						return err
					}
					return report.WriteShow(w, s, d)
				},
				json: func(ctx context.Context, s *report.Snapshot) (any, error) {
					return document(ctx, s, report.DefaultLimits())
				},
			})
		},
	}
	cmd.Flags().IntVar(&parts.From, "from", 0, "leave out the first `N` fields, elements or entries of a value")
	cmd.Flags().StringVar(&parts.Entries.Filter, "filter", "", "of a map, show the entries whose key has `TEXT`, or matches /re/")
	cmd.Flags().StringVar(&order, "sort", "", "show the entries of a map by `key`, or -key for the other way round")
	must(cmd.RegisterFlagCompletionFunc("sort", cobra.FixedCompletions([]string{report.SortKey, report.SortKeyBack}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

// wrongTargets says what is wrong about targets, each in a line, and returns the status
// of a verb that has failed.
func (c *command) wrongTargets(wrong []report.ErrorDocument) error {
	for _, w := range wrong {
		fmt.Fprintln(c.stderr, "goheap: "+report.Printable(string(w.Error)))
	}
	return statusError(statusFailed)
}
