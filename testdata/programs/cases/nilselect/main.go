// Nilselect has workers that select on a channel which their constructor forgot to make
// and on a stop that nobody closes. Right answer: 2,500 goroutines in
// main.(*worker).run, select, each with a *main.worker of 8 KiB: 19.5 MiB.
package main

import (
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type worker struct {
	id    int
	in    chan int
	stop  chan struct{}
	state [1020]int64 // with the allocator's header a slot of 8 KiB in every version of Go
}

func (w *worker) run() {
	for {
		select {
		case v := <-w.in:
			w.state[v%len(w.state)]++
		case <-w.stop:
			return
		}
	}
}

func main() {
	for i := 0; i < 2500; i++ {
		go (&worker{id: i, stop: make(chan struct{})}).run()
	}
	time.Sleep(200 * time.Millisecond)
	stand.Culprit("main.(*worker).run", 2500, 2500*8192)
	stand.Ready(nil)
}
