// Workpool is healthy: 500 workers rest until there is a job in their queue, each with a
// scratch buffer, and a client waits for each result with a timeout. Right answer: nothing
// suspicious, or the workers, whose buffers are most of what the program has.
package main

import (
	"context"
	"sync"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type job struct {
	n      int
	result chan int
}

type pool struct {
	jobs chan *job
	done sync.WaitGroup
	mu   sync.RWMutex
	sums map[int]int
}

func (p *pool) work() {
	defer p.done.Done()
	scratch := make([]int, 128)
	for j := range p.jobs {
		for i := range scratch {
			scratch[i] += j.n * i
		}
		p.mu.Lock()
		p.sums[j.n] = scratch[j.n%len(scratch)]
		p.mu.Unlock()
		j.result <- scratch[0]
	}
}

func (p *pool) ask(ctx context.Context, n int) int {
	j := &job{n, make(chan int, 1)}
	p.jobs <- j
	select {
	case r := <-j.result:
		return r
	case <-ctx.Done():
		return -1
	}
}

func main() {
	p := &pool{jobs: make(chan *job, 64), sums: map[int]int{}}
	for i := 0; i < 500; i++ {
		p.done.Add(1)
		go p.work()
	}
	for i := 0; i < 5000; i++ {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		p.ask(ctx, i)
		cancel()
	}
	go p.done.Wait()
	time.Sleep(100 * time.Millisecond)
	stand.Ready(nil, p)
}
