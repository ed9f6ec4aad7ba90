//go:build go1.24

// Cleanup frees buffers with runtime.AddCleanup, and what its function captures leads
// back to the very object that it is to clean up after. Right answer: 1,000 cleanups of
// *main.texture, main.load.func1, keep their own object: 23.5 MiB.
package main

import (
	"runtime"

	"goheap/testdata/programs/cases/internal/stand"
)

type texture struct {
	id     int
	pixels []byte
}

type slot struct {
	free bool
	last *texture
}

//go:noinline
func load(id int) {
	t := &texture{id: id, pixels: make([]byte, 24<<10)}
	s := &slot{last: t}
	runtime.AddCleanup(t, func(int) { s.free = true }, id)
}

func main() {
	stand.Measured("main.load.func1", 1000, func() {
		for i := 0; i < 1000; i++ {
			load(i)
		}
	})
	stand.Ready(nil)
}
