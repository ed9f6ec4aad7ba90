// Chansend is the case chansend. Source: google/cadvisor#2549, ccxt/ccxt#25963, open-runtimes#451.
// Shape: a worker sends its result to an unbuffered channel after the caller timed out.
// Expected: 5,000 goroutines, or one or two less, blocked in main.lookup.func1, each with a 8 KiB result
// (40 MiB), a channel and a 2-4 KiB stack.
package main

import (
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type result struct {
	id   int
	rows []byte
}

//go:noinline
func lookup(id int) *result {
	ch := make(chan *result)
	go func() {
		r := &result{id, make([]byte, 8192)}
		ch <- r
	}()
	select {
	case r := <-ch:
		return r
	default: // the timeout
		return nil
	}
}

func main() {
	leaked := 0
	for i := range 5000 {
		if lookup(i) == nil { // else its goroutine was there before the timeout, and has ended
			leaked++
		}
	}
	time.Sleep(300 * time.Millisecond)
	stand.Culprit("main.lookup.func1", leaked, uint64(leaked)*(8192+32)) // each a result and its rows
	stand.Ready(nil)
}
