// Transports makes an HTTP client with a Transport of its own for each request, so that the
// connections of all of them stay, idle. Right answer: 250 connections of net/http with
// their goroutines, each of another Transport, some 10 MiB.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"

	"goheap/testdata/programs/cases/internal/stand"
)

func serve() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { // until the client has gone
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Println(l.Addr())
	http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "ok") }))
}

func fetch(url string) {
	client := &http.Client{Transport: &http.Transport{ReadBufferSize: 32 << 10}}
	answer, err := client.Get(url)
	if err != nil {
		panic(err)
	}
	io.Copy(io.Discard, answer.Body)
	answer.Body.Close()
}

func main() {
	if len(os.Args) > 1 {
		serve()
	}
	cmd := exec.Command(os.Args[0], "serve")
	in, err := cmd.StdinPipe()
	if err != nil {
		panic(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		panic(err)
	}
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	addr, _, err := bufio.NewReader(out).ReadLine()
	if err != nil {
		panic(err)
	}
	stand.Measured("net/http.(*persistConn)", 250, func() {
		for i := 0; i < 250; i++ {
			fetch("http://" + string(addr))
		}
	})
	stand.Ready(nil, in)
}
