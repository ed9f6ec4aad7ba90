// Generic is a cache of type parameters without a limit. Right answer:
// main.accounts.items, a map[int64]*main.account, holds 40,000 accounts of 768 bytes:
// some 31 MiB.
package main

import "goheap/testdata/programs/cases/internal/stand"

type cache[K comparable, V any] struct {
	hits, misses int
	items        map[K]V
}

func (c *cache[K, V]) get(k K, load func(K) V) V {
	if v, ok := c.items[k]; ok {
		c.hits++
		return v
	}
	c.misses++
	v := load(k)
	c.items[k] = v
	return v
}

type account struct {
	id      int64
	history [95]int64
}

var accounts = &cache[int64, *account]{items: map[int64]*account{}}

func main() {
	stand.Measured("main.accounts.items", 40000, func() {
		for i := int64(0); i < 40000; i++ {
			accounts.get(i, func(id int64) *account { return &account{id: id} })
		}
	})
	stand.Ready(nil)
}
