package main

import "runtime"

// What is here is in registers up to the very call that waits: it is stored in the frame
// for that call, and used behind it.

// hold waits. It has no arguments, so that the registers of its caller keep what is in
// them until it is called.
//
//go:noinline
func hold() { <-forever }

// used uses a number. What is only kept alive is in memory earlier.
//
//go:noinline
func used(n int) { count += n }

//go:noinline
func buildSpills() {
	start(spillingParameter)
	start(spillingSlice)
	start(spillingString)
	start(spillingInterface)
	start(spillingReceiver)
	start(spillingResult)
	start(spillingInlined)
	start(spillingGeneric)
	start(heldTwice)
	start(filledLiteral)
}

func spillingParameter(b blocked) {
	x := newThing()
	b.fn = "main.spillsParameter"
	b.isThing("stored for a call, parameter", x, "arg", here()+7)
	b.ready()
	spillsParameter(x)
}

//go:noinline
func spillsParameter(arg *thing) {
	hold()
	used(arg.id)
}

func spillingSlice(b blocked) {
	list := []*thing{newThing(), newThing()}
	escape(list)
	b.fn = "main.spillsSlice"
	b.say("stored for a call, slice", word(list), "[]*main.thing", "args", here()+8)
	b.isThing("stored for a call, element of a slice", list[1], "args[1]", here()+7)
	b.ready()
	spillsSlice(list)
}

//go:noinline
func spillsSlice(args []*thing) {
	hold()
	used(args[0].id + len(args))
}

func spillingString(b blocked) {
	text := long("stored for a call")
	b.fn = "main.spillsString"
	b.say("stored for a call, string", word(text), "string data", "arg", here()+7)
	b.ready()
	spillsString(text)
}

//go:noinline
func spillsString(arg string) {
	hold()
	used(len(arg) + int(arg[count%3]))
}

func spillingInterface(b blocked) {
	i := choose()
	b.fn = "main.spillsInterface"
	b.isThing("stored for a call, interface", i.(*thing), "arg.(*main.thing)", here()+7)
	b.ready()
	spillsInterface(i)
}

//go:noinline
func spillsInterface(arg summer) {
	hold()
	used(arg.Sum())
}

func spillingReceiver(b blocked) {
	x := newThing()
	b.fn = "main.(*thing).spills"
	b.isThing("stored for a call, receiver", x, "t", here()+7)
	b.ready()
	x.spills()
}

//go:noinline
func (t *thing) spills() {
	hold()
	used(t.id)
}

func spillingResult(b blocked) {
	b.fn = "main.spillsResult"
	spillsResult(&b, here()+6)
}

//go:noinline
func spillsResult(b *blocked, line int) {
	x := toldThing("stored for a call, result of another", b, "x", line)
	hold()
	used(x.id)
}

// toldThing returns a thing that expr in a line of a caller leads to. The caller is all
// that holds it.
//
//go:noinline
func toldThing(name string, b *blocked, expr string, line int) *thing {
	x := newThing()
	b.isThing(name, x, expr, line)
	b.ready()
	return x
}

func spillingInlined(b blocked) {
	b.fn = "main.waitsInlined"
	if optimised() {
		b.fn += " (inlined in main.spillsInlined)"
	}
	spillsInlined(&b, here()+11)
}

//go:noinline
func spillsInlined(b *blocked, line int) {
	x := toldThing("stored for a call, of an inlined function", b, "arg", line)
	waitsInlined(x)
}

// waitsInlined is inlined where the compiler inlines anything.
func waitsInlined(arg *thing) {
	hold()
	count += arg.id
}

// The name of the function has the shape of its type argument in it, which differs from
// version to version: there is no path.
func spillingGeneric(b blocked) {
	x := newThing()
	isThing("stored for a call, of a generic function", x, "")
	b.ready()
	spillsGeneric(x)
}

//go:noinline
func spillsGeneric[T any](arg T) {
	hold()
	sink = arg // by the dictionary
}

// onStack is too large for registers.
type onStack struct {
	n    int
	p    *thing
	rest [3]int
}

// filledLiteral waits with a composite literal whose address is taken to fill it, and goes
// nowhere: it has no name, and the code alone says what is in it.
func filledLiteral(b blocked) {
	const name = "in a composite literal on a stack"
	if runtime.GOARCH != "amd64" || !optimised() {
		missing(name, "the code of this build is not understood, or passes its address on")
		b.ready()
		return
	}
	waitsWithLiteral(b, count)
}

//go:noinline
func waitsWithLiteral(b blocked, n int) {
	literal := &onStack{n: n, p: told("in a composite literal on a stack"), rest: [3]int{n, n, n}}
	wait := func() int { b.ready(); hold(); return literal.n + literal.p.id + literal.rest[count%3] }
	used(wait())
}

// heldTwice holds what a call that waits holds too, in a word without a name where the
// compiler optimises: it copies the parameter before it stores it.
func heldTwice(b blocked) {
	x := newThing()
	k := b.say("held by a word without a name, and a variable", at(x), "main.thing", "x", here()+5)
	if !optimised() || runtime.GOARCH != "amd64" {
		k.Path = "" // it has a name
	}
	b.ready()
	locksWith(x)
	runtime.KeepAlive(x.next)
}

//go:noinline
func locksWith(arg *thing) {
	s.mu.Lock()
	used(arg.id)
}
