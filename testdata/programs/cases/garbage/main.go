// Garbage is the case garbage. Source: golang/go#39779, #33376, nats-io/nats-server#1082 ("leak or lazy GC?").
// Shape: GOGC=1000; 150 MiB of garbage not collected yet, 5 MiB live.
// Expected: live ~5 MiB; garbage ~150 MiB; the report should say that the heap is mostly garbage, and of what type.
package main

import (
	"runtime/debug"

	"goheap/testdata/programs/cases/internal/stand"
)

type record struct {
	id   int
	line [1000]byte
}

var keep []*record
var last *record

func settle() {
	for i := range 150000 {
		last = &record{id: i}
	}
}

func main() {
	debug.SetGCPercent(10000)
	for i := range 5000 {
		keep = append(keep, &record{id: i})
	}
	stand.Ready(settle)
}
