// Package reach finds out which bytes of live objects a program can still get at: from
// the pointers, slices and strings that lead to them, and the types that these have.
//
// Words that are used throughout:
//
//   - to cover: to lead to some bytes of an object. A pointer covers a value of its type, a
//     string its bytes, a slice the elements up to its length, and up to its capacity as
//     room.
//   - whole: of an object, that something leads to it of which it is not known how far it
//     reaches, or that covers all of it.
//   - boxed: of a value, that it stands in an object of its own because an interface
//     holds it.
//   - dead: bytes of an object that nothing covers. Bytes behind the end of what the object
//     was made for are not: see object.value.
package reach

import (
	"context"

	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/inferior"
	"goheap/gocore/internal/types"
	"goheap/gocore/waste"
	"goheap/heap"
	"goheap/internal/progress"
)

// Config is a heap of which all is known.
type Config struct {
	Image   *image.Image // with all roots
	Live    []uint64     // a bit for each node
	Graph   *heap.Graph
	Heap    *heap.Dominators // of the graph
	Types   *types.Table
	IDs     []heap.TypeID // by node
	Space   *inferior.Space
	GCTypes *image.GCTypes
	Frames  *frames.Reader
}

// Find tells v of what is of no use in the live objects. The error is the context's.
func Find(ctx context.Context, c Config, v waste.Visitor) error {
	if v.Only != nil {
		return one(ctx, c, v)
	}
	if len(v.Within) > 0 {
		return within(ctx, c, v)
	}
	w := newWalker(c)
	defer w.free()
	w.found = v.Finding
	w.texts = newTexts(w)
	defer w.texts.free()
	var err error
	if w.pooled, err = pooled(ctx, c); err != nil {
		return err
	}
	if err := w.walk(ctx); err != nil {
		return err
	}
	told := map[heap.Node]bool{} // of those that only pools keep
	if err := w.each(ctx, func(o *object) {
		o.charge(v.Finding)
		if o.pooled {
			told[o.node] = true
		} else {
			w.beyond(o, v.Pointer)
		}
	}); err != nil {
		return err
	}
	w.chargePools(v.Finding, told)
	w.chargeBoxes(v.Finding)
	if err := w.texts.duplicates(ctx); err != nil {
		return err
	}
	return w.shapes(ctx, v.Type)
}

// walk goes through all words that hold objects.
func (w *walker) walk(ctx context.Context) error {
	phase := progress.Start(ctx, "reachable bytes", int64(len(w.Image.Extents)))
	defer phase.Finish()
	w.mem.Ended = func() bool { return ctx.Err() != nil }
	w.roots()
	for i := range w.Image.Extents {
		if i%64 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			phase.Add(int64(min(64, len(w.Image.Extents)-i)))
		}
		w.extent(&w.Image.Extents[i])
	}
	return ctx.Err()
}

// Span is the bytes [Lo, Hi).
type Span struct{ Lo, Hi uint64 }

// Partial is an object that is not covered whole.
type Partial struct {
	Node  heap.Node
	Value Span   // without what the allocator has rounded up
	Used  []Span // covered, without the room of slices
	All   []Span // with it
}

// Partly calls f with the live objects that are not covered whole, by address.
func Partly(ctx context.Context, c Config, f func(Partial)) error {
	w := newWalker(c)
	defer w.free()
	w.found = func(waste.Finding) {}
	if err := w.walk(ctx); err != nil {
		return err
	}
	exported := func(list []span) (out []Span) {
		for _, s := range list {
			out = append(out, Span{s.lo, s.hi})
		}
		return out
	}
	return w.each(ctx, func(o *object) {
		f(Partial{o.node, Span{o.value.lo, o.value.hi}, exported(o.used), exported(o.all)})
	})
}
