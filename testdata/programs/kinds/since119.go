//go:build go1.19

package main

import "sync/atomic"

var atomics struct {
	one  atomic.Pointer[thing]
	list *atomic.Pointer[[]*thing]
	done atomic.Bool // whose type is used by every program of this version
}

//go:noinline
func atomicPointers() {
	atomics.done.Store(true)
	atomics.one.Store(newThing())
	isThing("atomic.Pointer", atomics.one.Load(), "main.atomics.one.v")
	list := &[]*thing{newThing(), newThing()}
	atomics.list = new(atomic.Pointer[[]*thing])
	atomics.list.Store(list)
	say("atomic.Pointer on the heap", at(atomics.list), "sync/atomic.Pointer[[]*main.thing]", "main.atomics.list")
	say("atomic.Pointer to a slice", at(list), "[]*main.thing", "*main.atomics.list.v")
	isThing("atomic.Pointer to a slice, element", (*list)[1], "(*main.atomics.list.v)[1]")
}
