// Retrier has what a local variable of main and a goroutine hold together: requests that
// failed, to be tried again by nobody. Right answer: main.(*retrier).run, whose .failed has
// 8,000 main.job of 2 KiB, 16 MiB.
package main

import (
	"fmt"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type job struct {
	url  string
	body []byte
}

type retrier struct {
	failed []job
	kick   chan int
}

func (r *retrier) run() {
	for i := range r.kick {
		r.failed = append(r.failed, job{url: fmt.Sprint("/job/", i), body: make([]byte, 2048)})
	}
}

func main() {
	r := &retrier{kick: make(chan int)}
	go r.run()
	stand.Measured("main.(*retrier).run", 8000, func() {
		for i := 0; i < 8000; i++ {
			r.kick <- i
		}
		time.Sleep(100 * time.Millisecond)
	})
	stand.Ready(nil, r)
}
