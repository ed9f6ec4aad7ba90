// Server is the case server. No leak at all: a healthy little server with net/http, a 3 MiB template table and idle connections.
// Expected: no suspect that is the runtime's own; at most the table.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"goheap/testdata/programs/cases/internal/stand"
)

var pages = map[string]string{}

func main() {
	for i := range 300 {
		pages[fmt.Sprint("/p", i)] = strings.Repeat("x", 1000)
	}
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, pages[r.URL.Path]) }))
	c := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 50}}
	done := make(chan bool)
	for j := range 20 {
		go func() {
			for i := range 50 {
				r, err := c.Get(fmt.Sprint("http://", l.Addr(), "/p", (i+j)%300))
				if err == nil {
					io.Copy(io.Discard, r.Body)
					r.Body.Close()
				}
			}
			done <- true
		}()
	}
	for range 20 {
		<-done
	}
	stand.Ready(nil, c)
}
