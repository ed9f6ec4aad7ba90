//go:build go1.25 && !go1.26

package main

const (
	cleanupGoroutines = true
	queueHoldsRunning = true
	cleanupQueue      = "cleanup queue"
)
