//go:build go1.25

package main

import (
	"sync"
	"unique"
)

// leakUnique has done with its handle, and so has the library's table.
func leakUnique(h unique.Handle[token]) { <-h.Value().c }

func leakGone(c chan *int)            { <-c }
func leakGoneWait(wg *sync.WaitGroup) { wg.Wait() }
func okGone(c chan *int)              { <-c }
func okGoneWait(wg *sync.WaitGroup)   { wg.Wait() }

//go:noinline
func leakingSince125() {
	start("leakGoneWait", func() {
		wg, c := new(sync.WaitGroup), make(chan *int)
		wg.Go(func() { leakGone(c) })
		go leakGoneWait(wg)
	})
	also("leakGone", times)
	start("leakUnique", func() { go leakUnique(unique.Make(token{make(chan *int)})) })
}

//go:noinline
func healthySince125() {
	start("okGoneWait", func() {
		wg := new(sync.WaitGroup)
		wg.Go(func() { okGone(source) })
		go okGoneWait(wg)
	})
	also("okGone", times)
}
