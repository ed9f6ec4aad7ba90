// Localhub has a hub in a variable of main whose clients are gone: each waits to tell it,
// and nobody reads what they tell. Right answer: 600 × *main.client of 24 KiB, 14.1 MiB,
// which h.clients of main.main and the goroutines in main.(*client).read hold together.
package main

import (
	"runtime"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type hub struct {
	clients    map[*client]bool
	unregister chan *client
}

type client struct {
	hub *hub
	out chan []byte
	buf [24<<10 - 64]byte
}

func (c *client) read() {
	c.buf[0]++
	c.hub.unregister <- c
}

func main() {
	const n = 600
	h := &hub{clients: map[*client]bool{}, unregister: make(chan *client)}
	for i := 0; i < n; i++ {
		c := &client{hub: h, out: make(chan []byte, 4)}
		h.clients[c] = true
		go c.read()
	}
	time.Sleep(200 * time.Millisecond)
	stand.Culprit("h.clients", n, 0)
	stand.Culprit("main.client", n, n*(24<<10))
	stand.Ready(nil)
	runtime.KeepAlive(h)
}
