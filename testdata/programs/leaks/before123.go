//go:build !go1.23

package main

// These start what has iterators, handles of package unique, and timers whose channels
// are not in the runtime's lists while nobody waits.
func leakingSince123() {}
func healthySince123() {}
