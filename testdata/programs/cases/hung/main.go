// Hung is an HTTP server whose handlers wait for a backend that never answers. Right
// answer: 200 goroutines in main.(*backend).ask, each with a body of 80 KiB, which is too large for a
// stack: 15.6 MiB.
package main

import (
	"fmt"
	"net"
	"net/http"
	"sync"

	"goheap/testdata/programs/cases/internal/stand"
)

type backend struct{ answers chan int }

var asked sync.WaitGroup

//go:noinline
func (b *backend) ask(body []byte) int {
	asked.Done()
	n := <-b.answers
	return n + int(body[0])
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	b := &backend{make(chan int)}
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, b.ask(make([]byte, 80<<10)))
	}))
	var conns []net.Conn
	asked.Add(200)
	for i := 0; i < 200; i++ {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			panic(err)
		}
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		conns = append(conns, c)
	}
	asked.Wait()
	stand.Culprit("main.(*backend).ask", 200, 0)
	stand.Ready(nil, conns, b)
}
