//go:build !go1.21

package main

// slogLevels has none: package log/slog exists since Go 1.21.
func slogLevels() []interface{} { return nil }

type since121 struct{}

// contexts has none: context.WithoutCancel exists since Go 1.21.
func contexts() {}
