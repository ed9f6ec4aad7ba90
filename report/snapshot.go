// Package report turns questions about a program's memory into tables and
// documents, and writes them as text, JSON and CSV. It knows neither terminals
// nor flags.
//
// A Snapshot is a program with its graph, types and dominators; its methods say what
// is in it, and what holds what. The functions lay that out: those that end in Table
// give virtual tables, those that start with New the documents that the JSON writer
// prints, and those that start with Write write text for people. Each takes the
// context first, then the writer, then the Snapshot.
package report

import (
	"context"
	"errors"
	"sync"
	"time"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/progress"
)

// Options are passed to gocore.Open.
type Options struct {
	Exe     string // path of the executable; "" finds it through the core
	Debug   string // path of a separate debug file
	Force   bool   // accept an executable whose build id differs
	Runtime bool   // gocore.Options.Runtime
	// Bare leaves the graph alone: the Snapshot has a Process, and no heap, graph or
	// dominators. Only what says so of itself can be asked of it.
	Bare bool

	// Progress is told of the phases of loading and, later, of what the Snapshot finds
	// out, where the context does not carry a function of its own for that, as those of
	// heap.WithProgress do: see gocore.Options.
	Progress func(phase string, done, total int64)

	// Keep takes over a program that was read where the context ended before
	// its graph was analysed, and closes it; nil: Load closes it.
	Keep func(p Process)
}

// Phase is a finished step of the work.
type Phase struct {
	Name    string
	Elapsed time.Duration
}

// Snapshot is a program that was read and analysed. All methods, and the functions
// that take one, may be called from several goroutines, until Close.
type Snapshot struct {
	Process    Process
	Heap       Heap // of Process
	Graph      *heap.Graph
	Dominators *heap.Dominators
	Checks     []gocore.Check
	// Disclosure is Hidden unless it is set before the first question.
	Disclosure Disclosure
	// LeastSuspect is how many bytes something must hold to be suspect. It is 1 MiB unless
	// it is set before the first question: in a program at rest somebody always holds most.
	LeastSuspect uint64
	// Width is how many terminal cells the lines of texts have at most; 0 is no bound.
	Width int
	// Known are suspects that are fine; nil is none. It is set before the first question.
	Known  *Known
	Phases []Phase // in the order in which they began; they overlap
	Peak   uint64  // anonymous memory of this process, in bytes; 0 unknown

	groupings

	opened    Options // how; the zero value where New made the Snapshot
	progress  func(phase string, done, total int64)
	retainers memo[[]Retainer]
	holders   memo[holderRows]
	classes   memo[*classes]
	awaited   memo[waits]
	places    memo[*WaitPlaces]
	leaks     memo[map[heap.Node]bool]
	types     memo[[]TypeRow]
	folded    memo[[]TypeRow]
	roots     memo[[]RootRow]
	stacks    memo[[]GoroutineRow]
	groups    memo[[]StackGroup] // by stack
	creators  memo[[]StackGroup] // by creation site
	waste     memo[*Waste]
	later     memo[*Later]
}

// Load opens the dump at path and runs every phase: objects and pointers, types
// beside dominators, and the comparison with the runtime's own word. When ctx
// ends, so does Load, with the context's cause.
func Load(ctx context.Context, path string, opt Options) (*Snapshot, error) {
	ctx = progress.Or(ctx, opt.Progress)
	phases := new(progress.Tracker)
	peak := watchMemory()
	p, err := gocore.Open(noted(ctx, phases), path, gocore.Options{Exe: opt.Exe, Debug: opt.Debug, Force: opt.Force, Runtime: opt.Runtime, Progress: opt.Progress})
	if err != nil {
		peak()
		return nil, ended(ctx, err)
	}
	if opt.Bare {
		return &Snapshot{Process: p, Peak: peak(), opened: opt}, nil
	}
	h, err := p.Analyse(noted(ctx, phases), nil)
	var s *Snapshot
	if err == nil {
		s, err = newSnapshot(ctx, p, h, phases)
	}
	used := peak()
	if err != nil {
		if opt.Keep != nil && ctx.Err() != nil {
			opt.Keep(p)
		} else {
			p.Close()
		}
		return nil, ended(ctx, err)
	}
	s.Peak, s.opened = used, opt
	return s, nil
}

// ended is why ctx ended, where err says no more than that it did.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return context.Cause(ctx)
	}
	return err
}

// noted is ctx with phases told to a tracker as well.
func noted(ctx context.Context, t *progress.Tracker) context.Context {
	return progress.With(ctx, progress.Both(t.Report, progress.From(ctx)))
}

// New makes a Snapshot of a program and its heap, which it compares with the runtime's
// own word. The Snapshot owns p once New returns without an error; h is p's, and ends
// with it. Whom ctx tells of phases (heap.WithProgress), the Snapshot tells later too,
// where another context does not say otherwise.
func New(ctx context.Context, p Process, h Heap) (*Snapshot, error) {
	return newSnapshot(ctx, p, h, new(progress.Tracker))
}

// newSnapshot is New; t has the phases before, and gets that which follows.
func newSnapshot(ctx context.Context, p Process, h Heap, t *progress.Tracker) (*Snapshot, error) {
	s := &Snapshot{LeastSuspect: 1 << 20, Process: p, Heap: h, Graph: h.Graph(), Dominators: h.Dominators(), progress: progress.From(ctx)}
	ctx = noted(ctx, t)
	phase := progress.Start(ctx, "check", 0)
	checks, err := h.Check(ctx)
	phase.Finish()
	if err == nil {
		err = context.Cause(ctx) // a check that was given up says too little
	}
	if err != nil {
		return nil, err
	}
	s.Checks = checks
	for _, state := range t.Snapshot() {
		s.Phases = append(s.Phases, Phase{state.Name, state.Elapsed})
	}
	return s, nil
}

// Close frees what the process and its heap hold. Nothing that came from the
// Snapshot may be used afterwards, but documents may.
func (s *Snapshot) Close() error { return s.Process.Close() }

// Live returns the live objects of the heap and their bytes.
func (s *Snapshot) Live() (objects, bytes uint64) {
	return uint64(s.Dominators.LiveCount()), s.Dominators.LiveBytes()
}

// Share returns bytes as millionths of the live heap: 0 when that is empty, and
// at least 1 for any bytes of it.
func (s *Snapshot) Share(bytes uint64) uint64 { return share(bytes, s.Dominators.LiveBytes()) }

func share(part, whole uint64) uint64 {
	if whole == 0 {
		return 0
	}
	millionths := uint64(float64(part)/float64(whole)*1e6 + 0.5)
	if part > 0 {
		millionths = max(1, millionths)
	}
	return millionths
}

// Complete reports whether the whole program could be read.
func (s *Snapshot) Complete() bool {
	if !s.Process.Source().Complete {
		return false
	}
	for _, p := range s.Process.Problems() {
		if p.Severity == "error" {
			return false
		}
	}
	return true
}

// memo keeps the result of a computation that succeeded.
type memo[T any] struct {
	mu    sync.Mutex
	done  bool
	value T
}

func (m *memo[T]) get(compute func() (T, error)) (T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.done {
		return m.value, nil
	}
	v, err := compute()
	if err != nil {
		return v, err
	}
	m.done, m.value = true, v
	return v, nil
}
