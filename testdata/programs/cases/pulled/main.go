//go:build go1.23

// Pulled takes the first page of iterators by iter.Pull and never calls stop. Right answer:
// 3,000 coroutines in main.scan.func1 with a main.page of 4 KiB each, some 12 MiB.
package main

import (
	"iter"

	"goheap/testdata/programs/cases/internal/stand"
)

type page struct {
	n    int
	rows [4000]byte
}

//go:noinline
func scan(n int) iter.Seq[*page] {
	return func(yield func(*page) bool) {
		for i := 0; i < n; i++ {
			p := &page{n: i}
			if !yield(p) {
				return
			}
			p.n++
		}
	}
}

//go:noinline
func first() int {
	next, _ := iter.Pull(scan(10))
	p, _ := next()
	return p.n
}

func main() {
	n := 0
	stand.Measured("main.scan.func1", 3000, func() {
		for i := 0; i < 3000; i++ {
			n += first()
		}
	})
	stand.Ready(nil, n)
}
