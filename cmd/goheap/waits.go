package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"goheap/report"
)

func (c *command) waits() *cobra.Command {
	return &cobra.Command{
		Use:   "waits FILE",
		Short: "Show who waits for whom, and name the deadlocks",
		Long: `Show where goroutines wait: each channel, sync.Mutex, RWMutex, WaitGroup, Cond and
Once, with its queue in the order in which the runtime serves it, and who has it.
Goroutines that wait for each other in a circle are a deadlock: it is named with the
goroutines, what each waits for and at which line, and where the locks were taken.

A lock of Go does not record who has it. It is told by the frames of goroutines: on
amd64 their code says what it has locked on every way to where it is ("has locked
it"), and elsewhere too a deferred call says what it will unlock. Who is in neither
is not said to hold a lock.

A deadlock is proven where no goroutine that may go on, and nothing else, leads to
what its members wait for. It is likely where a variable or a goroutine does, which
could unlock it by all that is known, but those who have the locks are in the circle.
"never ends" says likewise of goroutines in no circle that nobody is left to wake.` + whereHelp(`waiting, place, state, operations, end, held_by, name and address`),
		Example:           "  goheap waits core.4711\n  goheap waits --where '=waiting > 10' core.4711\n  goheap waits --format json core.4711",
		Args:              wants(false, "FILE"),
		ValidArgsFunction: completeFile,
		RunE: func(cmd *cobra.Command, args []string) error {
			a := c.table(report.WaitTable, func(ctx context.Context, s *report.Snapshot, l report.List) (any, error) {
				return report.NewWaitsDocument(ctx, s, l)
			})
			a.text = func(ctx context.Context, w io.Writer, s *report.Snapshot) error {
				return report.WriteWaits(ctx, w, s, c.flags.list(textTop))
			}
			return c.answer(cmd, args[0], a)
		},
	}
}
