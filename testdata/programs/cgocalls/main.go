// Cgocalls has goroutines in C, and in Go code that C has called. Each holds an
// object that nothing but one of its frames knows.
package main

/*
#include <unistd.h>

extern void goWait(void);
extern void goSpin(void);

static void waitThroughC(void) { goWait(); }
static void spinThroughC(void) { goSpin(); }
static void stayInC(void) { for (;;) pause(); }
*/
import "C"

import (
	"time"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// Held is what one frame holds, and nothing else.
type Held struct {
	Peer *Held
	Mark [5]int
}

// Case describes the object that a frame of the function Func holds.
type Case struct {
	Case string `json:"case"`
	Type string `json:"type"`
	Addr string `json:"addr"`
	Func string `json:"func"`
}

var (
	begun = make(chan struct{}) // what a goroutine holds has been said
	never = make(chan int)
	sum   int
)

//go:noinline
func held(name string) *Held {
	h := &Held{Peer: new(Held)}
	ready.Say(Case{"held", "main.Held", ready.Hex(uintptr(unsafe.Pointer(h))), name})
	return h
}

//export goWait
func goWait() {
	h := held("main.goWait")
	begun <- struct{}{}
	h.Mark[0] = <-never
	h.Mark[1] = <-never
}

//export goSpin
func goSpin() {
	h := held("main.goSpin")
	begun <- struct{}{}
	for n := 0; ; n++ {
		if n == 0 {
			sum += h.Mark[2]
		}
	}
}

//go:noinline
func waits() {
	h := held("main.waits")
	C.waitThroughC()
	sum += h.Mark[0]
}

//go:noinline
func spins() {
	h := held("main.spins")
	C.spinThroughC()
	sum += h.Mark[0]
}

//go:noinline
func stays() {
	h := held("main.stays")
	begun <- struct{}{}
	C.stayInC()
	sum += h.Mark[0]
}

func main() {
	for _, start := range []func(){waits, stays, spins} {
		go start()
		<-begun
	}
	time.Sleep(20 * time.Millisecond)
	ready.Wait()
}
