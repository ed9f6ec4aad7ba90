//go:build go1.21

package main

import (
	"context"
	"log/slog"
	"sync"
)

func slogLevels() []interface{} {
	return []interface{}{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn + 2, slog.LevelDebug - 1}
}

type since121 struct {
	Without context.Context
	Value   func() item
}

func contexts() {
	s := &all.Since121
	s.Without = context.WithoutCancel(withCancel(context.Background()))
	say("(context.withoutCancelCtx) context.Background.WithCancel.WithoutCancel", "Since121", "Without")
	context.AfterFunc(withCancel(context.Background()), func() {})
	s.Value = sync.OnceValue(func() item { return item{5, "computed"} })
	s.Value()
	starts("", "Since121", "Value")
}
