// Limiters has one for each address in a sync.Map. Right answer: main.limit.visitors with
// 40,000 entries, some 9 MiB.
package main

import (
	"fmt"
	"sync"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type visitor struct {
	mu     sync.Mutex
	tokens float64
	seen   time.Time
}

type middleware struct {
	rate     float64
	visitors sync.Map
}

var limit = &middleware{rate: 10}

func main() {
	stand.Measured("main.limit.visitors", 40000, func() {
		for i := 0; i < 40000; i++ {
			limit.visitors.Store(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255), &visitor{seen: time.Now()})
		}
	})
	stand.Ready(nil)
}
