package main

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"goheap/report"
)

// reportFlags are the flags of report alone.
type reportFlags struct {
	sections    []string
	sort, known string
}

func (c *command) report() *cobra.Command {
	var ask reportFlags
	cmd := &cobra.Command{
		Use:   "report FILE",
		Short: "Say who holds the memory",
		Long: `Say who holds the memory: a verdict of one screen, then the holders with what dies
when they let go, what is suspect, types, roots and goroutines.

--section prints some of it: verdict, holders, suspects, types, roots, goroutines and
file, or waste, which is printed only so; in csv one of them, else the retainers.
--sort sorts the tables that have a column of this name.

Of the holders, Split is the part of the live heap that each has where what several
hold is split evenly between them, remainders to the one with the lowest root: it adds
up to the live heap, and is shown where there is room or --sort split asks for it.

A suspect has a fingerprint that it has in the next dump of the program too, whatever
the addresses, numbers and counts are then. --known takes a file of fingerprints that
are fine, a line each with the reason behind it; a line that begins with # is a comment:

  3f2a91c07b44 the cache is bounded: 64 MiB

Suspects that are known are counted at the end, not in the verdict's list.

The keys of maps, which are values of the program, are printed as […] unless
--values is given, so that a report can be passed on.`,
		Example: `  goheap report core.4711
  goheap report --top 5 --values core.4711
  goheap report --section types,goroutines --sort objects core.4711
  goheap report --section holders --sort split core.4711
  goheap report --known fine.txt core.4711
  goheap report --format json -o report.json core.4711`,
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.answer(cmd, args[0], c.reportAnswer(ask))
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&ask.sections, "section", nil, "print `NAME,...` alone: "+strings.Join(sectionNames(), ", "))
	f.StringVar(&ask.sort, "sort", "", "sort tables by `COLUMN`, or -COLUMN for the other way round")
	f.StringVar(&ask.known, "known", "", "suspects whose fingerprints are in `FILE` are fine")
	must(cmd.RegisterFlagCompletionFunc("section", completeSections))
	must(cmd.RegisterFlagCompletionFunc("sort", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return report.Layout{Sections: ask.sections}.Columns(), cobra.ShellCompDirectiveNoFileComp
	}))
	must(cmd.MarkFlagFilename("known"))
	return cmd
}

func sectionNames() []string {
	var names []string
	for _, s := range report.Sections() {
		names = append(names, s.Name)
	}
	return names
}

// completeSections completes the last of several names.
func completeSections(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	before := typed[:strings.LastIndexByte(typed, ',')+1]
	var words []string
	for _, name := range sectionNames() {
		if !slices.Contains(strings.Split(before, ","), name) {
			words = append(words, before+name)
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

func (c *command) reportAnswer(ask reportFlags) answer {
	layout := func() report.Layout {
		return report.Layout{Top: c.flags.topOr(textTop), Physical: c.flags.physical, Sections: ask.sections, Sort: ask.sort}
	}
	return answer{
		check: func() error {
			if err := layout().Check(); err != nil {
				return usageError{err}
			}
			if c.flags.format == "csv" && len(ask.sections) > 1 {
				return usagef("csv prints one section, not %s", strings.Join(ask.sections, " and "))
			}
			if c.flags.format == "csv" && len(ask.sections) == 1 && layout().Columns() == nil {
				return usagef("%s is no table, which csv prints", ask.sections[0])
			}
			if c.flags.format == "csv" && len(ask.sections) == 0 && strings.TrimSuffix(strings.TrimPrefix(ask.sort, "-"), "_bytes") == "split" {
				return usagef("--sort split needs --section holders for csv, which prints the retainers without it")
			}
			if c.flags.format == "json" && ask.sort != "" {
				return usagef("--sort does nothing for json, whose lists begin with what retains most")
			}
			return nil
		},
		known: ask.known,
		text: func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
			return report.WriteSections(ctx, w, s, layout())
		},
		json: func(ctx context.Context, s *report.Snapshot) (any, error) {
			limits := report.DefaultLimits()
			if c.flags.top.given() {
				limits = report.SameLimit(c.flags.top.n)
			}
			return report.NewReportDocument(ctx, s, limits, ask.sections...)
		},
		csv: func(ctx context.Context, s *report.Snapshot) (*report.Table, error) {
			if len(ask.sections) == 1 {
				return report.SectionTable(ctx, s, ask.sections[0], layout())
			}
			t, err := report.RetainerTable(ctx, s)
			if err != nil || ask.sort == "" {
				return t, err
			}
			return layout().Sorted(ctx, t, report.SectionHolders)
		},
	}
}
