// Busy never comes to rest: it allocates, collects and grows stacks while its core
// is taken. After "ready" it goes on until its input ends.
//
// It says how many objects it keeps, and the address of one that nothing but the
// frame of a goroutine in some state holds: these are live in every core, whatever
// the collector is doing.
package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// Node is of a tree that stays.
type Node struct {
	Left, Right *Node
	Key         int
}

// Held is what one goroutine holds, and nothing else.
type Held struct {
	Peer *Held
	Mark [5]int
}

// Wide is large enough for a malloc header.
type Wide struct {
	Parts [100]*Node
	Next  *Wide
}

// Case describes objects. Count is how many there are; Addr is that of one, which
// a goroutine in function Func holds.
type Case struct {
	Case  string `json:"case"`
	Type  string `json:"type"`
	Count int    `json:"count,omitempty"`
	Addr  string `json:"addr,omitempty"`
	Func  string `json:"func,omitempty"`
}

const depth = 15

var (
	kept  *Node
	ring  [1 << 10]any // of what is replaced all the time
	spun  atomic.Int64
	sinks [8]int
	begun = make(chan struct{}) // what a goroutine holds has been said
)

func grow(depth int) *Node {
	if depth == 0 {
		return nil
	}
	return &Node{grow(depth - 1), grow(depth - 1), depth}
}

// held makes what a goroutine in the named function holds.
//
//go:noinline
func held(name string) *Held {
	h := &Held{Peer: new(Held)}
	ready.Say(Case{Case: "held", Type: "main.Held", Addr: ready.Hex(uintptr(unsafe.Pointer(h))), Func: name})
	begun <- struct{}{}
	return h
}

// churn replaces objects of every kind that the allocator knows.
//
//go:noinline
func churn() {
	h := held("main.churn")
	for i := 0; ; i++ {
		at := i * 7 % len(ring)
		switch i % 6 {
		case 0:
			ring[at] = grow(3)
		case 1:
			ring[at] = &Wide{Next: new(Wide)}
		case 2:
			ring[at] = make([]byte, 1+i%3000)
		case 3:
			ring[at] = map[int]*Node{i: {Key: i}, i + 1: {Key: i}}
		case 4:
			ring[at] = fmt.Sprint(i)
		case 5:
			if i%60 == 5 {
				ring[at] = make([]*Node, 5000)
			}
		}
		h.Mark[0]++
	}
}

// recurse needs a larger stack each time that it is called.
//
//go:noinline
func recurse(n int, h *Held) int {
	var local [64]int
	local[n%64] = n
	if n > 0 {
		local[0] += recurse(n-1, h)
	}
	h.Mark[0]++
	return local[n%64] + local[0]
}

//go:noinline
func deep() {
	h := held("main.deep")
	for {
		done := make(chan int)
		go func() { done <- recurse(300, h) }()
		sinks[1] += <-done
		h.Mark[1]++
	}
}

// spin has no calls at which it could be stopped.
//
//go:noinline
func spin() {
	h := held("main.spin")
	for n := 0; ; n++ {
		if n == 0 {
			spun.Add(int64(h.Mark[2]))
		}
	}
}

//go:noinline
func read(r *os.File) {
	h := held("main.read")
	var b [1]byte
	n, err := syscall.Read(int(r.Fd()), b[:])
	fmt.Fprintln(os.Stderr, "read:", n, err, h.Mark)
	runtime.KeepAlive(r)
}

//go:noinline
func wait(c chan int) {
	h := held("main.wait")
	h.Mark[3] = <-c
	h.Mark[4] = <-c
}

// leak waits for what nobody else knows.
//
//go:noinline
func leak() {
	h := held("main.leak")
	c := make(chan int)
	h.Mark[3] = <-c
	h.Mark[4] = <-c
}

func main() {
	runtime.GOMAXPROCS(3)
	debug.SetGCPercent(10)
	kept = grow(depth)
	ready.Say(Case{Case: "kept", Type: "main.Node", Count: 1<<depth - 1})
	r, w, err := os.Pipe()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	c := make(chan int)
	for _, start := range []func(){func() { read(r) }, func() { wait(c) }, leak} {
		go start()
		<-begun
	}
	time.Sleep(20 * time.Millisecond)                 // until they wait
	if p := pprof.Lookup("goroutineleak"); p != nil { // since Go 1.27
		if err := p.WriteTo(io.Discard, 0); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	for _, start := range []func(){spin, deep, churn} {
		go start()
		<-begun
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	go func() {
		for range signals {
			spun.Add(1)
		}
	}()
	go func() {
		for {
			time.Sleep(20 * time.Millisecond)
			syscall.Kill(syscall.Getpid(), syscall.SIGUSR1)
		}
	}()
	const prSetPtracer = 0x59616d61 // lets a debugger attach (prctl(2), PR_SET_PTRACER)
	syscall.RawSyscall(syscall.SYS_PRCTL, prSetPtracer, ^uintptr(0), 0)
	os.Stdout.WriteString("ready\n")
	io.Copy(io.Discard, os.Stdin)
	runtime.KeepAlive(w)
	runtime.KeepAlive(c)
}
