package image

import (
	"context"
	"math/bits"
	"strings"

	"goheap/heap"
)

// Records are where the runtime keeps account of goroutines, threads and processors.
// They point at each other, and at nearly everything that a goroutine is about.
type Records struct {
	Sched  []uint64 // addresses of each runtime.m and runtime.p
	Timers []uint64 // addresses of the timers that are set
	Waits  []Wait
}

// Wait is a runtime.sudog: a goroutine in a queue.
type Wait struct {
	Addr      uint64
	Goroutine int32  // index in Image.Goroutines
	Chan      uint64 // address of the channel, 0 for none
	Elem      uint64 // of what is sent or received, or of the semaphore
}

// level says how late a root comes among holders.
type level uint8

const (
	program level = iota
	// interned are the tables of package unique, whose entries last as long as somebody has
	// the value (unique/handle.go): who does holds it. But whoever makes an equal one has
	// that too, so that to those who wait they lead on: Image.Interned.
	interned
	// pools are the lists of all sync.Pool of a program, by which they are emptied
	// (sync/pool.go, poolCleanup). What holds a pool is who uses it.
	pools
	// runtimes are the variables of package runtime: the collector's ways to
	// goroutines, threads, timers, and so to all that these are about.
	runtimes
	levels
)

func (r *Root) level() level {
	switch {
	case r.Kind != GlobalRoot:
		return program
	case strings.HasPrefix(r.Name, "runtime."):
		return runtimes
	case strings.HasPrefix(r.Name, "unique."):
		return interned
	case r.Name == "sync.allPools", r.Name == "sync.oldPools":
		return pools
	}
	return program
}

// Own reports whether a root is one of the runtime's own, which holds only what no
// other root reaches, unless Image.Physical is set.
func (r *Root) Own() bool { return r.level() != program }

// ways finds which pointers of the runtime are ways by which the collector comes to
// objects, and not what holds them. These are
//
//   - of a runtime.g: those to threads, processors and other goroutines;
//   - of a runtime.sudog: all but those to others of the same goroutine (the channels of
//     a select);
//   - of a channel, and of what a sync.Cond is a part of: those to the sudogs that wait
//     in it;
//   - of a timer: those to its processor, and to the goroutine that it wakes;
//   - of a runtime.m and runtime.p: all;
//   - of the variables of a level, and of what they alone reach: those to what the levels
//     before it reach.
//
// A way that is the only one to an object stays: no object is lost, so that the live set
// is the collector's. A closed edge leads from its node to the node itself, which changes
// neither what is reached nor what dominates.
type ways struct {
	im     *Image
	g      *heap.Graph
	live   *heap.Marker
	record heap.Bits           // nodes of records
	owner  map[heap.Node]int32 // by node of a record: the goroutine, -1 for none
	needed map[heap.Node]bool  // records that only the stack of another goroutine holds
	closed []closedEdge
	// reached are the nodes that the levels up to each reach.
	reached [levels]heap.Bits
}

type closedEdge struct {
	at       uint64 // in Graph.Target
	from, to heap.Node
	until    level // when it may open again
}

const noGoroutine = -1

func (im *Image) newWays(g *heap.Graph, live *heap.Marker) *ways {
	w := &ways{im: im, g: g, live: live, record: heap.NewBits(g.Len()), owner: map[heap.Node]int32{}, needed: map[heap.Node]bool{}}
	if im.Physical || len(im.Records.Sched) == 0 {
		return w
	}
	note := func(addr uint64, goroutine int32) {
		if n, ok := im.Pages.Lookup(addr); ok {
			w.record.Set(n)
			w.owner[n] = goroutine
		}
	}
	for i, g := range im.Goroutines {
		note(g.Addr, int32(i))
	}
	for _, addr := range im.Records.Sched {
		note(addr, noGoroutine)
	}
	for _, s := range im.Records.Waits {
		note(s.Addr, s.Goroutine)
	}
	for i, g := range im.Goroutines {
		w.close(g.Addr, program, func(to heap.Node) bool { return w.foreign(int32(i), to) })
	}
	for _, s := range im.Records.Waits {
		w.close(s.Addr, program, func(to heap.Node) bool {
			return !w.record.Has(to) || w.foreign(s.Goroutine, to)
		})
		if s.Chan != 0 {
			w.close(s.Chan, program, w.record.Has)
		} else {
			w.close(s.Elem, program, w.record.Has)
		}
	}
	for _, addr := range im.Records.Timers {
		w.close(addr, program, w.record.Has)
	}
	for _, addr := range im.Records.Sched {
		w.close(addr, runtimes, func(heap.Node) bool { return true })
	}
	return w
}

// level is that of a root, if it matters.
func (w *ways) level(r *Root) level {
	if w.im.Physical {
		return program
	}
	return r.level()
}

// foreign reports whether a node is a record of somebody else than the given goroutine.
func (w *ways) foreign(goroutine int32, n heap.Node) bool {
	return w.record.Has(n) && w.owner[n] != goroutine
}

// close closes the edges of the object at addr whose targets are chosen. One that is
// closed already stays as it is.
func (w *ways) close(addr uint64, until level, choose func(to heap.Node) bool) {
	n, ok := w.im.Pages.Lookup(addr)
	if !ok || addr == 0 {
		return
	}
	for at := w.g.Offset[n]; at < w.g.Offset[n+1]; at++ {
		if to := w.g.Target[at]; to != n && choose(to) {
			e := closedEdge{at, n, to, until}
			if w.record.Has(to) && w.owner[to] == noGoroutine {
				e.until = runtimes // they have lists of their own
			}
			w.closed = append(w.closed, e)
			w.g.Target[at] = n
		}
	}
}

// open opens the edges that are the only way to what they lead to: those of the records
// of threads and processors first, so that none of these hangs on the goroutine that it
// runs where the runtime's lists lead to it.
func (w *ways) open(now level) {
	w.openSome(now, func(e closedEdge) bool { return w.record.Has(e.from) && w.owner[e.from] == noGoroutine })
	w.openSome(now, func(closedEdge) bool { return true })
}

// openSome is open for chosen edges.
func (w *ways) openSome(now level, chosen func(e closedEdge) bool) {
	// A chain of objects that are reached only so is followed a step each round:
	// in a sound program it has one or two. Then order does not matter any longer.
	const rounds = 8
	for round, again := 0, true; again; round++ {
		again = false
		pending := w.closed[:0]
		for _, e := range w.closed {
			switch {
			case e.until > now || !chosen(e) || !w.live.Has(e.from) && round < rounds:
				pending = append(pending, e)
			case !w.live.Has(e.from):
				w.g.Target[e.at] = e.to
			case !w.live.Has(e.to):
				w.g.Target[e.at] = e.to
				w.live.Mark(e.to)
				again = true
			default:
				pending = append(pending, e)
			}
		}
		w.closed = pending
	}
}

// mark marks what all roots reach, level by level.
func (w *ways) mark(ctx context.Context) error {
	im := w.im
	for l := range levels {
		for i := range im.Roots {
			r := &im.Roots[i]
			if w.level(r) != l {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			im.eachTarget(r, func(n heap.Node) {
				if r.Goroutine < 0 || !w.foreign(r.Goroutine, n) {
					w.live.Mark(n)
				}
			})
		}
		w.open(l)
		if l == levels-1 {
			w.markNeeded()
		}
		w.reached[l] = heap.NewBits(w.g.Len())
		copy(w.reached[l].Words(), w.live.Bits().Words())
	}
	// What is not reached yet may be so by a special, and has no other way then.
	for _, e := range w.closed {
		if !w.live.Has(e.from) {
			w.g.Target[e.at] = e.to
		}
	}
	w.closeLevels()
	return nil
}

// markNeeded marks the records that only the stack of another goroutine leads to.
func (w *ways) markNeeded() {
	for i := range w.im.Roots {
		r := &w.im.Roots[i]
		if r.Goroutine < 0 {
			continue
		}
		w.im.eachTarget(r, func(n heap.Node) {
			if !w.live.Has(n) {
				w.needed[n] = true
				w.live.Mark(n)
			}
		})
	}
	w.open(runtimes)
}

// closeLevels closes the edges that lead from what a level alone reaches to what the
// levels before it do.
func (w *ways) closeLevels() {
	w.im.Interned = nil
	for i := range w.im.Roots {
		if r := &w.im.Roots[i]; w.level(r) == interned {
			w.im.eachTarget(r, func(n heap.Node) {
				if !w.holds(r, n) {
					w.im.Interned = append(w.im.Interned, n)
				}
			})
		}
	}
	for l := interned; l < levels; l++ {
		before, now := w.reached[l-1], w.reached[l]
		for i, word := range now.Words() {
			for word &^= before.Words()[i]; word != 0; word &= word - 1 {
				n := heap.Node(i*64 + bits.TrailingZeros64(word))
				for at := w.g.Offset[n]; at < w.g.Offset[n+1]; at++ {
					if to := w.g.Target[at]; before.Has(to) {
						if l == interned {
							w.im.Interned = append(w.im.Interned, to)
						}
						w.g.Target[at] = n
					}
				}
			}
		}
	}
}

// holds reports whether a root that points at a node is among what holds it.
func (w *ways) holds(r *Root, n heap.Node) bool {
	if l := w.level(r); l > program {
		return !w.reached[l-1].Has(n)
	}
	return r.Goroutine < 0 || !w.foreign(r.Goroutine, n) || w.needed[n]
}

func (w *ways) free() {
	w.record.Close()
	for i := range w.reached {
		w.reached[i].Close()
	}
}
