// Streams has clients' streams that nobody closes: each is held by the goroutine that
// receives and by a timer that sends pings, and by nothing else. Right answer: 400
// *main.stream of 32 KiB, held by 400 goroutines in main.(*stream).receive and as many
// timers: 12.5 MiB.
package main

import (
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type stream struct {
	id   int
	in   chan int
	ping *time.Timer
	buf  []byte
}

func (s *stream) receive() {
	for n := range s.in {
		s.buf[n]++
	}
}

//go:noinline
func dial(id int) {
	s := &stream{id: id, in: make(chan int), buf: make([]byte, 32<<10)}
	s.ping = time.AfterFunc(time.Hour, func() { s.in <- 0 })
	go s.receive()
}

func main() {
	for i := 0; i < 400; i++ {
		dial(i)
	}
	time.Sleep(100 * time.Millisecond)
	stand.Culprit("main.stream", 400, 0)
	stand.Ready(nil)
}
