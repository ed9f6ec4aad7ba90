//go:build go1.19

package main

import "runtime/debug"

// limit sets the memory limit.
func limit(bytes int64) { debug.SetMemoryLimit(bytes) }
