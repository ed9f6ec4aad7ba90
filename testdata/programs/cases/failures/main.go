// Failures has controllers in a variable of main, each with a goroutine and a limit of
// retries, of which one counts failures and forgets none. Right answer: .failures of one
// main.Controller, a map[interface{}]int of 120,000 entries, 12 MiB.
package main

import (
	"fmt"
	"sync"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type NamespacedName struct{ Namespace, Name string }

type Request struct{ NamespacedName }

type expLimiter struct {
	failuresLock        sync.Mutex
	failures            map[interface{}]int
	baseDelay, maxDelay time.Duration
}

func (r *expLimiter) When(item interface{}) time.Duration {
	r.failuresLock.Lock()
	defer r.failuresLock.Unlock()
	r.failures[item]++
	return r.baseDelay
}

type bucket struct{ n int }

func (b *bucket) When(item interface{}) time.Duration {
	return 0
}

type RateLimiter interface {
	When(item interface{}) time.Duration
}

type maxOf struct{ limiters []RateLimiter }

func (m *maxOf) When(i interface{}) (d time.Duration) {
	for _, l := range m.limiters {
		if x := l.When(i); x > d {
			d = x
		}
	}
	return
}

type queue struct {
	dirty, processing map[interface{}]struct{}
	queue             []interface{}
	cond              *sync.Cond
}

type rateLimitingType struct {
	*queue
	rateLimiter RateLimiter
}

type Controller struct {
	name          string
	Queue         *rateLimitingType
	MaxConcurrent int
}

type manager struct{ runnables []*Controller }

func main() {
	m := &manager{}
	for i := 0; i < 4; i++ {
		m.runnables = append(m.runnables, &Controller{name: fmt.Sprint("c", i), Queue: &rateLimitingType{queue: &queue{dirty: map[interface{}]struct{}{}, cond: sync.NewCond(&sync.Mutex{})}, rateLimiter: &maxOf{[]RateLimiter{&expLimiter{failures: map[interface{}]int{}}, &bucket{}}}}})
		c := m.runnables[i]
		go func() {
			c.Queue.cond.L.Lock()
			for len(c.Queue.queue.queue) == 0 {
				c.Queue.cond.Wait()
			}
		}()
	}
	stand.Measured("main.expLimiter.failures", 120000, func() {
		for i := 0; i < 120000; i++ {
			m.runnables[2].Queue.rateLimiter.When(Request{NamespacedName{"tenant", fmt.Sprintf("job-%08d", i)}})
		}
	})
	stand.Ready(nil, m)
}
