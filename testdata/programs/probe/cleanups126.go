//go:build go1.26

package main

const (
	cleanupGoroutines = true
	queueHoldsRunning = false
	cleanupQueue      = "cleanup queue"
)
