//go:build go1.24 && !go1.26

package main

// It is captured by a closure.
const cleanupArgument = ".func1 captured arg"
