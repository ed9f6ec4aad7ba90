//go:build !go1.24

package main

// since124 starts what has weak pointers and cleanups.
func since124() {}
