// Package progress carries the phases of a long computation from the code
// that does the work to whoever draws them.
//
// A nil *Tracker is silent: every method may be called on it.
package progress

import (
	"sync"
	"sync/atomic"
	"time"
)

// Tracker collects phases in the order in which they start. Phases may overlap.
// It is safe for concurrent use.
type Tracker struct {
	mu     sync.Mutex
	phases []*Phase
}

// Phase is one piece of work. Its methods may be called from many goroutines.
type Phase struct {
	name  string
	total int64
	done  atomic.Int64
	start time.Time
	end   atomic.Int64 // nanoseconds after start, 0 while the phase runs
}

// State is a copy of a phase for display. Total is 0 where it is unknown.
type State struct {
	Name        string
	Done, Total int64
	Elapsed     time.Duration
	Finished    bool
}

// Start begins a phase that has total units of work, 0 for unknown.
func (t *Tracker) Start(name string, total int64) *Phase {
	p := &Phase{name: name, total: total, start: time.Now()}
	if t != nil {
		t.mu.Lock()
		t.phases = append(t.phases, p)
		t.mu.Unlock()
	}
	return p
}

// Add reports n more units as done. Workers call it every few thousand units:
// it costs one atomic addition.
func (p *Phase) Add(n int64) { p.done.Add(n) }

// Finish ends the phase. Later calls do nothing.
func (p *Phase) Finish() {
	p.end.CompareAndSwap(0, max(1, int64(time.Since(p.start))))
}

// Snapshot returns the phases so far, oldest first.
func (t *Tracker) Snapshot() []State {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	states := make([]State, len(t.phases))
	for i, p := range t.phases {
		end := p.end.Load()
		states[i] = State{Name: p.name, Done: p.done.Load(), Total: p.total, Elapsed: time.Duration(end), Finished: end != 0}
		if end == 0 {
			states[i].Elapsed = time.Since(p.start)
		}
	}
	return states
}
