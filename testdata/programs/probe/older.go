//go:build !go1.24

package main

const (
	cleanupGoroutines = false
	queueHoldsRunning = false
	cleanupQueue      = ""
)

func cleanups()                                {}
func queuedCleanups(int) []uintptr             { return nil }
func blockCleanups(chan<- uintptr, <-chan int) {}
func atomicPointer()                           {}
func weakPointer()                             {}
