// Httpbody is the case httpbody. Source: golang/go#16953, openshift/cluster-api-provider-gcp#150.
// Shape: http.Get, body not closed. Server in the same process on 127.0.0.1.
// Expected: 300 client connections: per connection persistConn with bufio.Reader 4 KiB and
// bufio.Writer 4 KiB, goroutines readLoop and writeLoop 300 each; 300 server conns too.
package main

import (
	"net"
	"net/http"

	"goheap/testdata/programs/cases/internal/stand"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	big := make([]byte, 1<<20)
	go http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(big) }))
	url := "http://" + l.Addr().String() + "/"
	c := &http.Client{Transport: &http.Transport{}}
	for range 300 {
		resp, err := c.Get(url)
		if err != nil {
			panic(err)
		}
		_ = resp // the body is neither read nor closed
	}
	stand.Culprit("net/http.(*persistConn)", 300, 0)
	stand.Ready(nil, c)
}
