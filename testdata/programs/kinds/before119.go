//go:build !go1.19

package main

func atomicPointers() {
	for _, name := range []string{"atomic.Pointer", "atomic.Pointer on the heap", "atomic.Pointer to a slice", "atomic.Pointer to a slice, element"} {
		missing(name, "package sync/atomic has Pointer since Go 1.19")
	}
}
