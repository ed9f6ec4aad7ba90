// Since goes on for a little while after its last collection, in the way that its
// argument names, and then stands still in a system call: none of what it does is
// wrong, or hides what is held.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"
)

// Node is small, and has pointers.
type Node struct {
	Left, Right *Node
	Key         int
}

// Wide needs a malloc header, Plain has no pointers.
type (
	Wide  struct{ Parts [100]*Node }
	Plain struct{ Words [400]int }
)

const many = 1000

var (
	cache  []*Node
	tree   *Node
	files  []*os.File
	nodes  []*Node
	wides  []*Wide
	plains []*Plain
	blocks [][]byte
	saved  []*Wide // by their finalizers
	mu     sync.Mutex
	block  = make(chan struct{})
)

func grow(depth int) *Node {
	if depth == 0 {
		return nil
	}
	return &Node{grow(depth - 1), grow(depth - 1), depth}
}

func open(n int) {
	for i := 0; i < n; i++ {
		f, err := os.Open(os.Args[0])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		files = append(files, f)
	}
}

func fill(n int) {
	for i := 0; i < n; i++ {
		nodes = append(nodes, &Node{Key: i})
		wides = append(wides, &Wide{})
		plains = append(plains, &Plain{})
	}
}

func finalize(set bool) {
	for i := range nodes {
		runtime.SetFinalizer(nodes[i], nil)
		runtime.SetFinalizer(wides[i], nil)
		runtime.SetFinalizer(plains[i], nil)
		if !set {
			continue
		}
		runtime.SetFinalizer(nodes[i], func(*Node) {})
		runtime.SetFinalizer(wides[i], func(w *Wide) { mu.Lock(); saved = append(saved, w); mu.Unlock() })
		runtime.SetFinalizer(plains[i], func(*Plain) {})
	}
}

func drop() { nodes, wides, plains = nil, nil, nil }

// deep needs a large stack.
//
//go:noinline
func deep(n int) int {
	var local [64]int
	local[n%64] = n
	if n > 0 {
		local[1] += deep(n - 1)
	}
	return local[n%64] + local[1]
}

// cases are what a program may do, before and after its last collection.
var cases = map[string]struct{ before, after func() }{
	"nothing": {},
	"started": {}, // no collection was asked for
	"never":   {}, // there is none
	"dropped": {func() {
		for i := 0; i < many; i++ {
			cache = append(cache, &Node{Key: i})
		}
	}, func() { cache = nil }},
	"pruned": {func() { tree = grow(12) }, func() { tree.Left = tree.Left.Left }},

	"opened":     {nil, func() { open(500) }},
	"closed":     {func() { open(500) }, func() { shut() }},
	"reopened":   {func() { open(500) }, func() { shut(); open(300) }},
	"set":        {func() { fill(many) }, func() { finalize(true) }},
	"unset":      {func() { fill(many); finalize(true) }, func() { finalize(false) }},
	"set new":    {nil, func() { fill(many); finalize(true) }},
	"ran":        {func() { fill(many); finalize(true); drop() }, func() { pause(); saved = nil }},
	"saved":      {func() { fill(many); finalize(true); drop() }, pause},
	"lost since": {func() { fill(many); finalize(true) }, drop},
	"queued": {func() {
		runtime.SetFinalizer(&Node{}, func(*Node) { <-block })
		runtime.GC()
		pause()
		fill(many)
		finalize(true)
		drop()
	}, pause},

	"cleanups": {func() { fill(many) }, func() { cleanups(); drop() }},
	"cleaned":  {func() { fill(many); cleanups(); drop() }, pause},
	"weak":     {func() { fill(many) }, weaken},
	"weak new": {nil, func() { fill(many); weaken() }},
	"unique":   {nil, intern},

	"large":       {func() { blocks = append(blocks, make([]byte, 8<<20)) }, func() { blocks[0] = make([]byte, 16<<20); wides = make([]*Wide, 1<<20) }},
	"free memory": {func() { blocks = append(blocks, make([]byte, 8<<20)) }, func() { blocks = nil; debug.FreeOSMemory() }},
	"stacks":      {nil, func() { deep(3000) }},
	"goroutines": {nil, func() {
		for i := 0; i < many; i++ {
			go func(n *Node) { <-block; n.Key++ }(&Node{})
		}
		pause()
	}},
	"timers": {nil, func() {
		for i := 0; i < many; i++ {
			time.AfterFunc(time.Hour, func() { <-block })
		}
	}},
	"always": {nil, func() { // it does not stand still
		debug.SetGCPercent(10)
		for i := 0; i < 2; i++ {
			go func() {
				for i := 0; ; i++ {
					churn(i)
				}
			}()
		}
		pause()
	}},
	"collected early": {nil, func() { // in a collection that begins by itself
		debug.SetGCPercent(20)
		for i := 0; i < 3000; i++ {
			open(1)
			files[len(files)-1].Close()
			fill(1)
			finalize(i%3 == 0)
			if i%100 == 0 {
				drop()
			}
		}
		debug.SetGCPercent(-1)
	}},
}

// churn sets, removes and runs finalizers, and drops what it made.
func churn(i int) {
	mu.Lock()
	defer mu.Unlock()
	open(1)
	fill(1)
	finalize(i%2 == 0)
	if i%10 == 0 {
		files[0].Close()
		files, saved = files[1:], nil
	}
	if i%100 == 0 {
		drop()
		files = nil
	}
}

func shut() {
	for _, f := range files {
		f.Close()
	}
	files = nil
}

// pause lets finalizers run.
func pause() { time.Sleep(100 * time.Millisecond) }

func main() {
	name := os.Args[1]
	if crash {
		debug.SetTraceback("crash")
	}
	c, ok := cases[name]
	if !ok {
		fmt.Fprintln(os.Stderr, "no such case:", name)
		os.Exit(2)
	}
	if name == "started" {
		stand()
	}
	debug.SetGCPercent(-1)
	if name == "never" {
		fill(many)
		finalize(true)
		drop()
		stand()
	}
	runtime.GC()
	if c.before != nil {
		c.before()
	}
	runtime.GC()
	if c.after != nil {
		c.after()
	}
	stand()
}

// crash is whether the kernel is to write the core.
var crash = os.Getenv("GOHEAP_CRASH") == "1"

// told and input exist so that nothing is allocated at the end.
var (
	told  = []byte("{\"case\":\"memstats\"}\nready\n")
	input [1]byte
)

// stand says that the program is ready, and waits in a system call.
func stand() {
	const prSetPtracer = 0x59616d61 // lets a debugger attach (prctl(2), PR_SET_PTRACER)
	syscall.RawSyscall(syscall.SYS_PRCTL, prSetPtracer, ^uintptr(0), 0)
	syscall.Write(1, told)
	if crash {
		syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
	}
	for {
		if n, err := syscall.Read(0, input[:]); n == 0 || err != nil && err != syscall.EINTR && err != syscall.EAGAIN {
			syscall.Exit(0)
		}
	}
}
