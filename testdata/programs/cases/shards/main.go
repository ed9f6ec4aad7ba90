// Shards has requests in flight by their numbers, in one of 32 maps, never deleted when
// they fail. Right answer: main.srv.inflight.shards, 40,000 main.request in
// map[string]*main.request, some 26 MiB.
package main

import (
	"fmt"
	"sync"

	"goheap/testdata/programs/cases/internal/stand"
)

type request struct {
	id, method string
	body       []byte
}

type shard struct {
	mu sync.RWMutex
	m  map[string]*request
}

type table struct {
	name   string
	shards []*shard
}

type server struct {
	addr     string
	inflight table
}

var srv = &server{addr: ":80"}

func main() {
	for i := 0; i < 32; i++ {
		srv.inflight.shards = append(srv.inflight.shards, &shard{m: map[string]*request{}})
	}
	stand.Measured("main.srv.inflight.shards", 40000, func() {
		for i := 0; i < 40000; i++ {
			r := &request{id: fmt.Sprint("req-", i), method: "GET", body: make([]byte, 512)}
			srv.inflight.shards[i%32].m[r.id] = r
		}
	})
	stand.Ready(nil)
}
