//go:build !go1.19

package main

type since119 struct{}

// atomics has none: the types of package sync/atomic exist since Go 1.19.
func atomics() {}
