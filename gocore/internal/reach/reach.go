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
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"goheap/dump"
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
	defer w.freePooled()
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

// walk goes through all words that hold objects: first those of the roots, then those of
// the heap, in which other walkers take a share.
func (w *walker) walk(ctx context.Context) error {
	phase := progress.Start(ctx, "reachable bytes", int64(len(w.Image.Extents)))
	defer phase.Finish()
	w.mem.Ended = func() bool { return ctx.Err() != nil }
	w.roots()
	var telling sync.Mutex
	told := w.found
	w.found = func(f waste.Finding) {
		telling.Lock()
		defer telling.Unlock()
		told(f)
	}
	defer func() { w.found = told }()
	all := []*walker{w}
	for len(all) < min(runtime.GOMAXPROCS(0), maxWalkers) {
		o := w.beside()
		defer o.free()
		all = append(all, o)
	}
	err := shared(ctx, len(w.Image.Extents), len(all), func(i int) func(lo, hi int) error {
		return func(lo, hi int) error {
			list := w.Image.Extents[lo:hi]
			for k := range list {
				all[i].extent(&list[k])
			}
			phase.Add(int64(len(list)))
			return nil
		}
	})
	for _, o := range all[1:] {
		w.absorb(o)
	}
	return err
}

// More walkers than maxWalkers would wait for memory. Each takes some extents at a time.
const (
	maxWalkers    = 4
	extentsAtOnce = 64
)

// shared gives n extents to workers, a few at a time: to what worker returns for the number
// of each, in a goroutine of its own. The error is the context's, or a worker's.
func shared(ctx context.Context, n, workers int, worker func(i int) func(lo, hi int) error) error {
	errs := make([]error, workers)
	var next atomic.Int64
	var all sync.WaitGroup
	for i := range workers {
		all.Go(func() {
			errs[i] = dump.Guard(func() error {
				do := worker(i)
				for ctx.Err() == nil {
					lo := int(next.Add(extentsAtOnce)) - extentsAtOnce
					if lo >= n {
						break
					}
					if err := do(lo, min(lo+extentsAtOnce, n)); err != nil {
						return err
					}
				}
				return ctx.Err()
			})
		})
	}
	all.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	return errors.Join(errs...)
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
