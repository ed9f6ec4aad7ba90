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
	Types   *types.Table
	IDs     []heap.TypeID // by node
	Space   *inferior.Space
	GCTypes *image.GCTypes
	Frames  *frames.Reader
}

// Find calls f with what is of no use in the live objects, in order of their addresses. The
// error is the context's.
func Find(ctx context.Context, c Config, f func(waste.Finding)) error {
	w := newWalker(c)
	defer w.free()
	if err := w.walk(ctx); err != nil {
		return err
	}
	return w.each(ctx, func(o *object) { o.charge(f) })
}

// walk finds what is covered.
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
	for k := range w.lists {
		w.lists[k].settle()
	}
	return ctx.Err()
}
