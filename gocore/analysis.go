package gocore

import (
	"context"
	"errors"
	"math"
	"runtime/debug"
	"slices"
	"sync"

	"goheap/dump"
	"goheap/gocore/account"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/kept"
	"goheap/gocore/internal/reach"
	"goheap/gocore/internal/typing"
	"goheap/gocore/internal/uses"
	"goheap/gocore/internal/waits"
	"goheap/gocore/later"
	"goheap/gocore/wait"
	"goheap/gocore/waste"
	"goheap/heap"
	"goheap/internal/flat"
	"goheap/internal/progress"
)

// Heap is the analysed heap of a Process: the graph of its objects, their types, and who
// retains what. It belongs to the Process, which closes it. Its methods may be called
// from several goroutines, and none of them takes long that has no context.
type Heap struct {
	naming
	dominators    *heap.Dominators
	sources       []heap.Node // that lead into chunks of user arenas
	sourcesOnce   sync.Once
	unwalked      int    // values that were not followed to find types
	behindUnknown uint64 // see Typing
}

// Stage is a part of the analysis that has ended.
type Stage uint8

const (
	StageGraph      Stage = iota + 1 // objects and pointers, and what is alive
	StageDominators                  // who retains what
	StageTypes
)

// String returns the stage's name.
func (s Stage) String() string {
	switch s {
	case StageGraph:
		return "graph"
	case StageDominators:
		return "dominators"
	case StageTypes:
		return "types"
	}
	return ""
}

// Analyse makes the heap of the process at its first call that succeeds, and returns the
// same one later. A call whose context ends leaves nothing behind, and the next one
// starts anew. One that comes while another is at work waits for it.
//
// done is told, from one goroutine at a time, of each stage that has ended; it may be
// nil.
func (p *Process) Analyse(ctx context.Context, done func(Stage)) (*Heap, error) {
	select {
	case p.analysing <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-p.analysing }()
	if done == nil {
		done = func(Stage) {}
	}
	if p.heap != nil {
		for s := StageGraph; s <= StageTypes; s++ {
			done(s)
		}
		return p.heap, nil
	}
	h := newHeap(p.stacks)
	if err := h.analyse(progress.Or(ctx, p.progress), done); err != nil {
		if errors.Is(err, dump.ErrChanged) {
			p.vanished(err)
		}
		h.free()
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	// What was met on the way counts once, however often it was begun.
	p.problem(dump.Error, h.im.Blind, "objects are of types whose descriptions are not in the core, or damaged: what they point to is missing")
	p.problem(dump.Error, h.unwalked, "values were not followed to find types: "+typing.Overlap)
	p.problem(dump.Warning, int(min(h.typing.Conflicts, math.MaxInt)), "claims on types contradicted what the collector knows of the objects, and were rejected: these, and what they lead to, have other types or none; goheap check says where")
	p.heap = h
	return h, nil
}

func newHeap(s *stacks) *Heap {
	im := *s.im
	// What the analysis appends must not be seen by others.
	im.Roots, im.Pieces = slices.Clip(im.Roots), slices.Clip(im.Pieces)
	return &Heap{naming: naming{&values{&objects{stacks: s, im: &im}}, &nameIndex{}}}
}

// analyse runs all stages: types are found beside the live set and the dominators. An
// error is that of whoever failed first.
func (h *Heap) analyse(ctx context.Context, done func(Stage)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if err := h.scan(ctx); err != nil {
		return err
	}
	rooted := sync.OnceValue(func() error { return h.findLive(ctx) })
	var mu sync.Mutex
	ended := func(s Stage) {
		mu.Lock()
		defer mu.Unlock()
		done(s)
	}
	typed := make(chan *Panic, 1)
	go func() {
		defer func() { typed <- dump.Recovered(recover()) }()
		if err := h.findTypes(ctx, rooted); err != nil {
			cancel(err)
			return
		}
		ended(StageTypes)
	}()
	err := rooted()
	if err == nil {
		ended(StageGraph)
		err = h.dominate(ctx)
	}
	if err != nil {
		cancel(err)
	} else {
		ended(StageDominators)
	}
	if said := <-typed; said != nil {
		h.free()
		panic(said) // here the caller can recover it
	}
	if err = context.Cause(ctx); err == nil {
		h.behindUnknown, err = h.dominators.RetainedByAny(ctx, h.typing.Nodes)
	}
	if err == nil && len(h.typing.Chunks) > 0 {
		h.dominators.Reroute = h.reroute
	}
	return err
}

// scan finds all pointers. The graph lacks the rows of the roots.
func (h *Heap) scan(ctx context.Context) error {
	return dump.Guard(func() (err error) {
		h.graph, err = h.im.ScanGraph(ctx, h.gcTypes)
		return err
	})
}

// findLive gives the roots their rows, and marks what they reach.
func (h *Heap) findLive(ctx context.Context) error {
	return dump.Guard(func() (err error) {
		h.live, err = h.im.RootGraph(ctx, h.gcTypes, h.graph)
		return err
	})
}

// findTypes finds the types of all live objects. It begins while others still find out
// which these are: rooted waits until they have.
func (h *Heap) findTypes(ctx context.Context, rooted func() error) error {
	return h.runTyper(ctx, h.newTyper(rooted))
}

func (h *Heap) runTyper(ctx context.Context, t *typing.Typer) error {
	h.typing = t.Out
	if h.decoder.Described != nil {
		// SeedRecorded looks at all objects: it must not see dead ones.
		live, err := t.Reached()
		if err != nil {
			return err
		}
		t.Alive = live.Bits().Words()
	}
	err := dump.Guard(func() error { return t.Run(ctx, h.vars.Seed) })
	h.unwalked = t.Mem.Refused
	return err
}

func (h *Heap) newTyper(rooted func() error) *typing.Typer {
	c := h.decoder.TypingConfig()
	c.Capture, c.Global = h.closures.TypeOf, h.decoder.Global
	c.Closure, c.Entry, c.StackWords = h.closures.Surely, h.decoder.IsEntry, h.vars.EachWords
	c.Unplaced, c.Stored = h.vars.Unplaced, h.vars.Stored
	c.Used = func(ctx context.Context, t *typing.Typer) error { return uses.Claim(ctx, h.closures, h.vars, t) }
	t := typing.New(c, h.graph)
	t.Late = h.decoder.SeedSpecials
	t.Reached = func() (*heap.Marker, error) {
		err := rooted()
		return h.live, err
	}
	return t
}

func (h *Heap) dominate(ctx context.Context) (err error) {
	h.dominators, err = h.graph.Dominators(ctx)
	return err
}

// free gives back the arrays of the heap, or of as much as there is of it.
func (h *Heap) free() {
	if h.dominators != nil {
		h.dominators.Close()
	}
	if h.live != nil {
		h.live.Close()
	}
	if h.typing != nil {
		h.typing.Free()
	}
	if h.graph != nil {
		flat.Free(h.graph.Offset)
		flat.Free(h.graph.Target)
	}
	*h = Heap{}
}

// Graph returns the objects, the roots and the pointers between them.
func (h *Heap) Graph() *heap.Graph { return h.graph }

// Dominators says what each node of the graph retains.
func (h *Heap) Dominators() *heap.Dominators { return h.dominators }

// Roots returns all roots, by node.
func (h *Heap) Roots() []Root {
	defer h.caught(debug.SetPanicOnFault(true))
	return h.describeRoots(h.im.Roots)
}

// Check compares the heap with what the program's own runtime says, and tells of the
// claims on types that contradicted it.
func (h *Heap) Check(ctx context.Context) (checks []Check, err error) {
	err = dump.Guard(func() error {
		checks = append(check(h.im, h.live, h.recorded), h.checkTypes())
		return nil
	})
	return checks, err
}

// Account says where the memory of the process went. kept is what the kernel said of it at
// that moment, nil where nobody kept that. With count, all pages outside of files are
// looked at, which takes as long as to read the core once.
func (h *Heap) Account(ctx context.Context, kept *account.Residency, count bool) (a account.Account, err error) {
	err = dump.Guard(func() (err error) { a, err = h.decoder.AccountOf(ctx, h.live.Bits().Words(), kept, count); return err })
	return a, err
}

// Waste tells v of the bytes of live objects, or of one, that are of no use.
func (h *Heap) Waste(ctx context.Context, v waste.Visitor) error {
	return dump.Guard(func() error {
		return reach.Find(progress.Or(ctx, h.progress), reach.Config{
			Image: h.im, Live: h.live.Bits().Words(), Graph: h.graph, Heap: h.dominators, Types: h.types, IDs: h.typing.IDs,
			Space: h.space, GCTypes: h.gcTypes, Frames: h.vars,
		}, v)
	})
}

// Waits says what goroutines wait on, by their places in Goroutines: several channels in
// a select, nil where it is not known; and which of them are proven to do so in vain.
func (h *Heap) Waits(ctx context.Context) (on [][]wait.Awaited, leaked []int, err error) {
	err = dump.Guard(func() (err error) {
		on, leaked, err = waits.Of(ctx, h.im, h.graph, h.dominators, h.vars)
		return err
	})
	return on, leaked, err
}

// WaitGraph says where goroutines wait, who could end that, and who wait for each other.
func (h *Heap) WaitGraph(ctx context.Context) (g *wait.Graph, err error) {
	err = dump.Guard(func() (err error) {
		g, err = waits.Graph(ctx, h.im, h.graph, h.dominators, h.vars, h.decoder)
		return err
	})
	return g, err
}

// Later says what the program has put off, or keeps for later.
func (h *Heap) Later(ctx context.Context) (s *later.State, err error) {
	err = dump.Guard(func() (err error) {
		s, err = kept.Find(ctx, kept.Config{Image: h.im, Graph: h.graph, Dominators: h.dominators, IDs: h.typing.IDs, Library: h.known(), Program: h.decoder, Closures: h.closures, Frames: h.vars})
		return err
	})
	return s, err
}

// Allocated reports whether the slot of n is allocated.
func (h *Heap) Allocated(n heap.Node) bool {
	return n >= h.im.FirstNode() && int(n) < h.im.Nodes && image.HasBit(h.im.Allocated, n)
}

// AllocatedSlots returns how many slots are allocated, live or garbage, and
// their bytes.
func (h *Heap) AllocatedSlots() (objects, bytes uint64) { return h.im.CountSlots(h.im.Allocated) }

// GCMarkedBytes returns what the last collection marked by the runtime's own
// account (runtime.gcController.heapMarked).
func (h *Heap) GCMarkedBytes() uint64 { return h.recorded.HeapMarked }
