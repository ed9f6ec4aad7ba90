package progress

import (
	"sync"
	"time"
)

// Tracker keeps what phases report, in the order in which they began, for whoever
// draws them. It is safe for concurrent use.
type Tracker struct {
	mu     sync.Mutex
	phases []tracked
}

type tracked struct {
	name        string
	done, total int64
	start       time.Time
	elapsed     time.Duration // once it has ended
	ended       bool
}

// State is a copy of a phase for display. Total is 0 where it is unknown.
type State struct {
	Name        string
	Done, Total int64
	Elapsed     time.Duration
	Finished    bool
}

// Report is for With. Of several phases of one name that run at once it takes the
// last to have begun for the one that reports.
func (t *Tracker) Report(phase string, done, total int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if done <= 0 {
		t.phases = append(t.phases, tracked{name: phase, total: total, start: time.Now()})
		return
	}
	for i := len(t.phases) - 1; i >= 0; i-- {
		p := &t.phases[i]
		if p.ended || p.name != phase {
			continue
		}
		p.done, p.total = done, total
		if done == total {
			p.ended, p.elapsed = true, max(1, time.Since(p.start))
		}
		return
	}
}

// Snapshot returns the phases so far, oldest first.
func (t *Tracker) Snapshot() []State {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.phases) == 0 {
		return nil
	}
	states := make([]State, len(t.phases))
	for i, p := range t.phases {
		states[i] = State{Name: p.name, Done: p.done, Total: p.total, Elapsed: p.elapsed, Finished: p.ended}
		if !p.ended {
			states[i].Elapsed = time.Since(p.start)
		}
	}
	return states
}
