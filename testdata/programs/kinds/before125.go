//go:build !go1.25

package main

// It is a variable by itself, and code that several types share knows its shape
// alone.
const onceResult = "result → +0x0"
