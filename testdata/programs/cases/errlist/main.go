// Errlist keeps each error that a call returned in a list for a page that shows the last
// ones, and each error keeps its request. Right answer: main.failures, a []error, holds
// 8,000 *main.callError with a request of 2 KiB each: some 16 MiB.
package main

import (
	"fmt"

	"goheap/testdata/programs/cases/internal/stand"
)

type request struct {
	id   int
	body [2032]byte
}

type callError struct {
	req *request
	err error
}

func (e *callError) Error() string { return fmt.Sprint(e.req.id, ": ", e.err) }

var (
	failures []error
	refused  = fmt.Errorf("refused")
)

//go:noinline
func call(id int) error { return &callError{&request{id: id}, refused} }

func main() {
	stand.Measured("main.failures", 8000, func() {
		for i := 0; i < 8000; i++ {
			if err := call(i); err != nil {
				failures = append(failures, err)
			}
		}
	})
	stand.Ready(nil)
}
