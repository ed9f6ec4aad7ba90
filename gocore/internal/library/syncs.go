package library

import (
	"fmt"
	"time"

	"goheap/gocore/internal/types"
)

// mutexText reads the lowest bit of a mutex's state, mutexLocked
// (internal/sync/mutex.go; sync/mutex.go before Go 1.24).
func (p *Reader) mutexText(typ *types.Type, addr uint64) (string, bool) {
	state, ok := p.uintPart(typ, addr, types.Int32, p.library().Mutex.State)
	if state&1 != 0 {
		return "locked", ok
	}
	return "unlocked", ok
}

// rwMutexText reads the count of readers, from which a writer that waits or
// holds the lock takes rwmutexMaxReaders (sync/rwmutex.go).
func (p *Reader) rwMutexText(typ *types.Type, addr uint64) (string, bool) {
	count, ok1 := p.uintPart(typ, addr, types.Int32, p.library().RWMutex.ReaderCount)
	wait, ok2 := p.uintPart(typ, addr, types.Int32, p.library().RWMutex.ReaderWait)
	const maxReaders = 1 << 30
	switch readers := int32(count); {
	case readers == 0:
		return "unlocked", ok1 && ok2
	case readers > 0 && readers <= maxReaders:
		return fmt.Sprintf("locked for reading ×%d", readers), ok1 && ok2
	case readers < -maxReaders:
		return "", false
	case int32(wait) > 0:
		return fmt.Sprintf("locked for reading ×%d, a writer waits", int32(wait)), ok1 && ok2
	}
	return "locked", ok1 && ok2
}

// waitGroupText reads the counter, which is the higher half of the state, and the number
// of goroutines that wait; above that stands whether a bubble of testing/synctest has it
// (sync/waitgroup.go, Go 1.25).
func (p *Reader) waitGroupText(typ *types.Type, addr uint64) (string, bool) {
	state, ok := p.uintPart(typ, addr, types.Uint64, p.library().WaitGroup.State)
	if p.Arch.PtrSize != 8 {
		return "", false // until Go 1.19 it may stand in either part
	}
	text := fmt.Sprintf("counter %d", int32(state>>32))
	switch waiting := state & 0x7fffffff; waiting {
	case 0:
	case 1:
		text += ", 1 goroutine waits"
	default:
		text += fmt.Sprintf(", %d goroutines wait", waiting)
	}
	return text, ok
}

// timerText says whether a timer will fire. Since Go 1.23 a time.Timer is the start of a
// runtime.timeTimer, and has a time as long as it runs (runtime/time.go, stop); before it
// has a status (runtime/time.go, Go 1.22).
func (p *Reader) timerText(typ *types.Type, addr uint64) (string, bool) {
	l := p.library()
	var period uint64
	var runs, ok1, ok2 bool
	if r, at, ok := p.Part(typ, addr, l.Timer.R); ok {
		var status uint64
		status, ok1 = p.uintPart(r, at, types.Uint32, l.CopiedTimer.Status)
		period, ok2 = p.uintPart(r, at, types.Int64, l.CopiedTimer.Period)
		const none, deleted, removing, removed = 0, 3, 4, 5
		runs = status != none && status != deleted && status != removing && status != removed
	} else {
		id, _ := p.Types.Lookup(string(l.TimeTimer.Name))
		// A copy of a time.Timer is no timer.
		init, ok := p.uintPart(p.Types.Type(id), addr, types.Bool, l.TimeTimer.Init)
		start, room, found := p.Slot(addr)
		if !ok || init != 1 || !found || start != addr || room < p.Types.Type(id).Size {
			return "", false
		}
		var when uint64
		when, ok1 = p.uintPart(p.Types.Type(id), addr, types.Int64, l.TimeTimer.When)
		period, ok2 = p.uintPart(p.Types.Type(id), addr, types.Int64, l.TimeTimer.Period)
		runs = when != 0
	}
	switch {
	case !ok1 || !ok2:
		return "", false
	case !runs:
		return "stopped", true
	case int64(period) > 0:
		return "runs, every " + time.Duration(period).String(), true
	}
	return "runs", true
}
