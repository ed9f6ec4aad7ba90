// Reslice has a queue that is taken from by q = q[1:]: what was in front stays in the
// array. Right answer: main.backlog, of 10 elements, holds 20,000 *main.job of 1 KiB: some
// 20 MiB.
package main

import "goheap/testdata/programs/cases/internal/stand"

type job struct {
	id   int
	args [1000]byte
}

var backlog []*job

func main() {
	stand.Measured("main.backlog", 20000, func() {
		backlog = make([]*job, 0, 20000)
		for i := 0; i < 20000; i++ {
			backlog = append(backlog, &job{id: i})
		}
		for len(backlog) > 10 {
			backlog = backlog[1:]
		}
	})
	stand.Ready(nil)
}
