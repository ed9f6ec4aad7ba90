// Program goroutines has goroutines of every kind that is named, and says of each
// which function somebody wrote, who started it, where it stands, what its variables
// are and which calls are deferred.
package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"time"

	"goheap/testdata/programs/internal/ready"
)

var (
	forever = make(chan struct{})
	begun   = make(chan struct{})
	sink    interface{}
	mainID  uint64
)

// local is a variable of a frame. Live says that it is used after the goroutine goes
// on, so that optimised code keeps it too.
type local struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Value string `json:"value"`
	Arg   bool   `json:"arg,omitempty"`
	Live  bool   `json:"live,omitempty"`
}

// call is a deferred one, and its defer statement's place.
type call struct {
	Func  string `json:"func"`
	Place string `json:"place"`
	Count int    `json:"count"`
}

type goroutine struct {
	Case    string            `json:"case"`
	Name    string            `json:"name"`
	ID      uint64            `json:"id"`
	Func    string            `json:"func"` // that its name shall be
	Parent  uint64            `json:"parent"`
	Locked  bool              `json:"locked"`
	Labels  map[string]string `json:"labels,omitempty"`
	Callers []string          `json:"callers"` // of the function that says it, innermost first, with their places
	Locals  []local           `json:"locals,omitempty"`
	Absent  []string          `json:"absent,omitempty"` // variables that have no value yet
	Defers  []call            `json:"defers,omitempty"`
}

// says completes what a goroutine says of itself and lets who started it go on. Its
// caller is Func, unless that is given.
//
//go:noinline
func says(g goroutine) {
	g.Case = "goroutine"
	b := make([]byte, 64)
	b = bytes.TrimPrefix(b[:runtime.Stack(b, false)], []byte("goroutine "))
	g.ID, _ = strconv.ParseUint(string(b[:bytes.IndexByte(b, ' ')]), 10, 64)
	pcs := make([]uintptr, 1000)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for {
		f, more := frames.Next()
		if g.Func == "" {
			g.Func = f.Function
		}
		g.Callers = append(g.Callers, f.Function+" "+path.Base(f.File)+":"+strconv.Itoa(f.Line))
		if !more {
			break
		}
	}
	if g.Parent == 0 {
		g.Parent = mainID
	}
	ready.Say(g)
	begun <- struct{}{}
}

// start runs f, which starts a goroutine, and waits until that has said what it is.
func start(f func()) {
	f()
	<-begun
}

type request struct {
	id   int
	body []byte
}

type api struct {
	mu    sync.Mutex
	total int
}

// handle waits for a lock that nobody gives back.
//
//go:noinline
func (a *api) handle(r *request) {
	says(goroutine{Name: "method in a wrapper", Locals: []local{
		{"r", "*main.request", "", true, true}, {"a", "*main.api", "", true, true},
	}})
	a.mu.Lock()
	a.total += len(r.body) + r.id
}

// inlined is part of whoever calls it.
func (a *api) inlined() {
	a.mu.Lock()
	a.total++
}

// outer is promoted to whatever embeds it.
type server struct{ *api }

type waiter interface{ wait() }

func (a *api) wait() {
	says(goroutine{Name: "promoted method"})
	<-forever
	runtime.KeepAlive(a)
}

func generic[T any](x T) {
	says(goroutine{Name: "generic function", Func: "main.generic[...]"})
	<-forever
	runtime.KeepAlive(x)
}

//go:noinline
func deferring(n int) {
	defer cleanup(n)
	for i := 0; i < n; i++ {
		defer cleanup(i)
	}
	says(goroutine{Name: "deferring", Defers: []call{
		{"main.cleanup", line(-3), n}, {"main.cleanup", line(-5), 1},
	}})
	<-forever
}

// openCoded has deferred calls that the compiler writes into the function's end: the
// frame alone says which of them are pending.
//
//go:noinline
func openCoded(a *api, n int) {
	defer a.mu.Unlock()
	if n > 100 {
		defer cleanup(n)
	}
	defer func() { sink = n }()
	says(goroutine{Name: "open-coded", Defers: []call{
		{"main.openCoded.func1", "", 1}, {"sync.(*Mutex).Unlock", "", 1},
	}})
	<-forever
}

// line is the caller's line, so many away, as "main.go:12".
//
//go:noinline
func line(by int) string {
	_, file, n, _ := runtime.Caller(1)
	return path.Base(file) + ":" + strconv.Itoa(n+by)
}

//go:noinline
func cleanup(n int) { sink = n }

// inDefer waits in a deferred call.
func inDefer(n int) {
	defer blocked(n)
	sink = n
}

//go:noinline
func blocked(n int) {
	says(goroutine{Name: "in a deferred call"})
	<-forever
	sink = n
}

// deep calls itself n times.
//
//go:noinline
func deep(n int) int {
	if n == 0 {
		says(goroutine{Name: "deep"})
		<-forever
		return 0
	}
	return deep(n-1) + 1
}

type point struct{ x, y int }

//go:noinline
func locals(n int, name string, ok bool, p point, list []int, e error) {
	product := n * 3
	ratio := float64(n) / 4
	text := name + "!"
	duration := time.Duration(n) * time.Second
	dead := n * 7
	sink = dead
	byRef := n + 1
	ref := &byRef
	captured := func() int { return product + len(text) }
	inner := point{n, product}
	says(goroutine{Name: "locals", Locals: []local{
		{"n", "int", "14", true, true}, {"name", "string", `"abc"`, true, true}, {"ok", "bool", "true", true, true},
		{"p", "main.point", "{x: 1, y: 2}", true, true}, {"list", "[]int", "", true, true}, {"e", "error", "", true, true},
		{"product", "int", "42", false, true}, {"ratio", "float64", "3.5", false, true},
		{"text", "string", `"abc!"`, false, true}, {"duration", "time.Duration", "14s", false, true},
		{"dead", "int", "98", false, false}, {"byRef", "int", "15", false, true}, {"inner", "main.point", "{x: 14, y: 42}", false, true},
	}})
	<-forever
	runtime.KeepAlive(n)
	runtime.KeepAlive(name)
	runtime.KeepAlive(ok)
	runtime.KeepAlive(p)
	runtime.KeepAlive(list)
	runtime.KeepAlive(e)
	runtime.KeepAlive(product)
	runtime.KeepAlive(ratio)
	runtime.KeepAlive(text)
	runtime.KeepAlive(duration)
	runtime.KeepAlive(ref)
	runtime.KeepAlive(captured)
	runtime.KeepAlive(inner)
	sink = ref
}

// receives waits for what gives its variables their first values, and has an argument
// that has gone to the heap and is another one there.
//
//go:noinline
func receives(from chan *request, moved int) {
	sink = &moved
	moved++
	says(goroutine{Name: "not declared yet", Absent: []string{"got", "ok"}, Locals: []local{
		{"moved", "int", "8", false, true},
	}})
	got, ok := <-from
	runtime.KeepAlive(got)
	runtime.KeepAlive(ok)
}

// capturing starts a goroutine whose function has variables of this one, which are
// declared, to DWARF, where it uses them first: behind the place where it waits.
func capturing(a *api, r *request) {
	from := make(chan *request)
	go func() {
		says(goroutine{Name: "captured", Locals: []local{
			{"a", "*main.api", "", false, false}, {"r", "*main.request", "", false, false},
		}})
		for x := range from {
			a.total += len(x.body)
			r.id++
		}
	}()
}

// counter is inlined; its n is moved to the heap.
func counter(n int) func() int {
	return func() int { n++; return n }
}

//go:noinline
func counters() {
	a, b := counter(3), counter(8)
	sink = []func() int{a, b}
	says(goroutine{Name: "inlined twice"})
	<-forever
}

func main() {
	b := make([]byte, 64)
	b = bytes.TrimPrefix(b[:runtime.Stack(b, false)], []byte("goroutine "))
	mainID, _ = strconv.ParseUint(string(b[:bytes.IndexByte(b, ' ')]), 10, 64)

	a := &api{}
	a.mu.Lock()
	start(func() { go a.handle(&request{7, make([]byte, 8192)}) })
	start(func() {
		go func() {
			says(goroutine{Name: "inlined method", Func: "main.(*api).inlined"})
			a.inlined()
		}()
	})
	start(func() {
		var w waiter = server{a}
		go w.wait()
	})
	start(func() {
		f := a.wait
		go f()
	})
	start(func() { go generic(point{1, 2}) })
	start(func() { go counters() })
	start(func() { go deferring(20) })
	start(func() { go openCoded(a, 3) })
	start(func() { go inDefer(3) })
	start(func() { go deep(300) })
	start(func() { go locals(14, strings.Repeat("abc", 1), true, point{1, 2}, []int{1, 2, 3}, io.EOF) })
	start(func() { go receives(make(chan *request), 7) })
	start(func() { capturing(a, &request{8, nil}) })
	start(func() {
		go func() {
			runtime.LockOSThread()
			says(goroutine{Name: "locked", Locked: true})
			<-forever
		}()
	})
	start(func() {
		go pprof.Do(context.Background(), pprof.Labels("tenant", "acme", "shard", "7"), func(context.Context) {
			says(goroutine{Name: "labelled", Labels: map[string]string{"tenant": "acme", "shard": "7"}})
			<-forever
		})
	})
	start(func() {
		go func() {
			id := make(chan uint64)
			go func() {
				says(goroutine{Name: "grandchild", Parent: <-id})
				<-forever
			}()
			b := make([]byte, 64)
			b = bytes.TrimPrefix(b[:runtime.Stack(b, false)], []byte("goroutine "))
			n, _ := strconv.ParseUint(string(b[:bytes.IndexByte(b, ' ')]), 10, 64)
			id <- n
			<-forever
		}()
	})
	start(func() {
		r, w, err := os.Pipe()
		if err != nil {
			panic(err)
		}
		go func() {
			says(goroutine{Name: "reading a pipe"})
			var b [1]byte
			r.Read(b[:])
			w.Close()
		}()
	})

	// Goroutines that run the library alone.
	time.AfterFunc(0, a.mu.Lock)
	r, _ := io.Pipe()
	go io.Copy(io.Discard, r)
	time.Sleep(50 * time.Millisecond)
	for _, f := range []string{"sync.(*Mutex).Lock", "io.Copy"} {
		ready.Say(struct {
			Case string `json:"case"`
			Func string `json:"func"`
		}{"library", f})
	}
	ready.Wait()
}
