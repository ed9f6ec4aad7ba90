package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"goheap/gocore/profile"
	"goheap/report"
)

// written is what writes a file of another program's format; notes say what it lacks.
type written func(ctx context.Context, w io.Writer, s *report.Snapshot) (notes []string, err error)

// exports are the formats, by what --format calls them.
func exports() map[string]written {
	return map[string]written{
		"heap-profile":  report.WriteHeapProfile,
		"block-profile": contention(profile.Block),
		"mutex-profile": contention(profile.Mutex),

		"goroutine-profile":    stacks(profile.Goroutines),
		"threadcreate-profile": stacks(profile.Threads),
	}
}

func contention(kind profile.Kind) written {
	return func(ctx context.Context, w io.Writer, s *report.Snapshot) ([]string, error) {
		return report.WriteContention(ctx, w, s, kind)
	}
}

func stacks(kind profile.Kind) written {
	return func(ctx context.Context, w io.Writer, s *report.Snapshot) ([]string, error) {
		return report.WriteStacks(ctx, w, s, kind)
	}
}

func (c *command) export() *cobra.Command {
	var format string
	names := slices.Sorted(maps.Keys(exports()))
	cmd := &cobra.Command{
		Use:   "export --format FORMAT FILE",
		Short: "Write what other tools read",
		Long: `Write what is in FILE as other tools read it.

heap-profile is the memory profile that the runtime kept, in the format of pprof: what
the program itself would have written at that moment (net/http/pprof, heap), as of its
last collection. It says who allocated, not who holds. A program has it if it refers to
runtime.MemProfile, as import of runtime/pprof or net/http/pprof does; how much is
sampled runtime.MemProfileRate says. goheap show names the place of a single object.

block-profile and mutex-profile are those of runtime.SetBlockProfileRate and
SetMutexProfileFraction, where the program has asked for them. goroutine-profile is
where goroutines stand, with their labels if --values is given, and
threadcreate-profile where threads were started.`,
		Example: `  goheap export --format heap-profile -o heap.pb.gz core.4711
  go tool pprof -top heap.pb.gz`,
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			a := answer{bare: true, as: map[string]func(context.Context, io.Writer, *report.Snapshot) error{}}
			for name, write := range exports() {
				a.as[name] = func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
					notes, err := write(ctx, w, s)
					for _, note := range notes {
						fmt.Fprintf(c.stderr, "goheap: note: %s\n", note)
					}
					return err
				}
			}
			a.check = func() error {
				if f, ok := c.stdout.(*os.File); ok && c.flags.output == "-" && term.IsTerminal(int(f.Fd())) {
					return usagef("%s is binary: write it to a file with -o FILE, or to a pipe", c.flags.format)
				}
				return nil
			}
			if format == "" {
				return usagef("export needs --format: %s", strings.Join(names, ", "))
			}
			c.flags.format = format
			return c.answer(cmd, args[0], a)
		},
	}
	cmd.Flags().StringVar(&format, "format", "", "write `FORMAT`, one of those above")
	must(cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}
