// Wgwait has requests that wait for a sync.WaitGroup on which Done was called once too
// few, each with its answer. Right answer: 1,500 goroutines in main.(*job).finish,
// sync.WaitGroup.Wait, each with a *main.job whose answer is 16 KiB: 23.5 MiB.
package main

import (
	"sync"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type job struct {
	parts  sync.WaitGroup
	answer []byte
}

func (j *job) finish(i int) {
	j.parts.Wait()
	j.answer[0] = byte(i)
}

func main() {
	for i := 0; i < 1500; i++ {
		j := &job{answer: make([]byte, 16<<10)}
		j.parts.Add(2)
		go j.parts.Done() // the other part has returned early
		go j.finish(i)
	}
	time.Sleep(200 * time.Millisecond)
	stand.Culprit("main.(*job).finish", 1500, 1500*(16<<10+48))
	stand.Ready(nil)
}
