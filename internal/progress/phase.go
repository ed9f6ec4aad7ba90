// Package progress carries the phases of a long computation from the code
// that does the work to whoever wants to know: through a function in the context.
package progress

import (
	"context"
	"sync"
	"sync/atomic"
)

// A phase tells of itself about calls times where its total is known, and every so
// many units where it is not.
const (
	calls = 200
	every = 1 << 13
)

// Phase is one piece of work. Its methods may be called from many goroutines. A nil
// phase is silent: every method may be called on it.
type Phase struct {
	name        string
	total, step int64
	done        atomic.Int64

	mu     sync.Mutex // held while report runs
	report func(phase string, done, total int64)
	told   int64
	ended  bool
}

// Start begins a phase that has total units of work, 0 for unknown. It is nil where
// ctx carries nobody to tell.
func Start(ctx context.Context, name string, total int64) *Phase {
	report := From(ctx)
	if report == nil {
		return nil
	}
	p := &Phase{name: name, total: max(0, total), step: every, report: report}
	if p.total > 0 {
		p.step = max(1, p.total/calls)
	}
	report(name, 0, p.total)
	return p
}

// Add says that n more units are done. Workers call it every few thousand units: it
// costs one atomic addition, and now and then a call. Where that of another worker
// runs, it does not wait.
func (p *Phase) Add(n int64) {
	if p == nil {
		return
	}
	if done := p.done.Add(n); done/p.step == (done-n)/p.step || !p.mu.TryLock() {
		return
	}
	defer p.mu.Unlock()
	done := p.done.Load()
	if p.total > 0 {
		done = min(done, p.total-1) // all of it is said by Finish
	}
	if !p.ended && done > p.told {
		p.told = done
		p.report(p.name, done, p.total)
	}
}

// Finish ends the phase, also one that has not done all of its work. Later calls do
// nothing.
func (p *Phase) Finish() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	p.ended = true
	all := p.total
	if all == 0 {
		all = max(1, p.done.Load())
	}
	p.report(p.name, all, all)
}
