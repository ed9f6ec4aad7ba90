package heap

import (
	"context"

	"goheap/internal/progress"
)

// WithProgress returns a context under which the functions of this package that take
// one tell report of their phases: when a phase begins, with done 0; now and then as
// it goes on; and once when it ends, however it ends, with done equal to total and
// above 0. Before the end done is below a total that is known; total is 0 while it is
// not. Phases may overlap, and one name may come again.
//
// report may be called from several goroutines at once. It must return quickly, since
// the work waits for it, and ask nothing of what is at work. A nil report changes nothing. The context of
// dump.WithProgress is the same.
func WithProgress(ctx context.Context, report func(phase string, done, total int64)) context.Context {
	return progress.With(ctx, report)
}
