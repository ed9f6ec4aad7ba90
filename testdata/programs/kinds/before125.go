//go:build !go1.25

package main

// onceResult is a variable by itself. Where neither debugging information nor the code
// says what closures capture, nothing says what its address leads to.
var onceResult = map[bool]string{true: "result", false: "result → +0x0"}[describesCaptures]
