// Profiled writes its own profiles right before it stands still, and prints them, so
// that those in its core can be compared. MODE is
//
//	published  collections have ended, and things were allocated after the last
//	unasked    likewise, but nobody asked for a profile before its core was taken
//	never      no collection was ever made
//	coarse     published, with the rate that programs have by default
//
// Go 1.18 builds it.
package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"time"

	"goheap/testdata/programs/internal/ready"
)

// profile is a line of output: what pprof wrote, in base64.
type profile struct {
	Case string `json:"case"`
	Name string `json:"name"`
	Data string `json:"data"`
}

// allocated is a line of output: how many objects of a size a function has allocated.
type allocated struct {
	Case     string `json:"case"`
	Function string `json:"function"`
	Size     int    `json:"size"`
	Objects  int    `json:"objects"`
}

type node struct {
	next *node
	data [9]int64
}

var (
	list  *node
	texts []string
	maps  = map[string][]byte{}
	bufs  [][]byte
	late  []*[40]int64
	sink  []byte
)

//go:noinline
func kept(n int) {
	for i := 0; i < n; i++ {
		list = &node{next: list}
	}
}

// inlined is part of its caller.
func inlined(n int) []byte { return make([]byte, n) }

//go:noinline
func dropped(n int) {
	for i := 0; i < n; i++ {
		sink = inlined(300 + i%7*100)
	}
	sink = nil
}

//go:noinline
func library(n int) {
	for i := 0; i < n; i++ {
		s := strings.Repeat("x", 20+i)
		texts = append(texts, s)
		maps[s] = bytes.Repeat([]byte{1}, 100)
	}
}

type server struct{ bufs [][]byte }

func (s *server) handle(n int) {
	func() {
		for i := 0; i < n; i++ {
			s.bufs = append(s.bufs, inlined(5000))
		}
	}()
}

//go:noinline
func after(n int) {
	for i := 0; i < n; i++ {
		one := new([40]int64)
		late = append(late, one)
	}
}

type pair[K comparable, V any] struct {
	key K
	val V
}

//go:noinline
func generic[K comparable, V any](n int) (all []*pair[K, V]) {
	for i := 0; i < n; i++ {
		all = append(all, new(pair[K, V]))
	}
	return all
}

var pairs any

// even and odd call each other deeper than a profile's stack goes, inlined parts between.
//
//go:noinline
func even(n int) {
	if n == 0 {
		texts = append(texts, strings.Repeat("y", 700))
		mutex.Lock()
		mutex.Unlock()
		return
	}
	step(n)
}

func step(n int) { odd(n - 1) }

//go:noinline
func odd(n int) { again(n) }

func again(n int) { even(n - 1) }

type guarded struct {
	sync.Mutex
	n int
}

// add is part of its callers, and the lock a part of it.
func (g *guarded) add() {
	g.Lock()
	pause(1)
	g.n++
	g.Unlock()
}

var (
	mutex  sync.Mutex
	shared guarded
	rw     sync.RWMutex
)

// pause lets milliseconds pass.
func pause(n int) { time.Sleep(time.Duration(n) * time.Millisecond) }

// contend has goroutines wait for each other.
func contend(sampled bool) {
	runtime.GOMAXPROCS(4)
	runtime.SetBlockProfileRate(1)
	runtime.SetMutexProfileFraction(1)
	if sampled {
		runtime.SetBlockProfileRate(1000)
		runtime.SetMutexProfileFraction(3)
	}
	var all sync.WaitGroup
	start := func(f func()) {
		all.Add(1)
		go func() {
			defer all.Done()
			f()
		}()
	}
	ch := make(chan int)
	for i := 0; i < 8; i++ {
		start(func() {
			for k := 0; k < 5; k++ {
				shared.add()
			}
		})
		start(func() { ch <- 1 })
		start(func() {
			rw.RLock()
			pause(1)
			rw.RUnlock()
			rw.Lock()
			pause(1)
			rw.Unlock()
		})
	}
	for i := 0; i < 8; i++ {
		select {
		case <-ch:
		case <-time.After(time.Minute):
		}
	}
	mutex.Lock()
	start(func() { even(300) })
	pause(20)
	mutex.Unlock()
	all.Wait()
	runtime.SetBlockProfileRate(0)
	// Until Go 1.19 the profile is scaled by the rate when it is written; later ones would
	// go on to count the runtime's own locks.
	if v := runtime.Version(); !strings.HasPrefix(v, "go1.18") && !strings.HasPrefix(v, "go1.19") {
		runtime.SetMutexProfileFraction(0)
	}
}

func main() {
	mode := "published"
	if len(os.Args) > 1 {
		mode = os.Args[1]
	}
	if mode != "coarse" {
		runtime.MemProfileRate = 512
	}
	if mode == "never" {
		debug.SetGCPercent(-1)
		runtime.MemProfileRate = 1
	}
	// The rate counts from the next sample of each processor on.
	runtime.GOMAXPROCS(1)
	sink = make([]byte, 8<<20)
	sink = nil
	scale := 1
	if mode == "coarse" {
		scale = 50
	}
	kept(1000 * scale)
	dropped(2000 * scale)
	library(200)
	(&server{}).handle(100 * scale)
	pairs = generic[string, int](300)
	if mode != "never" {
		runtime.GC()
		dropped(500)
		runtime.GC()
		debug.SetGCPercent(-1)
	}
	after(700)
	contend(mode == "coarse")
	stand()
	if mode == "never" || mode == "unasked" {
		ready.Say(allocated{"allocated", "main.kept", 80, 1000})
		ready.Say(allocated{"allocated", "main.after", 320, 700})
	} else {
		for _, name := range []string{"block", "mutex", "goroutine", "threadcreate", "heap"} {
			var b bytes.Buffer
			if err := pprof.Lookup(name).WriteTo(&b, 0); err != nil {
				panic(err)
			}
			ready.Say(profile{"profile", name, base64.StdEncoding.EncodeToString(b.Bytes())})
		}
	}
	finish()
}

// stand has goroutines stand where the profile of goroutines counts them.
func stand() {
	never := make(chan int)
	for i := 0; i < 20; i++ {
		go receive(never)
		go shared.wait(never)
	}
	for i := 0; i < 3; i++ {
		pprof.Do(context.Background(), pprof.Labels("route", "/users", "tenant", "a"), func(context.Context) {
			go receive(never)
		})
	}
	go descend(50, never)
	go func() {
		var all sync.WaitGroup
		all.Add(1)
		defer all.Wait()
		select {
		case <-never:
		case <-time.After(time.Hour):
		}
	}()
	var w waiter = &shared
	go w.wait(never)
	go even2(200, never)
	time.Sleep(20 * time.Millisecond)
}

type waiter interface{ wait(ch chan int) }

func (g *guarded) wait(ch chan int) { receive(ch) }

func receive(ch chan int) { <-ch }

//go:noinline
func descend(n int, ch chan int) {
	if n == 0 {
		func() { receive(ch) }()
		return
	}
	descend(n-1, ch)
}

// even2 and odd2 are as deep as even and odd.
//
//go:noinline
func even2(n int, ch chan int) {
	if n <= 0 {
		receive(ch)
	}
	step2(n, ch)
}

func step2(n int, ch chan int) { odd2(n-1, ch) }

//go:noinline
func odd2(n int, ch chan int) { even2(n-1, ch) }

// finish prints the last lines and waits for the core to be taken; ready.Wait would
// collect, and so publish what is not.
func finish() {
	crash := os.Getenv("GOHEAP_CRASH") == "1"
	if crash {
		debug.SetTraceback("crash")
	}
	os.Stdout.WriteString("{\"case\":\"memstats\"}\nready\n")
	if crash {
		syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
	}
	io.Copy(io.Discard, os.Stdin)
}
