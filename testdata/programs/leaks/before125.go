//go:build !go1.25

package main

// These start what has WaitGroup.Go.
func leakingSince125() {}
func healthySince125() {}
