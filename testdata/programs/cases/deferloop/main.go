// Deferloop is the case deferloop. Source: golang/go#32110.
// Shape: defer in an endless loop of a worker.
// Expected: goroutine main.poll has 5,000 pending defers, each a closure with an 8 KiB
// body: 40 MiB retained by that goroutine.
package main

import (
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type response struct {
	status int
	body   []byte
}

func (r *response) Close() { r.body = nil }

func fetch(i int) *response { return &response{200, make([]byte, 8192)} }

func poll(stop chan bool) {
	for i := 0; ; i++ {
		r := fetch(i)
		defer r.Close()
		if i == 4999 {
			<-stop
		}
	}
}

func main() {
	stop := make(chan bool)
	stand.Measured("main.poll", 5000, func() {
		go poll(stop)
		time.Sleep(200 * time.Millisecond)
	})
	stand.Ready(nil, stop)
}
