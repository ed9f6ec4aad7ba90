//go:build go1.24

package main

import (
	"runtime"
	"sync/atomic"
	"weak"

	"goheap/testdata/programs/internal/ready"
)

var (
	weakly     weak.Pointer[T]
	atomically atomic.Pointer[T]
)

// cleanups attaches two of them to cleanedUp.
//
//go:noinline
func cleanups() {
	argument, inClosure := newT(12), newT(13)
	runtime.AddCleanup(cleanedUp, func(t *T) { spun = t.Index }, argument)
	runtime.AddCleanup(cleanedUp, func(int) { spun = inClosure.Index }, 1)
	one("cleanupArgument", address(argument), "global", "main.cleanedUp")
	one("cleanupCapture", address(inClosure), "global", "main.cleanedUp")
}

//go:noinline
func queuedCleanups(n int) []uintptr {
	var addrs []uintptr
	for i := 0; i < n; i++ {
		t, argument := newT(40+i), newT(50+i)
		runtime.AddCleanup(t, func(t *T) { spun = t.Index }, argument)
		addrs = append(addrs, address(argument))
	}
	return addrs
}

//go:noinline
func blockCleanups(entered chan<- uintptr, block <-chan int) {
	runtime.AddCleanup(newT(61), func(t *T) {
		entered <- address(t)
		t.Index += int64(<-block)
	}, newT(62))
}

//go:noinline
func atomicPointer() {
	t := newT(73)
	atomically.Store(t)
	one("atomically", address(t), "global", "main.atomically")
}

//go:noinline
func weakPointer() {
	t := newT(80)
	weakly = weak.Make(t)
	c := oneT("weaklyHeld", address(t), "", "")
	c.Live, c.Retained = false, nil
	ready.Say(c)
}
