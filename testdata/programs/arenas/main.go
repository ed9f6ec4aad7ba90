//go:build goexperiment.arenas

// Arenas holds objects by what lies in user arenas, and describes them, the values in the
// arenas, and how many bytes of each it was given. It builds with GOEXPERIMENT=arenas.
//
// A line with the case "kind" describes an object as program kinds does, one with "value" a
// value in an arena: by which path it is reached, where it stands and what type it has; one
// with "chunk" how many bytes of the only chunk of an arena were handed out, and how many
// of them typed pointers lead to; "gone" is an object that a value leads to which nothing
// else does.
package main

import (
	"arena"
	"os"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

type thing struct {
	id   int
	next *thing
	note string
}

type point struct{ x, y int64 }

type shape interface{ area() int64 }

type circle struct {
	at   point
	name *thing
}

func (c *circle) area() int64 { return c.at.x }

type entry struct {
	key  int
	next *thing
}

// tree is in an arena, and what it leads to too, but for the things.
type tree struct {
	left, right *tree
	items       []*thing
	byName      map[string]*thing
	any         any
	shape       shape
	inner       struct{ at *point }
	four        [4]*thing
	do          func() *thing
}

type box[T any] struct {
	value T
	back  *box[T]
}

var held struct {
	arena *arena.Arena
	first *thing
	list  []*thing
	boxed any
	buf   []entry
	chain *thing
	tree  *tree
	box   *box[*thing]
	inner *point
	text  string
	bytes []byte
	word  *int64
	sub   []*thing
	twice **thing
}

// linked leads to what is in held's arena, from another one.
var linked struct {
	arena *arena.Arena
	top   *box[*tree]
}

// exact has nothing in its arena that no typed pointer leads to.
var exact struct {
	arena  *arena.Arena
	values []point
	things []thing
	one    *entry
	bytes  []byte
}

// late leads to the chunk of held too, and to another value there.
var late *entry

const chunkSize = 8 << 20 // of 64-bit processors (runtime/arena.go, userArenaChunkBytes)

func say(name string, p *thing, path string) {
	ready.Say(map[string]string{"case": "kind", "name": name, "addr": ready.Hex(uintptr(unsafe.Pointer(p))), "type": "main.thing", "path": path})
}

// value describes a value of a type, and of which type the value is that is at its address
// and no part of another.
func value(path string, p unsafe.Pointer, typ, whole string) {
	ready.Say(map[string]string{"case": "value", "name": path, "addr": ready.Hex(uintptr(p)), "type": typ, "whole": whole})
}

func chunk(name string, p unsafe.Pointer, used, typed uintptr) {
	ready.Say(struct {
		Case  string  `json:"case"`
		Name  string  `json:"name"`
		Addr  string  `json:"addr"`
		Used  uintptr `json:"used"`
		Typed uintptr `json:"typed"`
	}{"chunk", name, ready.Hex(uintptr(p) &^ (chunkSize - 1)), used, typed})
}

func thingOf(id int) *thing { return &thing{id: id} }

//go:noinline
func fill() {
	a := arena.NewArena()
	held.arena = a
	used := uintptr(0)
	took := func(n uintptr) { used += n }

	held.first = arena.New[thing](a)
	took(unsafe.Sizeof(thing{}))
	held.first.next = thingOf(1)
	held.list = arena.MakeSlice[*thing](a, 3, 1000)
	took(8 * 1000)
	held.list[2] = thingOf(2)
	inside := arena.New[thing](a)
	took(unsafe.Sizeof(thing{}))
	inside.next = thingOf(3)
	held.boxed = inside
	held.buf = arena.MakeSlice[entry](a, 4, 8)
	took(8 * unsafe.Sizeof(entry{}))
	held.buf[3].next = thingOf(4)

	// A list in the arena, the last of which leads out of it.
	for i := 0; i < 5; i++ {
		t := arena.New[thing](a)
		took(unsafe.Sizeof(thing{}))
		t.next = held.chain
		if i == 0 {
			t.next = thingOf(5)
		}
		held.chain = t
	}

	root, left := arena.New[tree](a), arena.New[tree](a)
	took(2 * unsafe.Sizeof(tree{}))
	held.tree = root
	root.left = left
	root.left.left = root // in a circle
	left.items = arena.MakeSlice[*thing](a, 2, 2)
	took(16)
	left.items[1] = thingOf(6)
	root.byName = map[string]*thing{"x": thingOf(7)}
	root.any = thingOf(8)
	c := arena.New[circle](a)
	took(unsafe.Sizeof(circle{}))
	c.name = thingOf(9)
	left.shape = c
	root.inner.at = arena.New[point](a)
	took(unsafe.Sizeof(point{}))
	root.four[2] = thingOf(10)
	captured := thingOf(11)
	left.do = func() *thing { return captured }

	held.box = arena.New[box[*thing]](a)
	took(unsafe.Sizeof(box[*thing]{}))
	held.box.value = thingOf(12)

	held.inner = &c.at
	held.bytes = arena.MakeSlice[byte](a, 100, 104)
	took(104)
	copy(held.bytes, "bytes in an arena")
	text := arena.MakeSlice[byte](a, 16, 16)
	took(16)
	copy(text, "text in an arena")
	held.text = unsafe.String(&text[0], 16)
	held.word = &arena.New[point](a).y // x is not typed
	took(unsafe.Sizeof(point{}))
	pointers := arena.MakeSlice[*thing](a, 20, 20)
	took(160)
	pointers[7] = thingOf(13)
	held.sub = pointers[5:10] // up to its end
	held.twice = arena.New[*thing](a)
	took(8)
	*held.twice = thingOf(14)

	late = arena.New[entry](a)
	took(unsafe.Sizeof(entry{}))
	late.next = thingOf(15)
	gone := arena.New[entry](a)
	took(unsafe.Sizeof(entry{}))
	gone.next = thingOf(16)

	linked.arena = arena.NewArena()
	linked.top = arena.New[box[*tree]](linked.arena)
	linked.top.value = arena.New[tree](a)
	took(unsafe.Sizeof(tree{}))
	linked.top.value.four[3] = thingOf(17)

	say("behind a value in an arena", held.first.next, "main.held.first.next")
	say("element of a slice in an arena", held.list[2], "main.held.list[2]")
	say("behind a boxed value in an arena", inside.next, "main.held.boxed.(*main.thing).next")
	say("in a slice of structs in an arena", held.buf[3].next, "main.held.buf[3].next")
	say("at the end of a list in an arena", held.chain.next.next.next.next.next, "main.held.chain.next ×5")
	say("in a slice of a value in an arena", left.items[1], "main.held.tree.left.items[1]")
	say("in a map of a value in an arena", root.byName["x"], `main.held.tree.byName["x"]`)
	say("in an interface of a value in an arena", root.any.(*thing), "main.held.tree.any.(*main.thing)")
	say("behind an interface of a value in an arena", c.name, "main.held.tree.left.shape.(*main.circle).name")
	say("in an array of a value in an arena", root.four[2], "main.held.tree.four[2]")
	say("captured by a closure of a value in an arena", captured, "main.held.tree.left.do.func2 captured captured")
	say("in a generic value in an arena", held.box.value, "main.held.box.value")
	say("in front of a slice in an arena", pointers[7], "main.held.sub[2]")
	say("behind a pointer to a pointer in an arena", *held.twice, "*main.held.twice")
	say("known by another variable", late.next, "main.late.next")
	offset := ready.Hex(uintptr(unsafe.Pointer(&gone.next)) & (chunkSize - 1))
	ready.Say(map[string]string{"case": "gone", "addr": ready.Hex(uintptr(unsafe.Pointer(gone.next))), "edge": "+" + offset})
	say("from one arena to another", linked.top.value.four[3], "main.linked.top.value.four[3]")

	value("main.held.first", unsafe.Pointer(held.first), "main.thing", "main.thing")
	value("main.held.buf[3]", unsafe.Pointer(&held.buf[3]), "main.entry", "main.entry")
	value("main.held.chain.next ×2", unsafe.Pointer(held.chain.next.next), "main.thing", "main.thing")
	value("main.held.tree.left", unsafe.Pointer(left), "main.tree", "main.tree")
	value("main.held.tree.left.shape", unsafe.Pointer(c), "main.circle", "main.circle")
	value("main.held.tree.inner.at", unsafe.Pointer(root.inner.at), "main.point", "main.point")
	value("main.held.inner", unsafe.Pointer(held.inner), "main.point", "main.circle")
	value("main.held.boxed", unsafe.Pointer(inside), "main.thing", "main.thing")
	value("main.held.box", unsafe.Pointer(held.box), "main.box[*main.thing]", "main.box[*main.thing]")
	value("main.held.list", unsafe.Pointer(&held.list[0]), "[]*main.thing", "*main.thing")
	value("main.held.bytes", unsafe.Pointer(&held.bytes[0]), "[]uint8", "[]uint8")
	value("main.held.text", unsafe.Pointer(&text[0]), "string data", "string data")
	value("main.held.word", unsafe.Pointer(held.word), "int64", "int64")
	value("main.linked.top", unsafe.Pointer(linked.top), "main.box[*main.tree]", "main.box[*main.tree]")
	value("main.linked.top.value", unsafe.Pointer(linked.top.value), "main.tree", "main.tree")
	value("*main.late", unsafe.Pointer(late), "main.entry", "main.entry")

	// What nothing leads to: gone, x of a point, and five pointers in front of a slice.
	chunk("of held", unsafe.Pointer(held.first), used, used-unsafe.Sizeof(entry{})-8-5*8)
	size := unsafe.Sizeof(box[*tree]{})
	chunk("of linked", unsafe.Pointer(linked.top), size, size)
}

//go:noinline
func fillExactly() {
	a := arena.NewArena()
	exact.arena = a
	exact.values = arena.MakeSlice[point](a, 1000, 1000)
	exact.things = arena.MakeSlice[thing](a, 500, 1000)
	exact.one = arena.New[entry](a)
	exact.bytes = arena.MakeSlice[byte](a, 4096, 4096)
	size := 1000*unsafe.Sizeof(point{}) + 1000*unsafe.Sizeof(thing{}) + unsafe.Sizeof(entry{}) + 4096
	exact.things[400].next = thingOf(20)
	say("far in a slice in an arena", exact.things[400].next, "main.exact.things[400].next")
	chunk("of exact", unsafe.Pointer(exact.one), size, size)
}

// wait holds a value in an arena by a variable.
//
//go:noinline
func wait(p *thing, done chan bool) {
	say("behind a variable", p.next, "")
	done <- true
	<-done
	p.id++
}

// many takes more than a chunk.
var many struct {
	arena *arena.Arena
	lists [][]*thing
}

func fillMany() {
	many.arena = arena.NewArena()
	for i := 0; i < 5000; i++ {
		list := arena.MakeSlice[*thing](many.arena, 500, 500)
		many.lists = append(many.lists, list)
	}
	many.lists[4321][123] = thingOf(30)
	say("in the last of several chunks", many.lists[4321][123], "main.many.lists[4321][123]")
	value("main.many.lists[4321]", unsafe.Pointer(&many.lists[4321][0]), "[]*main.thing", "*main.thing")
}

// stale leads to a chunk that was freed: nothing is there any more. The other chunk of its
// arena goes on in the next one.
var stale *thing

var again struct {
	arena *arena.Arena
	first *thing
}

func free() {
	a := arena.NewArena()
	stale = arena.New[thing](a)
	for i := 0; i < 3000; i++ {
		arena.MakeSlice[*thing](a, 500, 500)
	}
	a.Free()
	again.arena = arena.NewArena()
	again.first = arena.New[thing](again.arena)
	again.first.next = thingOf(50)
	say("in a chunk that was used before", again.first.next, "main.again.first.next")
	value("main.again.first", unsafe.Pointer(again.first), "main.thing", "main.thing")
}

func main() {
	fill()
	fillExactly()
	fillMany()
	if os.Getenv("GOHEAP_HEAPDUMP") == "" { // the runtime cannot write what has no memory
		free()
	}
	done := make(chan bool)
	a := arena.NewArena()
	p := arena.New[thing](a)
	p.next = thingOf(40)
	go wait(p, done)
	<-done
	ready.Wait()
}
