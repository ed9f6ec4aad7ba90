// Rwreaders has readers that wait for a sync.RWMutex whose writer waits for a channel.
// Right answer: 2,000 goroutines in main.(*table).lookup, sync.RWMutex.RLock, each with
// a *main.query of 10 KiB: 19.5 MiB. main.(*table).reload holds the lock.
package main

import (
	"sync"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type query struct {
	id   int
	args [1279]int64
}

type table struct {
	mu   sync.RWMutex
	rows map[int]int64
}

func (t *table) reload(from chan int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows[0] = <-from
}

func (t *table) lookup(q *query) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	q.args[0] = t.rows[q.id]
}

func main() {
	t, from := &table{rows: map[int]int64{}}, make(chan int64)
	go t.reload(from)
	time.Sleep(50 * time.Millisecond)
	for i := 0; i < 2000; i++ {
		go t.lookup(&query{id: i})
	}
	time.Sleep(200 * time.Millisecond)
	stand.Culprit("main.(*table).lookup", 2000, 2000*10240)
	stand.Ready(nil, from)
}
