// Batch is healthy: it has handled much, keeps the sums, and 600 goroutines have ended.
// Right answer: nothing suspicious.
package main

import (
	"fmt"
	"sync"

	"goheap/testdata/programs/cases/internal/stand"
)

var sums = map[string]int{}

func main() {
	var mu sync.Mutex
	for round := 0; round < 20; round++ {
		var wg sync.WaitGroup
		for i := 0; i < 30; i++ {
			wg.Add(1)
			go func(i int) {
				defer wg.Done()
				rows := make([][]byte, 100)
				n := 0
				for j := range rows {
					rows[j] = make([]byte, 1000+i)
					n += len(rows[j])
				}
				mu.Lock()
				sums[fmt.Sprint("part ", i)] += n
				mu.Unlock()
			}(i)
		}
		wg.Wait()
	}
	stand.Ready(nil)
}
