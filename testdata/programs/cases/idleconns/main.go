// Idleconns has connections that clients keep open and silent, each with a goroutine and
// two buffers. Right answer: 200 goroutines in main.(*conn).serve with as many main.conn or
// bufio.Reader and bufio.Writer of 64 KiB, 25 MiB.
package main

import (
	"bufio"
	"net"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type conn struct {
	net net.Conn
	in  *bufio.Reader
	out *bufio.Writer
}

func (c *conn) serve() {
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return
		}
		c.out.WriteString(line)
		c.out.Flush()
	}
}

func accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go (&conn{c, bufio.NewReaderSize(c, 64<<10), bufio.NewWriterSize(c, 64<<10)}).serve()
	}
}

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go accept(l)
	var clients []net.Conn
	stand.Measured("main.(*conn).serve", 200, func() {
		for i := 0; i < 200; i++ {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				panic(err)
			}
			clients = append(clients, c)
		}
		time.Sleep(300 * time.Millisecond)
	})
	stand.Ready(nil, clients)
}
