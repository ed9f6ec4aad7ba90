// Ctxchildren is the case ctxchildren. Source: cockroachdb/cockroach#149658, failsafe-go/failsafe-go#134.
// Shape: context.WithCancel(appCtx) per request and cancel never called; values hang on the child.
// Expected: 200,000 children in main.app.ctx's children map; each *cancelCtx 112 B
// (+ valueCtx with a request of 128 B held only by those requests' contexts? no: the
// valueCtx is above the cancelCtx, so that it is kept).
package main

import (
	"context"

	"goheap/testdata/programs/cases/internal/stand"
)

type App struct {
	ctx    context.Context
	stop   context.CancelFunc
	served int
}
type key struct{}
type reqInfo struct {
	id    int
	trace [96]byte
}

var app *App

func (a *App) serve(id int) {
	ctx := context.WithValue(a.ctx, key{}, &reqInfo{id: id})
	ctx, cancel := context.WithCancel(ctx)
	_ = cancel // the bug
	if ctx.Err() == nil {
		a.served++
	}
}

func main() {
	ctx, stop := context.WithCancel(context.Background())
	app = &App{ctx: ctx, stop: stop}
	stand.Measured("main.app.ctx", 200000, func() {
		for i := range 200000 {
			app.serve(i)
		}
	})
	stand.Ready(nil)
}
