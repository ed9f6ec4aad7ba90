// Rpcserver is a healthy server of remote calls: 60 connections, each with a goroutine that
// reads and one that writes, eight workers with a queue, calls in flight that wait for
// their answers, and deadlines. Right answer: nothing suspicious.
package main

import (
	"bufio"
	"context"
	"encoding/gob"
	"net"
	"sync"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type call struct {
	ID   int
	Body []byte
}

type job struct {
	ctx    context.Context
	call   call
	answer chan call
}

type server struct {
	jobs chan *job
	mu   sync.Mutex
	open map[net.Conn]*session
}

type session struct {
	conn    net.Conn
	out     chan call
	pending sync.WaitGroup
}

func (s *server) work() {
	for j := range s.jobs {
		select {
		case <-j.ctx.Done():
		case <-time.After(time.Millisecond):
		}
		j.answer <- call{j.call.ID, append([]byte(nil), j.call.Body...)}
	}
}

func (s *server) serve(conn net.Conn) {
	c := &session{conn: conn, out: make(chan call, 4)}
	s.mu.Lock()
	s.open[conn] = c
	s.mu.Unlock()
	go c.write()
	in := gob.NewDecoder(bufio.NewReader(conn))
	for {
		var one call
		if in.Decode(&one) != nil {
			break
		}
		c.pending.Add(1)
		go s.handle(c, one)
	}
	c.pending.Wait()
	close(c.out)
	s.mu.Lock()
	delete(s.open, conn)
	s.mu.Unlock()
}

func (s *server) handle(c *session, one call) {
	defer c.pending.Done()
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	j := &job{ctx, one, make(chan call, 1)}
	s.jobs <- j
	c.out <- <-j.answer
}

func (c *session) write() {
	w := bufio.NewWriter(c.conn)
	out := gob.NewEncoder(w)
	for one := range c.out {
		if out.Encode(one) != nil || w.Flush() != nil {
			break
		}
	}
}

// client calls without end, twenty times a second: nothing is collected while the program
// stands still.
func client(addr string) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		panic(err)
	}
	out, in := gob.NewEncoder(conn), gob.NewDecoder(conn)
	for i := 0; ; i++ {
		if out.Encode(call{i, make([]byte, 512)}) != nil {
			return
		}
		var answer call
		if in.Decode(&answer) != nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func main() {
	s := &server{jobs: make(chan *job, 16), open: map[net.Conn]*session{}}
	for i := 0; i < 8; i++ {
		go s.work()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	for i := 0; i < 60; i++ {
		go client(l.Addr().String())
	}
	time.Sleep(500 * time.Millisecond)
	stand.Ready(nil, s)
}
