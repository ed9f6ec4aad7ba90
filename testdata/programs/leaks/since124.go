//go:build go1.24

package main

import (
	"runtime"
	"weak"
)

func okCleaned(c chan *int) { <-c }

// maybeWeak waits on what a weak pointer of a variable leads to: who asks it may close
// the channel, although the collector does not follow it.
func maybeWeak(w *withChannel) { <-w.c; runtime.KeepAlive(w) }

type withChannel struct {
	c    chan *int
	rest [8]int
}

var (
	weakly  []weak.Pointer[withChannel]
	cleaned []*[4]int
)

//go:noinline
func since124() {
	start("maybeWeak", func() {
		w := &withChannel{c: make(chan *int)}
		weakly = append(weakly, weak.Make(w))
		go maybeWeak(w)
	})
	start("okCleaned", func() {
		o, c := new([4]int), make(chan *int)
		cleaned = append(cleaned, o)
		runtime.AddCleanup(o, func(c chan *int) { close(c) }, c)
		go okCleaned(c)
	})
}
