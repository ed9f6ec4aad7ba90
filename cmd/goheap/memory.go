package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"goheap/gocore/account"
	"goheap/report"
)

func (c *command) memory() *cobra.Command {
	var smaps []string
	cmd := &cobra.Command{
		Use:   "memory FILE",
		Short: "Show where the memory of the process went, outside the heap too",
		Long: `Show what the memory of the process consists of: live objects, garbage, free slots
and pages of the Go heap, stacks, the runtime's own by kind, code and data, and what
is outside of Go, as C's allocator and mapped files. A sentence on top says why the
process is as large as it is, and what steers the collector.

A core does not say what of it was resident. --smaps names what was kept of the
process before its core was taken: /proc/PID/smaps, and also smaps_rollup, status, or
memory.current of its cgroup; it may stand more than once. Without it, files beside
the core are read that are called as it is, with .smaps, .smaps_rollup, .status or
.memory.current behind the name. With smaps the table is by resident bytes and adds up
to RSS; without it, it has what can be resident at most, and as Content what has to
be. A heap dump has no more than the runtime's counters.`,
		Example: `  goheap memory core.4711
  cat /proc/4711/smaps >core.4711.smaps; gcore -o core 4711; goheap memory core.4711
  goheap memory --smaps smaps.txt --format json core.4711`,
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			var kept *account.Residency
			find := func(ctx context.Context, s *report.Snapshot) (*report.Memory, error) {
				return report.NewMemory(ctx, s, kept)
			}
			for _, path := range append([]*string{&args[0]}, pointers(smaps)...) {
				if err := expandHome(path); err != nil {
					return err
				}
			}
			var err error
			if kept, err = report.ReadResidency(args[0], smaps...); err != nil {
				return err
			}
			return c.answer(cmd, args[0], answer{
				text: func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
					m, err := find(ctx, s)
					if err != nil {
						return err
					}
					return report.WriteMemory(w, m, c.flags.topOr(memoryTop))
				},
				json: func(ctx context.Context, s *report.Snapshot) (any, error) {
					m, err := find(ctx, s)
					if err != nil {
						return nil, err
					}
					return report.NewMemoryDocument(m), nil
				},
				csv: func(ctx context.Context, s *report.Snapshot) (*report.Table, error) {
					m, err := find(ctx, s)
					if err != nil {
						return nil, err
					}
					return report.MemoryTable(m), nil
				},
			})
		},
	}
	cmd.Flags().StringArrayVar(&smaps, "smaps", nil, "what the kernel said of the process is in `FILE`")
	must(cmd.MarkFlagFilename("smaps"))
	return cmd
}

// pointers are those to the elements of a slice.
func pointers(of []string) (to []*string) {
	for i := range of {
		to = append(to, &of[i])
	}
	return to
}

const memoryTop = 5 // rows of a list of it in text, unless --top says otherwise
