//go:build !go1.21

package main

// These start what has functions of package context and sync that older versions lack.
func leakingSince121() {}
func healthySince121() {}
