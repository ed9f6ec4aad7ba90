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
	"encoding/base64"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strings"
	"syscall"

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
		late = append(late, new([40]int64))
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
	if mode == "never" || mode == "unasked" {
		ready.Say(allocated{"allocated", "main.kept", 80, 1000})
		ready.Say(allocated{"allocated", "main.after", 320, 700})
	} else {
		var b bytes.Buffer
		if err := pprof.Lookup("heap").WriteTo(&b, 0); err != nil {
			panic(err)
		}
		ready.Say(profile{"profile", "heap", base64.StdEncoding.EncodeToString(b.Bytes())})
	}
	stand()
}

// stand prints the last lines and waits for the core to be taken; ready.Wait would
// collect, and so publish what is not.
func stand() {
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
