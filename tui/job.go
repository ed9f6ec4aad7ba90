package tui

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gdamore/tcell/v2"

	"goheap/internal/progress"
	"goheap/report"
)

// A slot holds at most one job at a time: starting another cancels the first,
// whose result is dropped.
type slot int

const (
	slotLoad   slot = iota
	slotView        // what the view on top shows: its rows, order, filter
	slotExpand      // children of a row
	slotWhy         // the chains of the why-alive pane
	slotGoto
	slotAsk  // a question whose answer is a message or a line
	slotCut  // what cut edges would free
	slotSave // bookmarks
	slotWarm // what later questions need, built ahead of them
	slots
)

// job is work off the event loop.
type job struct {
	what    string // for the status line
	cancel  context.CancelFunc
	tracker *progress.Tracker // of the work's phases, which its context tells
}

// percent says how far the phase is that began last, "" where that is not known.
func (j *job) percent() string {
	phases := j.tracker.Snapshot()
	if len(phases) == 0 {
		return ""
	}
	p := phases[len(phases)-1]
	if p.Finished || p.Total <= 0 {
		return ""
	}
	return fmt.Sprintf(" %d %%", min(max(p.Done, 0), p.Total)*100/p.Total)
}

// WorkerPanic is a panic of a worker, carried to where the terminal is
// restored.
type WorkerPanic struct {
	Value any
	Stack []byte
}

// newWorkerPanic keeps what recover returned, and where the panic was: in a worker of
// a question, or here.
func newWorkerPanic(said any) *WorkerPanic {
	if p, ok := said.(*report.Panic); ok {
		return &WorkerPanic{p.Value, p.Stack}
	}
	return &WorkerPanic{said, debug.Stack()}
}

func (p *WorkerPanic) Error() string { return fmt.Sprintf("internal error: %v", p.Value) }

// queue carries functions from workers to the event loop. Adding never blocks.
type queue struct {
	mu    sync.Mutex
	items []func()
}

func (q *queue) add(f func()) {
	q.mu.Lock()
	q.items = append(q.items, f)
	q.mu.Unlock()
}

func (q *queue) take() []func() {
	q.mu.Lock()
	defer q.mu.Unlock()
	items := q.items
	q.items = nil
	return items
}

func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items) == 0
}

// start runs work off the event loop and then the function that it returned on
// the loop, unless the slot was taken over, cancelled or freed in between.
// Work must not touch anything that is drawn. An error that is not the
// context's is shown.
func (a *App) start(s slot, what string, work func(ctx context.Context) (func(), error)) {
	a.cancelJob(s)
	ctx, cancel := context.WithCancel(a.ctx)
	j := &job{what, cancel, new(progress.Tracker)}
	ctx = progress.With(ctx, j.tracker.Report)
	a.jobs[s] = j
	a.spawn(func() {
		done, err := guardWork(func() (func(), error) { return work(ctx) })
		a.post(func() {
			a.noteGone(err) // also of a job that nobody waits for any more
			if a.jobs[s] != j {
				return
			}
			a.jobs[s] = nil
			failed := err != nil && ctx.Err() == nil
			cancel()
			switch {
			case failed && s == slotLoad:
				a.quit(err)
			case failed:
				a.failed(err)
			case err == nil && done != nil:
				done()
			}
		})
	})
}

// cancelJob ends the job of a slot and reports whether there was one.
func (a *App) cancelJob(s slot) bool {
	j := a.jobs[s]
	if j == nil {
		return false
	}
	a.jobs[s] = nil
	j.cancel()
	return true
}

// waited reports whether a person waits for the jobs of a slot.
func waited(s slot) bool {
	return s != slotWarm && s != slotWhy && s != slotSave
}

// busy names a job that runs, "" if none does that a person waits for.
func (a *App) busy() string {
	for s, j := range a.jobs {
		if j != nil && waited(slot(s)) {
			return j.what + j.percent()
		}
	}
	return ""
}

// fetch makes cells off the event loop and reports whether they are already
// there. One worker at a time does so for a grid.
func (a *App) fetch(g *grid, places, cols []int) bool {
	if g.fetching {
		return false
	}
	g.fetching = true
	work := g.rows.(slowRows).fetch(g, places, cols)
	a.spawn(func() {
		known, err := guardWork(func() (func(), error) { return work(), nil })
		a.post(func() {
			if err != nil {
				a.failed(err) // and asks for no more, or it would go on for ever
				return
			}
			g.fetching = false
			known()
		})
	})
	return !g.fetching
}

// background runs f on a goroutine of its own. A panic ends the program in
// good order: the terminal is restored first.
func (a *App) background(f func()) {
	a.workers.Add(1)
	go func() {
		defer a.workers.Done()
		defer func() {
			if v := recover(); v != nil {
				p := newWorkerPanic(v)
				a.panicked.CompareAndSwap(nil, p)
				a.post(func() { a.quit(p) })
			}
		}()
		f()
	}()
}

// wake is the key that the event loop is sent when there is something to do
// that no key asked for: tview draws after a key, and a screen takes one
// without blocking, also after it was closed. (QueueUpdateDraw waits for the
// loop, for ever when that has ended: rivo/tview#1163.)
const wake = tcell.KeyF64

// post runs f on the event loop, in the order of posting. It never blocks and
// may be called from everywhere.
func (a *App) post(f func()) {
	a.posted.add(f)
	a.wakeUp()
}

func (a *App) wakeUp() {
	if a.screen != nil {
		// A full queue loses the wake; the ticker sends another.
		_ = a.screen.PostEvent(tcell.NewEventKey(wake, 0, tcell.ModNone))
	}
}

// drain runs what was posted, and then the keys that have waited for it.
func (a *App) drain() {
	for _, f := range a.posted.take() {
		a.guard(f)
	}
	a.typed.resume(a)
}

// tick is how often something that changes by itself is drawn.
const tick = 100 * time.Millisecond

// ticker wakes the loop while there is something to show, until ctx ends.
func (a *App) ticker(ctx context.Context) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if a.animated.Load() || !a.posted.empty() {
				a.wakeUp()
			}
		}
	}
}
