//go:build !go1.24

package main

type since124 struct{}

// weaklings has none: package weak exists since Go 1.24.
func weaklings() {}
