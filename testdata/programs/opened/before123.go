//go:build !go1.23

package main

type since123 struct{}

// handles has none: package unique exists since Go 1.23.
func handles() {}
