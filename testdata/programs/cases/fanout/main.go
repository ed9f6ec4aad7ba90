// Fanout sends each message to two clients of a room, and those that read do not keep up:
// no client holds what is in its queue alone. Right answer: 20,000 messages, []uint8 of
// 1 KiB, less the few that were written, which main.hub.rooms and the clients' goroutines
// hold together, 21 MiB.
package main

import (
	"fmt"
	"net"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type Hub struct {
	rooms    map[string]*Room
	register chan *Client
}

type Room struct {
	name    string
	clients map[*Client]bool
	history [][]byte
}

type Client struct {
	hub  *Hub
	room *Room
	conn net.Conn
	send chan []byte
	id   int
}

func (c *Client) writePump() {
	for m := range c.send {
		if _, err := c.conn.Write(m); err != nil {
			return
		}
	}
}

func (c *Client) readPump() {
	b := make([]byte, 512)
	for {
		if _, err := c.conn.Read(b); err != nil {
			return
		}
	}
}

var hub = &Hub{rooms: map[string]*Room{}, register: make(chan *Client)}

func main() {
	var others []net.Conn
	for i := 0; i < 5; i++ {
		n := fmt.Sprint("room", i)
		hub.rooms[n] = &Room{name: n, clients: map[*Client]bool{}}
	}
	const size = 1024 // as it is allocated
	r := hub.rooms["room3"]
	for i := 0; i < 200; i++ {
		a, b := net.Pipe()
		others = append(others, b)
		c := &Client{hub: hub, room: r, conn: a, send: make(chan []byte, 256), id: i}
		r.clients[c] = true
		go c.writePump()
		go c.readPump()
	}
	for i := 0; i < 20000; i++ {
		m := make([]byte, size)
		for c := range r.clients {
			if (c.id+i)%100 == 0 {
				c.send <- m
			}
		}
	}
	// Each has one that it writes.
	for c := range r.clients {
		for len(c.send) != 199 {
			time.Sleep(time.Millisecond)
		}
	}
	stand.Culprit("main.hub", 19900, 19900*size)
	stand.Ready(nil, others)
}
