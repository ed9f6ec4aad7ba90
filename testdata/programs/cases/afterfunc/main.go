// Afterfunc registers a function with context.AfterFunc for every message and never
// calls the stop that it gets. Right answer: main.root.ctx keeps 50,000 functions
// main.(*server).receive.func1 in its children, a map[context.canceler]struct{}, each
// with a *main.message of 512 bytes.
package main

import (
	"context"

	"goheap/testdata/programs/cases/internal/stand"
)

type message struct {
	id   int
	text [504]byte
}

type server struct {
	ctx    context.Context
	cancel context.CancelFunc
	lost   int
}

var root *server

//go:noinline
func (s *server) receive(m *message) {
	context.AfterFunc(s.ctx, func() { s.lost += m.id })
}

func main() {
	root = &server{}
	root.ctx, root.cancel = context.WithCancel(context.Background())
	stand.Measured("main.root.ctx", 50000, func() {
		for i := 0; i < 50000; i++ {
			root.receive(&message{id: i})
		}
	})
	stand.Ready(nil)
}
