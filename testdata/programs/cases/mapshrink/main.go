// Mapshrink is the case mapshrink. Source: golang/go#20135, patrickmn/go-cache#110.
// Shape: a map that had 1,000,000 entries of 8+32 bytes and now has 10.
// Expected: main.tracker.seen: len 10; its tables still hold room for ~1.8 M slots:
// with Go 1.26 some 40-75 MiB retained by a map of 10 entries.
package main

import (
	"goheap/testdata/programs/cases/internal/stand"
)

type sample struct{ at, val, min, max int64 }
type Tracker struct{ seen map[int64]sample }

var tracker = &Tracker{seen: map[int64]sample{}}

func main() {
	stand.Measured("main.tracker.seen", 10, func() {
		for i := range int64(1000000) {
			tracker.seen[i] = sample{at: i}
		}
		for i := range int64(1000000) {
			if i >= 10 {
				delete(tracker.seen, i)
			}
		}
	})
	stand.Ready(nil)
}
