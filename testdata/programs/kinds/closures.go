package main

import (
	"fmt"
	"runtime"
	"strings"
)

type box[T any] struct{ v T }

func (b *box[T]) Get() T { return b.v }

type summer interface{ Sum() int }

type handler func() int

// broad stays in one piece: it is too large for registers.
type broad struct {
	many [3]int
	p    *thing
}

var f struct {
	byValue   func() int
	byRef     func() int
	byRefPtr  func() int
	several   func() int
	structVar func() int
	splitVar  func() int
	sliceVar  func() int
	iface     any
	outer     func() func() int
	method    func() int
	byMethod  func() int
	boundGen  func() *thing
	expr      func(*thing) int
	field     struct{ on func() int }
	list      []func() int
	handler   handler
	generic   func() *thing
	hidden    *thing
	lookup    func() int
	counts    map[pairKey]int
	large     *large[*thing]
}

// pairKey has no hash function of its own kind: a map is given its address.
type pairKey struct {
	p *thing
	n int
}

// large is beyond 512 bytes: generic code allocates it by its shape.
type large[T any] struct {
	v    T
	rest [100]T
}

//go:noinline
func newLarge[T any](v T) *large[T] { return &large[T]{v: v} }

//go:noinline
func lookingUp(k pairKey) func() int { return func() int { return f.counts[k] } }

//go:noinline
func buildClosures() {
	x := newThing()
	f.byValue = func() int { return x.id }
	say("closure", word(f.byValue), "closure "+code(f.byValue), "main.f.byValue")
	isThing("closure, by value", x, "main.f.byValue."+own(f.byValue)+" captured x")

	var y thing
	y.next = newThing()
	f.byRef = func() int { y.id++; return y.id }
	y.note = "changed"
	isThing("closure, by reference", &y, "main.f.byRef."+own(f.byRef)+" captured y")
	isThing("closure, behind a reference", y.next, "main.f.byRef."+own(f.byRef)+" captured y.next")

	k := pairKey{p: newThing(), n: len(said)}
	f.lookup = lookingUp(k)
	g := &box[*thing]{newThing()}
	f.boundGen = g.Get
	// Until Go 1.19 a closure, in which the receiver is no variable.
	first := !strings.HasSuffix(code(f.boundGen), "-fm")
	isThing("closure, by value although it uses the address", k.p, "main.f.lookup."+own(f.lookup)+" captured k.p").Nameless = !describesCaptures || first && optimised()

	f.large = newLarge(newThing())
	say("allocated by generic code", at(f.large), "main.large[*main.thing]", "main.f.large")
	isThing("allocated by generic code, on", f.large.v, "main.f.large.v")

	p := newThing()
	q := p
	f.byRefPtr = func() int { p = p.next; return 1 }
	p = newThing()
	isThing("closure, pointer by reference", p, "main.f.byRefPtr."+own(f.byRefPtr)+" captured p")
	runtime.KeepAlive(q)

	a, b, n := newThing(), newThing(), len(said)
	f.several = func() int { return a.id + b.id + n }
	isThing("closure, first of several", a, "main.f.several."+own(f.several)+" captured a")
	isThing("closure, second of several", b, "main.f.several."+own(f.several)+" captured b")

	all := broad{p: newThing(), many: [3]int{n, 2, 3}}
	f.structVar = func() int { return all.p.id + all.many[count%3] }
	const byValue, byParts = "closure, struct by value", "closure, struct in parts"

	st := message{p: newThing(), id: n}
	f.splitVar = func() int { return st.p.id + st.id }
	if optimised() {
		missing(byValue, "the compiler does not describe the variable")
		missing(byParts, "the compiler does not describe the variable")
	} else {
		isThing(byValue, all.p, "main.f.structVar."+own(f.structVar)+" captured all.p")
		isThing(byParts, st.p, "main.f.splitVar."+own(f.splitVar)+" captured st.p")
	}

	sl := []*thing{newThing(), newThing()}
	f.sliceVar = func() int { return len(sl) + sl[0].id }
	say("closure, slice", word(sl), "[]*main.thing", "main.f.sliceVar."+own(f.sliceVar)+" captured sl")
	isThing("closure, element of a slice", sl[1], "main.f.sliceVar."+own(f.sliceVar)+" captured sl[1]")

	z := newThing()
	f.iface = func() int { return z.id }
	isThing("closure in an interface", z, "main.f.iface.(func() int)."+own(f.iface)+" captured z")

	u := newThing()
	inner := func() int { return u.id }
	f.outer = func() func() int { return inner }
	isThing("closure in a closure", u, "main.f.outer."+own(f.outer)+" captured inner."+own(inner)+" captured u")

	v := newThing()
	f.list = append(f.list, func() func() int { return func() int { return v.id } }())
	isThing("closure made by a closure", v, "main.f.list[0]."+own(f.list[0])+" captured v")

	w := newThing()
	f.method = w.Sum
	isThing("method value", w, "main.f.method.Sum captured receiver")
	var i summer = newThing()
	f.byMethod = i.Sum
	isThing("method value of an interface", i.(*thing), "main.f.byMethod.Sum captured receiver.(*main.thing)")
	receiver := "Get captured receiver"
	if first {
		receiver = own(f.boundGen) + " captured g"
	}
	say("method value of a generic type", at(g), "main.box[*main.thing]", "main.f.boundGen."+receiver).Nameless = first
	isThing("method value of a generic type, on", g.v, "main.f.boundGen."+receiver+".v").Nameless = first

	f.expr = (*thing).Sum
	missing("method expression", "it is a function of the program that holds nothing")

	h := newThing()
	f.field.on = func() int { return h.id }
	isThing("function in a struct", h, "main.f.field.on."+own(f.field.on)+" captured h")
	hh := newThing()
	f.handler = func() int { return hh.id }
	isThing("function of a named type", hh, "main.f.handler."+own(f.handler)+" captured hh")

	ge := newThing()
	f.generic = returns(ge)
	// Inlined, the closure's name does not say of which function it is, until Go 1.20.
	say("closure in a generic function", at(ge), "main.thing", "main.f.generic."+own(f.generic)+" captured v").Shape = !strings.Contains(code(f.generic), ".returns")

	iterators()
	start(deferring)
}

func returns[T any](v T) func() T { return func() T { return v } }

// deferring waits with deferred calls that the compiler cannot keep on the stack.
func deferring(b blocked) {
	for i := 0; i < 3; i++ {
		x := newThing()
		b.deferred(fmt.Sprint("deferred call in a loop, ", i), x)
		defer func() { runtime.KeepAlive(x) }()
	}
	b.wait()
}
