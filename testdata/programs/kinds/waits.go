package main

import (
	"fmt"
	"runtime"
	"time"
)

// What is here has no name, since no variable holds it: there are no paths.

// told returns a thing that its caller is all that holds.
//
//go:noinline
func told(name string) *thing {
	x := newThing()
	isThing(name, x, "")
	return x
}

// device and its queue keep each other, and the finalizer of the device keeps both.
type device struct {
	id int
	q  *deviceQueue
}

type deviceQueue struct {
	of *device
	p  *thing
}

//go:noinline
func buildWaits() {
	start(sendingFresh)
	start(sendingStruct)
	start(sendingArray)
	start(selectingSends)
	start(receivingStruct)
	start(deferringCalls)
	start(deferringOnce)
	start(goingCalls)
	keptByFinalizer()
	queuedFinalizers()
	calledLater()
}

func sendingFresh(b blocked) {
	x := told("being sent")
	b.ready()
	sends(make(chan *thing), x)
}

//go:noinline
func sends(ch chan<- *thing, x *thing) { ch <- x }

func sendingStruct(b blocked) {
	msg := message{id: 1, name: "x", p: told("being sent, in a struct")}
	b.ready()
	sendsStruct(make(chan message), msg)
}

//go:noinline
func sendsStruct(ch chan<- message, msg message) { ch <- msg }

func sendingArray(b blocked) {
	var many [3]*thing
	many[1] = told("being sent, in an array")
	b.ready()
	sendsArray(make(chan [3]*thing), many)
}

//go:noinline
func sendsArray(ch chan<- [3]*thing, many [3]*thing) { ch <- many }

func selectingSends(b blocked) {
	x, y := told("being sent in a select"), summer(told("being sent in a select, another"))
	b.ready()
	selects(make(chan *thing), make(chan summer), x, y)
}

//go:noinline
func selects(one chan<- *thing, two chan<- summer, x *thing, y summer) {
	select {
	case one <- x:
	case two <- y:
	}
}

// receivingStruct receives into what holds something already.
func receivingStruct(b blocked) {
	into := message{id: 2, p: told("in what is being received into")}
	b.ready()
	receives(make(chan message), &into)
	runtime.KeepAlive(into.p)
}

//go:noinline
func receives(ch <-chan message, into *message) { *into = <-ch }

//go:noinline
func keptByFinalizer() {
	d := &device{id: 1}
	d.q = &deviceQueue{of: d, p: told("kept by a finalizer, on")}
	runtime.SetFinalizer(d, func(d *device) { d.q.p = nil })
	say("kept by its own finalizer", at(d), "main.device", "")
	say("kept by a finalizer", at(d.q), "main.deviceQueue", "")
}

// queuedFinalizers leaves two objects to the next collection, whose finalizers wait
// for ever: the second one waits for the first.
//
//go:noinline
func queuedFinalizers() {
	for _, name := range []string{"with a finalizer that runs, or waits to", "with a finalizer that waits to run, or runs"} {
		d := &device{id: 2, q: &deviceQueue{p: told(name + ", on")}}
		say(name, at(d), "main.device", "")
		runtime.SetFinalizer(d, func(d *device) {
			<-forever
			d.q.p = nil
		})
	}
}

//go:noinline
func calledLater() {
	x := newThing()
	timer := time.AfterFunc(1000*time.Hour, x.later)
	say("timer that nobody holds", at(timer), timerType("time.Timer"), "")
	isThing("receiver of what a timer calls", x, "")
}

func (t *thing) later() { t.id++ }

// closer and its friends are called by go and defer statements, for which the compiler
// makes closures that the debugging information does not describe.
type closer struct {
	p    *thing
	data []byte
	name string
	n    int
}

//go:noinline
func (c *closer) Close() { c.p, c.data = nil, nil }

// small is inlined.
func (c *closer) small() { c.n++ }

//go:noinline
func closes(n int, c *closer, list []*thing, name string, s summer) {
	c.n = n + len(list) + len(name) + s.Sum()
}

//go:noinline
func toldCloser(name string) *closer {
	c := &closer{p: told(name + ", on")}
	say(name, at(c), "main.closer", "")
	return c
}

// deferringCalls defers in loops, so that the closures are on the heap.
func deferringCalls(b blocked) {
	for i := 0; i < 2; i++ {
		c := toldCloser(fmt.Sprint("deferred call of a method, ", i))
		defer c.Close()
	}
	for i := 0; i < 2; i++ {
		c := toldCloser(fmt.Sprint("deferred call of an inlined method, ", i))
		defer c.small()
	}
	for i := 0; i < 2; i++ {
		c := toldCloser(fmt.Sprint("deferred call with arguments, ", i))
		list := []*thing{told(fmt.Sprint("deferred call with arguments, element, ", i))}
		defer closes(7, c, list, long("name"), told(fmt.Sprint("deferred call with arguments, interface, ", i)))
	}
	b.wait()
}

// goingCalls leaves goroutines that wait with nothing but what they were called with.
func goingCalls(b blocked) {
	go holdsCloser(b.forever, toldCloser("argument of a go statement"))
	b.wait()
}

//go:noinline
func holdsCloser(forever chan struct{}, c *closer) {
	<-forever
	c.n++
}

//go:noinline
func asSummer(x *thing) summer { return x }

// deferringOnce has deferred calls whose closures are in its frame.
func deferringOnce(b blocked) {
	c := toldCloser("deferred call of a method, on a stack")
	defer c.Close()
	list := []*thing{told("deferred call with arguments, on a stack, element")}
	defer closes(count, c, escape(list), long("name"), asSummer(told("deferred call with arguments, on a stack, interface")))
	s := asSummer(told("deferred call of a method of an interface, on a stack"))
	defer s.Sum()
	x := told("deferred call of a closure, on a stack")
	said[len(said)-1].Nameless = !describesCaptures
	defer func() { used(x.id) }()
	b.wait()
}
