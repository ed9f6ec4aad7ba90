// Extension is the plugin of plugged.
package main

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
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
	call   func() string
)

//go:noinline
func newItem(key string) *item { return &item{key: key} }

// waitForever holds an item that only its frame knows.
//
//go:noinline
func waitForever(started chan<- string, forever <-chan int) {
	mine := newItem("mine")
	var buf [64]byte
	head, _, _ := strings.Cut(string(buf[:runtime.Stack(buf[:], false)]), "[")
	_, _, line, _ := runtime.Caller(0)
	say("plugin, variable", mine, fmt.Sprintf("%s[chan receive] %s.waitForever main.go:%d · mine", head, reflect.TypeOf(item{}).PkgPath(), line+3))
	started <- head
	<-forever
	runtime.KeepAlive(mine)
}

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
	captured := &item{}
	call = func() string { return captured.key }
	say("plugin, captured", captured, pkg+".call.func1 captured captured")
	started := make(chan string)
	go waitForever(started, make(chan int))
	<-started
}

func main() {}
