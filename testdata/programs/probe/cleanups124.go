//go:build go1.24 && !go1.25

package main

// Cleanups run where finalizers do, and wait in their queue.
const (
	cleanupGoroutines = false
	queueHoldsRunning = false
	cleanupQueue      = "finalizer queue"
)
