// Served has a struct that a variable and the goroutine that serves it hold together, so
// that neither alone holds what is in it. Right answer: main.room.clients, a
// map[*main.client]bool of 2,000 clients with full queues, some 14 MiB.
package main

import (
	"fmt"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type client struct {
	name string
	send chan []byte
}

type chatroom struct {
	clients map[*client]bool
	join    chan *client
}

var room *chatroom

func (r *chatroom) serve() {
	for c := range r.join {
		r.clients[c] = true
	}
}

func main() {
	room = &chatroom{clients: map[*client]bool{}, join: make(chan *client)}
	go room.serve()
	stand.Measured("main.room.clients", 2000, func() {
		for i := 0; i < 2000; i++ {
			c := &client{name: fmt.Sprint(i), send: make(chan []byte, 32)}
			for j := 0; j < 32; j++ {
				c.send <- make([]byte, 200)
			}
			room.join <- c
		}
		time.Sleep(100 * time.Millisecond)
	})
	stand.Ready(nil)
}
