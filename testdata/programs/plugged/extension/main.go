// Extension is the plugin of plugged.
package main

import (
	"reflect"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

type item struct {
	key   string
	next  *item
	large [100]*item
}

var (
	first  *item
	byName = map[string]*item{}
	boxed  any
	queue  = make(chan *item, 2)
)

func say(name string, p *item, path string) {
	pkg := reflect.TypeOf(item{}).PkgPath()
	ready.Say(map[string]string{"case": "kind", "name": name, "addr": ready.Hex(uintptr(unsafe.Pointer(p))), "type": pkg + ".item", "path": path})
}

// Fill makes the objects and describes them.
func Fill() {
	pkg := reflect.TypeOf(item{}).PkgPath()
	first = &item{next: &item{key: "second"}}
	first.next.large[7] = &item{}
	byName["x"] = &item{}
	inside := &item{next: &item{}}
	boxed = inside
	queue <- &item{}
	waiting := <-queue
	queue <- waiting
	say("plugin, global", first, pkg+".first")
	say("plugin, on", first.next.large[7], pkg+".first.next.large[7]")
	say("plugin, map", byName["x"], pkg+`.byName["x"]`)
	say("plugin, interface", inside.next, pkg+".boxed.(*"+pkg+".item).next")
	say("plugin, channel", waiting, "<-"+pkg+".queue[0]")
}

func main() {}
