//go:build go1.23

package main

import (
	"iter"
	"runtime"
	"unique"
)

// describesCaptures: DW_AT_go_closure_offset is there.
const describesCaptures = true

// timerPart is the field of what the runtime's timer is a part of.
const timerPart = ""

// timerChannel is the type that a reader finds for the channel of a timer.
const timerChannel = "chan time.Time"

// timerType is what the runtime makes where package time declares a type.
func timerType(string) string { return "runtime.timeTimer" }

var pulled struct {
	next func() (*thing, bool)
	stop func()
}

//go:noinline
func iterators() {
	pulled.next, pulled.stop = iter.Pull(sequence)
	pulled.next()
	start(ranging)
}

// sequence waits in yield.
func sequence(yield func(*thing) bool) {
	held := newThing()
	b := begin()
	b.isThing("iter.Pull", held, "held", here()+1)
	yield(nil)
	runtime.KeepAlive(held)
}

//go:noinline
func each(yield func(*thing) bool) {
	for yield(newThing()) {
	}
}

// ranging waits in the body of a loop over a function.
func ranging(b blocked) {
	outside := newThing()
	for x := range each {
		b.fn = "main.ranging-range1"
		b.isThing("variable of a range-over-func loop", x, "x", here()+3)
		b.fn = "main.ranging"
		b.ready()
		<-b.forever
		runtime.KeepAlive(x)
		runtime.KeepAlive(outside)
	}
}

var handles struct {
	point unique.Handle[point]
	text  unique.Handle[string]
}

//go:noinline
func uniques() {
	name := long("unique point")
	handles.point = unique.Make(point{7, name})
	say("unique.Handle", word(handles.point), "main.point", "main.handles.point.value")
	handles.text = unique.Make(long("unique text of some length"))
	say("unique.Handle of a string", word(handles.text.Value()), "string data", "*main.handles.text.value")
}
