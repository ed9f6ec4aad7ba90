// Delayed has a heap of what is to be done later, from which nothing that was cancelled is
// taken before its time, in a struct that main and a goroutine have. Right answer: s.q, a
// main.pq of 40,000 main.item, whose closures keep a main.invoice each, 13 MiB.
package main

import (
	"container/heap"
	"fmt"
	"sync"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type item struct {
	at        time.Time
	fn        func()
	cancelled bool
	index     int
}

type pq []*item

func (q pq) Len() int {
	return len(q)
}

func (q pq) Less(i, j int) bool {
	return q[i].at.Before(q[j].at)
}

func (q pq) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
}

func (q *pq) Push(x interface{}) {
	*q = append(*q, x.(*item))
}

func (q *pq) Pop() interface{} {
	o := *q
	n := len(o)
	v := o[n-1]
	*q = o[:n-1]
	return v
}

type scheduler struct {
	mu   sync.Mutex
	q    pq
	wake chan struct{}
}

func (s *scheduler) after(d time.Duration, f func()) *item {
	it := &item{at: time.Now().Add(d), fn: f}
	s.mu.Lock()
	heap.Push(&s.q, it)
	s.mu.Unlock()
	return it
}

func (s *scheduler) run() {
	for range s.wake {
		s.mu.Lock()
		if len(s.q) > 0 && s.q[0].at.Before(time.Now()) {
			heap.Pop(&s.q).(*item).fn()
		}
		s.mu.Unlock()
	}
}

type invoice struct {
	id    string
	lines [30]int64
}

type billing struct {
	s    *scheduler
	sent int
}

func (b *billing) remind(i *invoice) *item {
	return b.s.after(time.Hour, func() {
		b.sent++
		fmt.Println(i.id)
	})
}

func main() {
	b := &billing{s: &scheduler{wake: make(chan struct{})}}
	go b.s.run()
	stand.Measured("s.q", 40000, func() {
		for i := 0; i < 40000; i++ {
			it := b.remind(&invoice{id: fmt.Sprint(i)})
			it.cancelled = true
		}
	})
	b.s.wake <- struct{}{}
	stand.Ready(nil, b)
}
