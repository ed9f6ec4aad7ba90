// Stacks is the case stacks. Source: golang/go#8832, #9869; "goroutine stacks grown to megabytes".
// Shape: 64 goroutines that wait deep in a recursion; each stack is 1 MiB or more.
// Expected: heap under 1 MiB, stacks 64 MiB or more; the report should say so.
package main

import (
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

//go:noinline
func walk(depth int, stop chan bool) int {
	var pad [400]byte
	pad[depth%400] = byte(depth)
	if depth == 0 {
		<-stop
		return int(pad[0])
	}
	return walk(depth-1, stop) + int(pad[depth%400])
}

func main() {
	stop := make(chan bool)
	for range 64 {
		go walk(1400, stop)
	}
	time.Sleep(500 * time.Millisecond)
	stand.Ready(nil, stop)
}
