package main

import (
	"container/list"
	"container/ring"
	"sync"
	"unsafe"
)

// Containers of the library, and what has a length behind something else.
var (
	items     list.List
	itemsAt   = list.New()
	untaken   list.List
	round     *ring.Ring
	lone      ring.Ring
	untouched sync.Map
	behind    *sync.Map
	pool      sync.Pool
	held      = struct{ list list.List }{}
)

func lengths() {
	for i := 0; i < 3; i++ {
		items.PushBack(i)
		held.list.PushFront(i)
	}
	items.Remove(items.Front())
	itemsAt.PushBack(1)
	round = ring.New(5)
	behind = new(sync.Map)
	for i := 0; i < 20000; i++ { // more than are counted where nobody asks
		behind.Store(i, i)
	}
	behind.Delete(7)
	pool.Put(new(int))

	stands("len(main.items)", unsafe.Pointer(&items), "int", "2")
	stands("len(main.itemsAt)", unsafe.Pointer(itemsAt), "int", "1")
	stands("len(main.untaken)", unsafe.Pointer(&untaken), "int", "0")
	stands("len(main.held.list)", unsafe.Pointer(&held.list), "int", "3")
	stands("len(main.round)", unsafe.Pointer(round), "int", "5")
	stands("len(main.lone)", unsafe.Pointer(&lone), "int", "1")
	stands("len(main.emptied)", unsafe.Pointer(&emptied), "int", "8")
	stands("len(main.untouched)", unsafe.Pointer(&untouched), "int", "0")
	stands("len(main.behind)", unsafe.Pointer(behind), "int", "19999")
	refused("cap(main.items)", "container/list.List has no capacity")
	refused("cap(main.behind)", "sync.Map has no capacity")
	refused("len(main.pool)", "sync.Pool has no length")
	refused("cap(main.byText)", "map[string]*main.Session has no capacity")
	refused("len(main.count)", "int has no length")
	refused("cap(main.text)", "string has no capacity")
}
