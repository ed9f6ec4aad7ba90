//go:build !go1.25

package main

import "runtime"

// onceResult is where the function of a sync.OnceValue has its result: a variable by
// itself, of which only the code says that the closure has its address.
var onceResult = map[bool]string{true: "result", false: "result → +0x0"}[runtime.GOARCH == "amd64"]
