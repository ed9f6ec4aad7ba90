// Pipeline is healthy: three stages with a context, a ticker that is used and a pool,
// and nothing in the channels. Right answer: nothing suspicious.
package main

import (
	"context"
	"sync"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

var buffers = sync.Pool{New: func() any { return new([1024]byte) }}

func stage(ctx context.Context, in <-chan int, out chan<- int) {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case v := <-in:
			b := buffers.Get().(*[1024]byte)
			b[v%len(b)]++
			buffers.Put(b)
			out <- v + 1
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	first := make(chan int)
	in := first
	for i := 0; i < 3; i++ {
		out := make(chan int)
		go stage(ctx, in, out)
		in = out
	}
	for i := 0; i < 500; i++ {
		first <- i
		<-in
	}
	stand.Ready(nil, first, in, cancel)
}
