// Vars publishes a number for each user. Right answer: main.hits, a sync.Map in an
// expvar.Map, with 60,000 entries, some 10 MiB.
package main

import (
	"expvar"
	"fmt"

	"goheap/testdata/programs/cases/internal/stand"
)

var hits = expvar.NewMap("hits")

func main() {
	stand.Measured("main.hits", 60000, func() {
		for i := 0; i < 60000; i++ {
			hits.Add(fmt.Sprint("user/", i), 1)
		}
	})
	stand.Ready(nil)
}
