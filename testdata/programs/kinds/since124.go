//go:build go1.24

package main

import (
	"runtime"
	"weak"
)

var weakThing weak.Pointer[thing]

func weakly() { weakThing = weak.Make(s.strong) }

//go:noinline
func cleanup() {
	arg := newThing()
	runtime.AddCleanup(l.cleaned, func(t *thing) { runtime.KeepAlive(t) }, arg)
	say("cleanup, argument", at(arg), unknown(4, 0x6), "main.l.cleaned → cleanup"+cleanupArgument+" → +0x0")
}
