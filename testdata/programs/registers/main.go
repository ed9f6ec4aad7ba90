// Registers has goroutines that go round in loops, each with an object that nothing but a
// register of its thread knows.
package main

import (
	"runtime"
	"sync/atomic"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// Held is what a register leads to.
type Held struct {
	Peer *Held
	Mark [5]int
}

// Case describes an object: Path is what leads to it in the frame of Func, in the line
// Line, from the variable on.
type Case struct {
	Case string `json:"case"` // "register"
	Addr string `json:"addr"`
	Type string `json:"type"`
	Func string `json:"func"`
	Line int    `json:"line"`
	Path string `json:"path"`
}

var (
	begun = make(chan bool)
	stop  uint32
	sum   int
)

func say[T any](p *T, typ, fn string, line int, path string) {
	ready.Say(Case{"register", ready.Hex(uintptr(unsafe.Pointer(p))), typ, fn, line, path})
}

// below is the line that many lines below the call.
//
//go:noinline
func below(lines int) int {
	_, _, line, _ := runtime.Caller(1)
	return line + lines
}

var escaped *Held

//go:noinline
func escape(h *Held) *Held {
	escaped = h
	escaped = nil
	return h
}

func pointer() {
	h := escape(&Held{Peer: new(Held)})
	line := below(9)
	say(h, "main.Held", "main.holdsPointer", line, "h")
	say(h.Peer, "main.Held", "main.holdsPointer", line, "h.Peer")
	begun <- true
	sum = holdsPointer(h, &stop)
}

//go:noinline
func holdsPointer(h *Held, stop *uint32) int {
	for atomic.LoadUint32(stop) == 0 {
	}
	return h.Mark[0]
}

func text() {
	b := make([]byte, 100+sum)
	s := string(b)
	say(data(s), "string data", "main.holdsText", below(7), "s")
	begun <- true
	sum = holdsText(&stop, s)
}

//go:noinline
func holdsText(stop *uint32, s string) int {
	for atomic.LoadUint32(stop) == 0 {
	}
	return int(s[sum])
}

func list() {
	l := make([]*Held, 3+sum, 7+sum)
	l[1] = new(Held)
	line := below(9)
	say(&l[0], "[]*main.Held", "main.holdsList", line, "l")
	say(l[1], "main.Held", "main.holdsList", line, "l[1]")
	begun <- true
	sum = holdsList(&stop, l)
}

//go:noinline
func holdsList(stop *uint32, l []*Held) int {
	for atomic.LoadUint32(stop) == 0 {
	}
	return l[1].Mark[sum] + len(l) + cap(l)
}

type marked interface{ mark() int }

func (h *Held) mark() int { return h.Mark[0] }

func dynamic() {
	h := escape(&Held{})
	say(h, "main.Held", "main.holdsInterface", below(7), "m.(*main.Held)")
	begun <- true
	sum = holdsInterface(&stop, h)
}

//go:noinline
func holdsInterface(stop *uint32, m marked) int {
	for atomic.LoadUint32(stop) == 0 {
	}
	return m.mark()
}

func main() {
	runtime.GOMAXPROCS(8)
	for _, f := range []func(){pointer, text, list, dynamic} {
		go f()
		<-begun
	}
	ready.Wait()
}

// data is unsafe.StringData, which is there since Go 1.20.
func data(s string) *byte { return *(**byte)(unsafe.Pointer(&s)) }
