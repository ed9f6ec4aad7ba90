// Waiters is the case waiters. Source: tendermint/tendermint#3306, grpc/grpc-go#1685: goroutines stuck on one lock with their requests.
// Shape: 3,000 handlers wait for one mutex held by a stuck worker.
// Expected: 3,000 goroutines [sync.Mutex.Lock] in main.(*api).handle, each with a 8 KiB request body: 24 MiB.
package main

import (
	"sync"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type req struct {
	id   int
	body []byte
}
type api struct {
	mu    sync.Mutex
	total int
}

func (a *api) handle(r *req) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.total += len(r.body) + r.id
}

func main() {
	a := &api{}
	a.mu.Lock()
	for i := range 3000 {
		go a.handle(&req{i, make([]byte, 8192)})
	}
	time.Sleep(300 * time.Millisecond)
	stand.Culprit("main.(*api).handle", 3000, 3000*(8192+32)) // each a req and its body
	stand.Ready(nil, a)
}
