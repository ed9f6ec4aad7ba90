package main

import (
	"context"
	"runtime/pprof"
)

// labelled starts a goroutine with labels, as servers give them to those that answer a
// request.
func labelled() {
	go pprof.Do(context.Background(), pprof.Labels("tenant", "acme", "shard", "7"), func(context.Context) {
		started <- struct{}{}
		<-forever
	})
	<-started
}
