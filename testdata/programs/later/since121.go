//go:build go1.21

package main

import "context"

var newer []context.Context

// makeNewContexts returns how many children it has given to srv.ctx.
func makeNewContexts(kept string) int {
	without := context.WithoutCancel(srv.ctx)
	tell(Context{Addr: word(without), Parent: kept, Call: ".WithoutCancel"})
	ctx, cancel := context.WithCancelCause(without)
	causeCancel = cancel
	tell(Context{Addr: word(ctx), Parent: word(without), Call: ".WithCancel", Func: "causeCancel"})
	newer = append(newer, ctx)
	return 0
}

var causeCancel context.CancelCauseFunc
