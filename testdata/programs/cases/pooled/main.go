// Pooled is healthy: a pool of small buffers that a peak has filled, and contexts that
// are cancelled when their work is done. Right answer: nothing suspicious.
package main

import (
	"context"
	"sync"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

var buffers = sync.Pool{New: func() any { return new([4096]byte) }}

func settle() {
	var peak []*[4096]byte
	for i := 0; i < 200; i++ {
		peak = append(peak, buffers.Get().(*[4096]byte))
	}
	for _, b := range peak {
		buffers.Put(b)
	}
}

func main() {
	root, stop := context.WithCancel(context.Background())
	defer stop()
	for i := 0; i < 5000; i++ {
		ctx, cancel := context.WithTimeout(root, time.Hour)
		_ = ctx
		cancel()
	}
	stand.Ready(settle, root)
}
