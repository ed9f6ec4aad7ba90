// Hub is healthy: it has 300 connections that live long, as a server of websockets does,
// each with a goroutine that reads and one that writes, and a queue between them. Right
// answer: nothing suspicious, or the connections, which are what the program has.
package main

import (
	"bufio"
	"net"
	"sync"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type client struct {
	conn net.Conn
	in   *bufio.Reader
	out  *bufio.Writer
	send chan []byte
}

type hub struct {
	mu       sync.Mutex
	clients  map[*client]bool
	incoming chan []byte
}

func (h *hub) read(c *client) {
	defer close(c.send)
	for {
		line, err := c.in.ReadBytes('\n')
		if err != nil {
			return
		}
		h.incoming <- line
	}
}

func (c *client) write() {
	ping := time.NewTicker(time.Hour)
	defer ping.Stop()
	for {
		select {
		case text, ok := <-c.send:
			if !ok {
				return
			}
			c.out.Write(text)
			c.out.Flush()
		case <-ping.C:
			c.out.WriteString("ping\n")
		}
	}
}

func (h *hub) serve(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		c := &client{conn, bufio.NewReaderSize(conn, 512), bufio.NewWriterSize(conn, 512), make(chan []byte, 16)}
		h.mu.Lock()
		h.clients[c] = true
		h.mu.Unlock()
		go h.read(c)
		go c.write()
	}
}

func (h *hub) broadcast() {
	for text := range h.incoming {
		h.mu.Lock()
		for c := range h.clients {
			select {
			case c.send <- text:
			default:
			}
		}
		h.mu.Unlock()
	}
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	h := &hub{clients: map[*client]bool{}, incoming: make(chan []byte, 64)}
	go h.serve(l)
	go h.broadcast()
	var peers []net.Conn
	for i := 0; i < 300; i++ {
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			panic(err)
		}
		peers = append(peers, conn)
	}
	for i := 0; i < 20; i++ {
		peers[i].Write([]byte("hello\n"))
	}
	time.Sleep(300 * time.Millisecond)
	stand.Ready(nil, h, peers)
}
