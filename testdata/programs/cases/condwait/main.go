// Condwait has consumers that wait on a sync.Cond which is never signalled again, each
// with its batch. Right answer: 2,000 goroutines in main.(*queue).take, sync.Cond.Wait,
// each with a *main.batch of 8 KiB: 15.6 MiB.
package main

import (
	"sync"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type batch struct {
	n     int
	items [1023]int64
}

type queue struct {
	mu    sync.Mutex
	ready *sync.Cond
	items []int64
}

func (q *queue) take(b *batch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 {
		q.ready.Wait()
	}
	b.n += copy(b.items[:], q.items)
}

func main() {
	q := &queue{}
	q.ready = sync.NewCond(&q.mu)
	for i := 0; i < 2000; i++ {
		go q.take(&batch{})
	}
	time.Sleep(200 * time.Millisecond)
	stand.Culprit("main.(*queue).take", 2000, 2000*8192)
	stand.Ready(nil)
}
