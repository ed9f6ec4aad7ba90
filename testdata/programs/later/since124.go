//go:build go1.24

package main

import (
	"runtime"
	"sync/atomic"
	"weak"
)

type page struct {
	next *page
	data [2000]byte
}

type socket struct {
	next *socket
	n    [10]int
}

var (
	weakly  []weak.Pointer[page]
	strong  []*page
	sockets []*socket
	cleaned int32
)

// blockedCleanups are more than there are goroutines to run them.
const blockedCleanups = 300

func closeSocket(n *int) {
	atomic.AddInt32(&cleaned, 1)
	<-forever
}

func freeSocket(n *int) {}

//go:noinline
func cleanups() {
	for i := 0; i < blockedCleanups; i++ {
		runtime.AddCleanup(&socket{}, closeSocket, new(int))
	}
	for i := 0; i < 5; i++ {
		s := &socket{}
		runtime.AddCleanup(s, freeSocket, new(int))
		sockets = append(sockets, s)
	}
	makeUnique()
}

func weaken() {
	for i := 0; i < 6; i++ {
		p := &page{next: &page{}}
		strong = append(strong, p)
		weakly = append(weakly, weak.Make(p))
	}
}

//go:noinline
func dropWeak() {
	strong = append([]*page(nil), strong[:4]...)
	sockets = append([]*socket(nil), sockets[:3]...)
	dropUnique()
}

func sayCleanups() {
	// One that runs has left the queue since Go 1.26.
	say(Records{Kind: "cleanup", Stage: "queued", Func: "main.closeSocket", Count: blockedCleanups, Started: int(atomic.LoadInt32(&cleaned))})
	say(Records{Kind: "cleanup", Stage: "set", Type: "main.socket", Func: "main.freeSocket", Count: 3})
	say(Records{Kind: "cleanup", Stage: "due", Type: "", Func: "main.freeSocket", Count: 2})
}

func sayWeak() {
	say(Records{Kind: "weak pointer", Stage: "set", Type: "main.page", Count: 4})
	// Each has another page behind it, in slots of 2048 bytes.
	say(Records{Kind: "weak pointer", Stage: "due", Count: 2, Freed: 2 * 2 * 2048})
	sayUnique()
}
