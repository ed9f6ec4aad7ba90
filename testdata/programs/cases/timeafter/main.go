// Timeafter is the case timeafter. Source: hashicorp/vault#14814, golang/go#15781.
// Shape: time.After(1h) in a select that always takes the other branch, 300,000 times.
// Expected: with Go 1.22 300,000 timers and channels of 1 element in the timer
// heap of the Ps (time.Timer 80->96 B + hchan 96+24 -> 128 B), ~62 MiB; the holder
// is the runtime's timers. With Go 1.23 and later all of it is collected.
package main

import (
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

func main() {
	jobs := make(chan int, 1)
	stand.Measured("timers", 300000, func() {
		for i := range 300000 {
			jobs <- i
			select {
			case <-jobs:
			case <-time.After(time.Hour):
			}
		}
	})
	stand.Ready(nil)
}
