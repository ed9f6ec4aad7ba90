// Workers is healthy: eight workers wait for jobs on a channel that main has, with a
// small buffer each. Right answer: nothing suspicious.
package main

import (
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

func work(jobs <-chan int, done chan<- int) {
	scratch := make([]int, 512)
	for j := range jobs {
		scratch[j%len(scratch)] += j
		done <- scratch[j%len(scratch)]
	}
}

func main() {
	jobs, done := make(chan int), make(chan int)
	for i := 0; i < 8; i++ {
		go work(jobs, done)
	}
	for i := 0; i < 1000; i++ {
		jobs <- i
		<-done
	}
	time.Sleep(50 * time.Millisecond)
	stand.Ready(nil, jobs, done)
}
