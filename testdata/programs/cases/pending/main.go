// Pending has a goroutine that keeps what was not acknowledged in a variable of its own,
// and reports an error that nobody takes. Right answer: main.(*producer).dispatch, a
// map[int]*main.message of 20,000, some 20 MiB.
package main

import (
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type message struct {
	topic string
	value []byte
}

type producer struct {
	input  chan *message
	errors chan error
}

//go:noinline
func (p *producer) dispatch() {
	waiting := map[int]*message{}
	for m := range p.input {
		waiting[len(waiting)] = m
		if len(waiting) == 20000 {
			p.errors <- nil
		}
	}
	println(len(waiting))
}

func main() {
	p := &producer{make(chan *message), make(chan error)}
	go p.dispatch()
	stand.Measured("main.(*producer).dispatch", 20000, func() {
		for i := 0; i < 20000; i++ {
			p.input <- &message{"orders", make([]byte, 1000)}
		}
		time.Sleep(100 * time.Millisecond)
	})
	stand.Ready(nil, p)
}
