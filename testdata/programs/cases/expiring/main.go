// Expiring is a healthy cache of rows in front of a database: 20,000 entries at most, each
// for an hour, with a goroutine that removes what is older, and readers that come and go.
// It is well, and its rows are what it has: main.rows.entries, 20,000 entries, 20 MiB.
package main

import (
	"strconv"
	"sync"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type row struct {
	id      int
	expires time.Time
	columns []byte
}

type cache struct {
	mu      sync.RWMutex
	entries map[string]*row
	most    int
}

var rows = &cache{entries: map[string]*row{}, most: 20000}

func (c *cache) get(key string, load func() *row) *row {
	c.mu.RLock()
	r := c.entries[key]
	c.mu.RUnlock()
	if r != nil && time.Now().Before(r.expires) {
		return r
	}
	r = load()
	c.mu.Lock()
	defer c.mu.Unlock()
	for old := range c.entries {
		if len(c.entries) < c.most {
			break
		}
		delete(c.entries, old)
	}
	c.entries[key] = r
	return r
}

func (c *cache) expire() {
	for now := range time.NewTicker(time.Minute).C {
		c.mu.Lock()
		for key, r := range c.entries {
			if now.After(r.expires) {
				delete(c.entries, key)
			}
		}
		c.mu.Unlock()
	}
}

func main() {
	go rows.expire()
	var readers sync.WaitGroup
	for w := 0; w < 4; w++ {
		readers.Add(1)
		go func(w int) {
			defer readers.Done()
			for i := 0; i < 10000; i++ {
				id := w*10000 + i
				rows.get(strconv.Itoa(id), func() *row {
					return &row{id, time.Now().Add(time.Hour), make([]byte, 1024)}
				})
			}
		}(w)
	}
	readers.Wait()
	stand.Culprit("main.rows.entries", 20000, 0)
	stand.Ready(nil)
}
