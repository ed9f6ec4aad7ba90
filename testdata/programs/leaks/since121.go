//go:build go1.21

package main

import (
	"context"
	"sync"
)

func leakOnceFunc(f func())           { f() }
func leakOnceFuncFirst()              { select {} }
func leakAfterward(c chan *int)       { <-c }
func okAfterward(c chan *int)         { <-c }
func leakWithout(ctx context.Context) { <-ctx.Done() }
func leakCause(ctx context.Context)   { <-ctx.Done() }

// onceFunc is a variable, so that what it returns has the library's name.
var onceFunc = sync.OnceFunc

// leakingSince121 starts what waits for functions that a context would call, which nobody
// can cancel any longer, for none that can be cancelled, and for what a call of a function
// that runs once never does.
//
//go:noinline
func leakingSince121() {
	f := onceFunc(leakOnceFuncFirst)
	for range [times]int{} {
		go leakOnceFunc(f)
	}
	also("leakOnceFuncFirst", 1)
	also("leakOnceFunc", times-1)
	start("leakAfterward", func() {
		ctx, cancel := context.WithCancel(context.Background())
		_ = cancel
		c := make(chan *int)
		context.AfterFunc(ctx, func() { close(c) })
		go leakAfterward(c)
	})
	start("leakWithout", func() { go leakWithout(context.WithoutCancel(background)) })
	start("leakCause", func() {
		ctx, cancel := context.WithCancelCause(context.WithoutCancel(background))
		_ = cancel
		go leakCause(ctx)
	})
}

//go:noinline
func healthySince121() {
	start("okAfterward", func() {
		c := make(chan *int)
		context.AfterFunc(background, func() { close(c) })
		go okAfterward(c)
	})
}
