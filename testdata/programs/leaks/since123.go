//go:build go1.23

package main

import (
	"iter"
	"runtime"
	"time"
	"unique"
)

// okPulled asks an iterator that never answers: it waits for the coroutine, which is no
// wait for a channel, so that the collector lets it live. It needs nothing of the iterator
// any longer that leads to the channel.
func okPulled(next func() (*int, bool)) { next() }

// okAnswer is the iterator.
func okAnswer(c chan *int) iter.Seq[*int] {
	return func(yield func(*int) bool) { leakYield(c, yield) }
}

func leakYield(c chan *int, yield func(*int) bool) { yield(<-c) }

// leakHalfPulled has asked an iterator once, and waits for something else: the iterator
// stands at its yield.
func leakHalfPulled(next func() (int, bool), c chan *int) {
	next()
	<-c
	runtime.KeepAlive(next)
}

func okCount(yield func(int) bool) {
	for i := 0; yield(i); i++ {
	}
}

// ranged waits inside of a loop over a function.
func ranged(c chan *int) {
	for i := range okCount {
		if i == 1 {
			leakRanged(c)
		}
	}
}

//go:noinline
func leakRanged(c chan *int) { <-c }

type token struct{ c chan *int }

func okUnique(h unique.Handle[token]) { <-h.Value().c }

// maybeUnique keeps its handle, and so what the library's table leads to weakly.
func maybeUnique(h unique.Handle[token]) {
	<-h.Value().c
	keepHandle(h)
}

//go:noinline
func keepHandle(unique.Handle[token]) {}

func leakStoppedTicker(t *time.Ticker) { t.Stop(); <-t.C }
func leakStoppedTimer(t *time.Timer)   { t.Stop(); <-t.C }
func okTickerLater(t *time.Ticker)     { <-t.C }

var tokens []unique.Handle[token]

//go:noinline
func leakingSince123() {
	start("leakHalfPulled", func() {
		next, stop := iter.Pull(okCount)
		_ = stop
		go leakHalfPulled(next, make(chan *int))
	})
	also("okCount", times)
	start("leakRanged", func() { go ranged(make(chan *int)) })
	start("leakStoppedTicker", func() { go leakStoppedTicker(time.NewTicker(1000 * time.Hour)) })
	start("leakStoppedTimer", func() { go leakStoppedTimer(time.NewTimer(1000 * time.Hour)) })
}

//go:noinline
func healthySince123() {
	start("okPulled", func() {
		next, stop := iter.Pull(okAnswer(make(chan *int)))
		_ = stop
		go okPulled(next)
	})
	also("leakYield", times)
	start("okUnique", func() {
		h := unique.Make(token{make(chan *int)})
		tokens = append(tokens, h)
		go okUnique(h)
	})
	start("maybeUnique", func() { go maybeUnique(unique.Make(token{make(chan *int)})) })
	start("okTickerLater", func() {
		t := time.NewTicker(1000 * time.Hour)
		t.Stop()
		t.Reset(2000 * time.Hour)
		go okTickerLater(t)
	})
}
