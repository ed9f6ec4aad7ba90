// Syncpool is the case syncpool. Source: golang/go#23199, istio/istio#53305.
// Shape: a sync.Pool of *bytes.Buffer; ten served one giant response and went back.
// Expected: 10 buffers of 6 MiB capacity, len 0: 60 MiB held by main.bufPool (its
// local or victim caches), which the next two collections would free.
package main

import (
	"bytes"
	"sync"

	"goheap/testdata/programs/cases/internal/stand"
)

var bufPool = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func settle() {
	var bs []*bytes.Buffer
	for range 10 {
		b := bufPool.Get().(*bytes.Buffer)
		b.Grow(6 << 20)
		bs = append(bs, b)
	}
	for _, b := range bs {
		b.Reset()
		bufPool.Put(b)
	}
}

func main() {
	stand.Culprit("main.bufPool", 10, 10*(6<<20))
	stand.Ready(settle)
}
