package progress

import "context"

type key struct{}

// With returns a context that carries a tracker to what is done under it: a
// question of a person's has phases of its own.
func With(ctx context.Context, t *Tracker) context.Context { return context.WithValue(ctx, key{}, t) }

// From returns the tracker that With put into a context, nil if there is none.
func From(ctx context.Context) *Tracker {
	t, _ := ctx.Value(key{}).(*Tracker)
	return t
}
