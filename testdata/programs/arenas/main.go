//go:build goexperiment.arenas

// Arenas holds objects by what lies in a user arena, and describes them. It builds
// with GOEXPERIMENT=arenas.
package main

import (
	"arena"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

type thing struct {
	id   int
	next *thing
	note string
}

var held struct {
	arena *arena.Arena
	first *thing
	list  []*thing
	boxed any
}

func say(name string, p *thing, path string) {
	ready.Say(map[string]string{"case": "kind", "name": name, "addr": ready.Hex(uintptr(unsafe.Pointer(p))), "type": "main.thing", "path": path})
}

//go:noinline
func fill() {
	held.arena = arena.NewArena()
	held.first = arena.New[thing](held.arena)
	held.first.next = &thing{id: 1}
	held.list = arena.MakeSlice[*thing](held.arena, 3, 1000)
	held.list[2] = &thing{id: 2}
	inside := arena.New[thing](held.arena)
	inside.next = &thing{id: 3}
	held.boxed = inside
	for i := 0; i < 1000; i++ {
		list := arena.MakeSlice[*thing](held.arena, 500, 500)
		list[499] = held.first.next
	}
	say("behind a value in an arena", held.first.next, "main.held.first.next")
	// All three lead to one chunk of memory, which is one object to the collector:
	// through which of them it is held nobody decides.
	say("element of a slice in an arena", held.list[2], "")
	say("behind a boxed value in an arena", inside.next, "")
}

func main() {
	fill()
	ready.Wait()
}
