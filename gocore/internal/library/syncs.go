package library

import (
	"fmt"

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
