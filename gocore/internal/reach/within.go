package reach

import (
	"context"

	"goheap/gocore/internal/image"
	"goheap/gocore/waste"
	"goheap/heap"
)

// within is Find of v.Within alone: no other object counts, and no other is walked.
// All ways to them lead through the first, so that no other word covers any of them.
func within(ctx context.Context, c Config, v waste.Visitor) error {
	w := newWalker(c)
	defer w.free()
	inside := heap.NewBits(c.Image.Nodes)
	defer inside.Close()
	for _, n := range v.Within {
		inside.Set(n)
	}
	// What is whole is not looked at. What leads to the first of them may be elsewhere.
	for i, word := range inside.Words() {
		w.whole.Words()[i] = ^word
	}
	w.whole.Set(v.Within[0])
	told := func(f waste.Finding) {
		if inside.Has(f.Node) {
			v.Finding(f)
		}
	}
	w.found = told
	w.texts = newTexts(w)
	defer w.texts.free()
	w.mem.Ended = func() bool { return ctx.Err() != nil }
	for i, n := range v.Within {
		if i%(1<<12) == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		switch {
		case w.Graph.IsRoot(n):
			w.root(int(n - 1))
		case image.HasBit(w.Live, n):
			w.node(n)
		}
	}
	if err := w.each(ctx, func(o *object) {
		o.charge(told)
		w.beyond(o, v.Pointer)
	}); err != nil {
		return err
	}
	w.chargeBoxes(told)
	return w.texts.duplicates(ctx)
}
