//go:build cgo

// Foreign has goroutines that called C: one waits there, one in Go code that C
// called. What their frames hold is live.
package main

/*
#include <unistd.h>

void waitInGo(void);

static void callBack(void) { waitInGo(); }
static void waitInC(void) { for (;;) pause(); }
*/
import "C"

import (
	"fmt"
	"runtime"
	"strings"
	"time"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

type thing struct {
	id   int
	next *thing
	note string
}

// described is a thing that a variable of a frame holds; what the goroutine waits
// for is filled in by the runtime's own word.
type described struct {
	name, goroutine, where string
	addr                   uintptr
}

var (
	inGo, inC = make(chan described), make(chan described)
	forever   = make(chan int)
)

//go:noinline
func newThing(id int) *thing { return &thing{id: id} }

// self is the "goroutine 7 " that the runtime calls this one.
func self() string {
	var buf [64]byte
	head, _, _ := strings.Cut(string(buf[:runtime.Stack(buf[:], false)]), "[")
	return head
}

// line is the one that it is called from, and more.
//
//go:noinline
func line(more int) string {
	_, _, n, _ := runtime.Caller(1)
	return fmt.Sprintf("main.go:%d", n+more)
}

//export waitInGo
func waitInGo() {
	x := newThing(1)
	inGo <- described{"called by C", self(), "main.waitInGo " + line(1) + " · x", uintptr(unsafe.Pointer(x))}
	<-forever
	runtime.KeepAlive(x)
}

//go:noinline
func callsC() {
	y := newThing(2)
	inC <- described{"calling C", self(), "main.callsC " + line(1) + " · y", uintptr(unsafe.Pointer(y))}
	C.waitInC()
	runtime.KeepAlive(y)
}

func main() {
	go C.callBack()
	a := <-inGo
	go callsC()
	b := <-inC
	time.Sleep(100 * time.Millisecond)
	buf := make([]byte, 1<<16)
	all := string(buf[:runtime.Stack(buf, true)])
	for _, d := range []described{a, b} {
		_, rest, _ := strings.Cut(all, d.goroutine+"[")
		reason, _, _ := strings.Cut(rest, "]")
		// Threads in C are told apart by the runtime, but not waiting for anything.
		ready.Say(map[string]string{"case": "kind", "name": d.name, "addr": ready.Hex(d.addr), "type": "main.thing",
			"path": d.goroutine + "[" + strings.TrimSuffix(reason, ", locked to thread") + "] " + d.where})
	}
	ready.Wait()
}
