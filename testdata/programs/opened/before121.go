//go:build !go1.21

package main

// slogLevels has none: package log/slog exists since Go 1.21.
func slogLevels() []interface{} { return nil }
