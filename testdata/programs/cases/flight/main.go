// Flight has requests that wait for the one that loads for all of them, which hangs. What
// they hold is on their stacks. Right answer: 2,000 goroutines in main.(*group).do, which
// wait for one WaitGroup with 31 MiB of stacks.
package main

import (
	"sync"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type call struct {
	done  sync.WaitGroup
	value int
}

type group struct {
	mu    sync.Mutex
	calls map[string]*call
}

var loads = group{calls: map[string]*call{}}

//go:noinline
func (g *group) do(key string, load func() int) int {
	g.mu.Lock()
	if c := g.calls[key]; c != nil {
		g.mu.Unlock()
		c.done.Wait()
		return c.value
	}
	c := new(call)
	c.done.Add(1)
	g.calls[key] = c
	g.mu.Unlock()
	c.value = load()
	c.done.Done()
	return c.value
}

func handle(hang chan int) {
	var buf [8000]byte
	buf[loads.do("config", func() int { return <-hang })]++
}

func main() {
	hang := make(chan int)
	go handle(hang)
	time.Sleep(100 * time.Millisecond)
	for i := 0; i < 2000; i++ {
		go handle(hang)
	}
	time.Sleep(300 * time.Millisecond)
	stand.Culprit("main.(*group).do", 2000, 2000*16384)
	stand.Ready(nil, hang)
}
