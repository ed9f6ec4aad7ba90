//go:build go1.21

package main

import "log/slog"

func slogLevels() []interface{} {
	return []interface{}{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn + 2, slog.LevelDebug - 1}
}
