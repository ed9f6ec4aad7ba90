package progress

import "context"

type key struct{}

// With returns a context that carries report to what is done under it: each phase of
// the work calls it when it begins, with done 0; now and then as it goes on; and once
// when it ends, however it ends, with done equal to total and above 0. Before the end
// done is below a total that is known; total is 0 while it is not. Phases overlap, and
// one name may come again. The calls of one phase come one after the other, those of
// several at once, from any goroutine: they must return quickly, since the work waits
// for them and may hold locks. Without a report, nil, it returns ctx.
func With(ctx context.Context, report func(phase string, done, total int64)) context.Context {
	if report == nil {
		return ctx
	}
	return context.WithValue(ctx, key{}, report)
}

// Or is With for a context that carries no report yet; one that does stays as it is.
func Or(ctx context.Context, report func(phase string, done, total int64)) context.Context {
	if From(ctx) != nil {
		return ctx
	}
	return With(ctx, report)
}

// From returns what With put into a context, nil if there is nothing.
func From(ctx context.Context) func(phase string, done, total int64) {
	report, _ := ctx.Value(key{}).(func(phase string, done, total int64))
	return report
}

// Both returns a report that tells two, either of which may be nil.
func Both(a, b func(phase string, done, total int64)) func(phase string, done, total int64) {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return func(phase string, done, total int64) {
		a(phase, done, total)
		b(phase, done, total)
	}
}
