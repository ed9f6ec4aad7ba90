package image

import (
	"fmt"

	"goheap/gocore/internal/unwind"
)

// Goroutine states (runtime/runtime2.go).
const (
	GIdle      = 0
	GRunnable  = 1
	GRunning   = 2
	GSyscall   = 3
	GWaiting   = 4
	GDead      = 6
	GCopystack = 8
	GPreempted = 9
	GLeaked    = 10 // since Go 1.26
	GDeadextra = 11 // since Go 1.26
	GScan      = 0x1000
)

// Goroutine is one entry of runtime.allgs that has a stack.
type Goroutine struct {
	Addr             uint64
	ID, Parent       uint64
	Status           uint32
	WaitReason       uint8
	WaitSince        int64 // of the program's clock, 0 for unknown
	StartPC, GoPC    uint64
	StackLo, StackHi uint64
	Thread           int    // 0 for none
	Root             int    // index in Image.Roots
	Waiting          uint64 // address of the first runtime.sudog of what it waits for, 0 for none
	State            unwind.State
	Func             string // by which people know it, "" for unknown
	Locked           bool   // to its thread (runtime.LockOSThread)

	// Of a heap dump:
	Why                string // in words, in place of WaitReason
	FirstFrame, Frames int    // index in Image.Frames, and how many there are
	Recorded           bool   // the stack is not walked: pieces count these frames
}

// HasNoStack reports whether a goroutine of that status is over, or has not begun.
func HasNoStack(status uint32) bool {
	return status == GIdle || status == GDead || status == GDeadextra
}

// StatusName returns what a status is called (runtime/traceback.go, gStatusStrings).
func StatusName(s uint32) string {
	switch s {
	case GRunnable:
		return "runnable"
	case GRunning:
		return "running"
	case GSyscall:
		return "syscall"
	case GWaiting:
		return "waiting"
	case GCopystack:
		return "copystack"
	case GPreempted:
		return "preempted"
	case GLeaked:
		return "leaked"
	}
	return fmt.Sprintf("status %d", s)
}

// GoroutinesByAddress are the indices of goroutines by the addresses of their runtime.g.
func (im *Image) GoroutinesByAddress() map[uint64]int {
	byAddr := map[uint64]int{}
	for i := range im.Goroutines {
		byAddr[im.Goroutines[i].Addr] = i
	}
	return byAddr
}
