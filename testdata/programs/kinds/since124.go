//go:build go1.24

package main

import (
	"runtime"
	"weak"
)

var weakThing weak.Pointer[thing]

func weakly() { weakThing = weak.Make(s.strong) }

var weaks struct {
	id   int
	weak weak.Pointer[record]
}

//go:noinline
func cleanup() {
	arg := newThing()
	runtime.AddCleanup(l.cleaned, func(t *thing) { runtime.KeepAlive(t) }, arg)
	cleanupArgument(arg)
	start(cleaning)

	weaks.weak = weak.Make(l.cleaned)
	say("weak handle", word(weaks.weak), "internal/runtime/atomic.Uintptr", "main.weaks.weak.u").Tiny = true
}

// cleaning waits with an object that has a cleanup.
func cleaning(b blocked) {
	r := &record{}
	runtime.AddCleanup(r, func(t *thing) { runtime.KeepAlive(t) }, told("cleanup of an object on a stack, argument"))
	b.ready()
	<-b.forever
	runtime.KeepAlive(r)
}
