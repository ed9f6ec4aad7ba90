package main

type message struct {
	id   int
	name string
	p    *thing
}

var c struct {
	pointers chan *thing
	structs  chan message
	ints     chan int
	ring     chan *thing
	closed   chan *thing
	nested   chan chan *thing
	boxes    chan any
	slices   chan []*thing
	deep     chan **thing
	sends    chan *thing
	receives chan *thing
	in       map[string]chan *thing
	readOnly <-chan *thing
}

//go:noinline
func buildChannels() {
	c.pointers = make(chan *thing, 3)
	p := [3]*thing{newThing(), newThing(), newThing()}
	p[2].next = newThing()
	for _, x := range p {
		c.pointers <- x
	}
	say("channel", word(c.pointers), "chan *main.thing", "main.c.pointers")
	isThing("channel, first", p[0], "<-main.c.pointers[0]")
	isThing("channel, last", p[2], "<-main.c.pointers[2]")
	isThing("channel, behind an element", p[2].next, "(<-main.c.pointers[2]).next")

	c.structs = make(chan message, 5)
	x := newThing()
	c.structs <- message{p: newThing()}
	c.structs <- message{p: x}
	isThing("channel of structs", x, "(<-main.c.structs[1]).p")

	c.ints = make(chan int, 100)
	c.ints <- 1
	say("channel without pointers", word(c.ints), "chan int", "main.c.ints")

	c.ring = make(chan *thing, 4)
	for i := 0; i < 4; i++ {
		c.ring <- newThing()
	}
	for i := 0; i < 3; i++ {
		<-c.ring
	}
	y, z := newThing(), newThing()
	c.ring <- y
	c.ring <- z
	isThing("channel that wrapped, second", y, "<-main.c.ring[1]")
	isThing("channel that wrapped, third", z, "<-main.c.ring[2]")

	c.closed = make(chan *thing, 2)
	q := newThing()
	c.closed <- q
	close(c.closed)
	isThing("channel, closed", q, "<-main.c.closed[0]")

	c.nested = make(chan chan *thing, 2)
	inner := make(chan *thing, 2)
	c.nested <- make(chan *thing)
	c.nested <- inner
	r := newThing()
	inner <- newThing()
	inner <- r
	say("channel of channels", word(inner), "chan *main.thing", "<-main.c.nested[1]")
	isThing("channel of channels, element", r, "<-(<-main.c.nested[1])[1]")

	c.boxes = make(chan any, 2)
	b := newThing()
	b.next = newThing()
	c.boxes <- b
	isThing("channel of interfaces", b, "(<-main.c.boxes[0]).(*main.thing)")
	isThing("channel of interfaces, on", b.next, "(<-main.c.boxes[0]).(*main.thing).next")

	c.slices = make(chan []*thing, 1)
	s := []*thing{newThing(), newThing()}
	c.slices <- s
	say("channel of slices", word(s), "[]*main.thing", "<-main.c.slices[0]")
	isThing("channel of slices, element", s[1], "(<-main.c.slices[0])[1]")

	c.deep = make(chan **thing, 1)
	d := new(*thing)
	*d = newThing()
	(*d).next = newThing()
	c.deep <- d
	isThing("channel of pointers to pointers", *d, "*<-main.c.deep[0]")
	isThing("channel of pointers to pointers, on", (*d).next, "(*<-main.c.deep[0]).next")

	c.in = map[string]chan *thing{"a": make(chan *thing, 1)}
	e := newThing()
	c.in["a"] <- e
	isThing("channel in a map of channels", e, `<-main.c.in["a"][0]`)

	ro := make(chan *thing, 1)
	f := newThing()
	ro <- f
	c.readOnly = ro
	say("channel to receive from", word(c.readOnly), "<-chan *main.thing", "main.c.readOnly")
	isThing("channel to receive from, element", f, "<-main.c.readOnly[0]")

	c.sends, c.receives = make(chan *thing), make(chan *thing)
}
