// Leaks has goroutines that wait in each way there is, some for what nobody can do any
// longer, some for what somebody may still do. It says how many of each there are, and,
// where the runtime looks for leaks itself (Go 1.26 with GOEXPERIMENT=goroutineleakprofile,
// and later), what that finds.
package main

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"time"

	"goheap/testdata/programs/internal/ready"
)

// Case is a line of what the program says: how many goroutines of a function there are,
// and that they are leaked; or how many of them the runtime calls leaked.
type Case struct {
	Case     string `json:"case"` // "goroutines" or "runtime"
	Function string `json:"function"`
	Count    int    `json:"count"`
	Leaked   bool   `json:"leaked"`
}

func leakSend(c chan *int)    { c <- new(int) }
func leakReceive(c chan *int) { <-c }
func leakRange(c chan *int) (n int) {
	for range c {
		n++
	}
	return n
}
func leakFull(c chan *int)            { c <- new(int); c <- new(int) }
func leakNilReceive()                 { var c chan int; <-c }
func leakNilSend()                    { var c chan int; c <- 1 }
func leakNothing()                    { select {} }
func leakMutex(m *sync.Mutex)         { m.Lock() }
func leakRead(m *sync.RWMutex)        { m.RLock() }
func leakWrite(m *sync.RWMutex)       { m.Lock() }
func leakGroup(g *sync.WaitGroup)     { g.Wait() }
func leakContext(ctx context.Context) { <-ctx.Done() }
func leakEach(in, out chan *int)      { out <- <-in }

func leakSelect(a, b chan *int) {
	select {
	case <-a:
	case b <- nil:
	}
}

func leakStage(in, out chan *int) {
	for x := range in {
		out <- x
	}
}

// leakDeferred would close a channel if it ended, on which another one waits.
func leakDeferred(c, done chan *int) {
	defer close(done)
	<-c
}

func okGlobal(c chan *int)       { <-c }
func okMap(c chan *int)          { c <- nil }
func okStack(c chan *int)        { <-c }
func okTimer(c <-chan time.Time) { <-c }
func okTicker(t *time.Ticker)    { <-t.C }
func okAfter(c chan *int)        { <-c }
func okFinalizer(c chan *int)    { <-c }
func okSignal(c chan os.Signal)  { <-c }
func okMutex(m *sync.Mutex)      { m.Lock() }
func okGroup(g *sync.WaitGroup)  { g.Wait() }
func okOwner(c chan *int)        { <-c }
func okSleep()                   { time.Sleep(1000 * time.Hour) }

// maybeCond waits for what nobody signals; which sync.Cond it waits on, its sudog does not
// say.
func maybeCond(c *sync.Cond) { c.L.Lock(); c.Wait() }
func okGlobalMutex()         { globalMutex.Lock() }

func okSelect(a, b chan *int) {
	select {
	case <-a:
	case <-b:
	}
}

func okStage(in, out chan *int) {
	for x := range in {
		out <- x
	}
}

func okPipe(r *os.File) { _, _ = r.Read(make([]byte, 1)) }

// okHolder sleeps with what others wait for.
func okHolder(m *sync.Mutex, g *sync.WaitGroup, c chan *int) {
	time.Sleep(1000 * time.Hour)
	m.Unlock()
	g.Done()
	close(c)
}

var (
	source      = make(chan *int)
	byName      = map[string]chan *int{}
	finalized   *[4]int
	globalMutex sync.Mutex
	file        *os.File
)

const times = 3

var said []Case

// start starts three goroutines of a function.
func start(name string, f func()) {
	said = append(said, Case{"goroutines", "main." + name, times, strings.HasPrefix(name, "leak")})
	for i := 0; i < times; i++ {
		f()
	}
}

//go:noinline
func leaking() {
	start("leakSend", func() { go leakSend(make(chan *int)) })
	start("leakReceive", func() { go leakReceive(make(chan *int)) })
	start("leakRange", func() { go leakRange(make(chan *int)) })
	start("leakFull", func() { go leakFull(make(chan *int, 1)) })
	start("leakNilReceive", func() { go leakNilReceive() })
	start("leakNilSend", func() { go leakNilSend() })
	start("leakNothing", func() { go leakNothing() })
	start("leakMutex", func() { m := new(sync.Mutex); m.Lock(); go leakMutex(m) })
	start("leakRead", func() { m := new(sync.RWMutex); m.Lock(); go leakRead(m) })
	start("leakWrite", func() { m := new(sync.RWMutex); m.RLock(); go leakWrite(m) })
	start("leakGroup", func() { g := new(sync.WaitGroup); g.Add(1); go leakGroup(g) })
	start("leakContext", func() { ctx, cancel := context.WithCancel(context.Background()); _ = cancel; go leakContext(ctx) })
	start("leakSelect", func() { go leakSelect(make(chan *int), make(chan *int)) })
	start("leakDeferred", func() { done := make(chan *int); go leakDeferred(make(chan *int), done); go leakReceive(done) })
	said[1].Count += times
	a, b := make(chan *int), make(chan *int)
	start("leakEach", func() { go leakEach(a, b); a, b = b, a })
	first, second, third := make(chan *int), make(chan *int), make(chan *int)
	start("leakStage", func() { go leakStage(first, second); first, second, third = second, third, first })
}

//go:noinline
func healthy(held chan *int) {
	start("okGlobal", func() { go okGlobal(source) })
	start("okMap", func() { c := make(chan *int); byName["of "+strconv.Itoa(len(byName))] = c; go okMap(c) })
	start("okStack", func() { go okStack(held) })
	start("okTimer", func() { go okTimer(time.After(1000 * time.Hour)) })
	start("okTicker", func() { go okTicker(time.NewTicker(1000 * time.Hour)) })
	start("okAfter", func() { c := make(chan *int); time.AfterFunc(1000*time.Hour, func() { close(c) }); go okAfter(c) })
	start("okSignal", func() { c := make(chan os.Signal, 1); signal.Notify(c, os.Interrupt); go okSignal(c) })
	start("okSleep", func() { go okSleep() })
	start("maybeCond", func() { go maybeCond(sync.NewCond(new(sync.Mutex))) })
	start("okSelect", func() { go okSelect(source, make(chan *int)) })
	globalMutex.Lock()
	start("okGlobalMutex", func() { go okGlobalMutex() })
	mutex, group, owned := new(sync.Mutex), new(sync.WaitGroup), make(chan *int)
	mutex.Lock()
	group.Add(1)
	start("okHolder", func() { go okHolder(mutex, group, owned) })
	start("okMutex", func() { go okMutex(mutex) })
	start("okGroup", func() { go okGroup(group) })
	start("okOwner", func() { go okOwner(owned) })
	from := source
	start("okStage", func() { to := make(chan *int); go okStage(from, to); from = to })
	finalized = new([4]int)
	c := make(chan *int)
	runtime.SetFinalizer(finalized, func(*[4]int) { close(c) })
	start("okFinalizer", func() { go okFinalizer(c) })
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	file = w
	start("okPipe", func() { go okPipe(r) })
}

// profile says what the runtime itself calls leaked, by the innermost function of ours.
func profile() {
	p := pprof.Lookup("goroutineleak")
	if p == nil {
		return
	}
	var b bytes.Buffer
	if err := p.WriteTo(&b, 1); err != nil {
		panic(err)
	}
	counts := map[string]int{}
	n := 0
	for s := bufio.NewScanner(&b); s.Scan(); {
		words := strings.Fields(s.Text())
		switch {
		case len(words) > 1 && words[1] == "@":
			n, _ = strconv.Atoi(words[0])
		case n > 0 && len(words) > 2 && words[0] == "#" && strings.HasPrefix(words[2], "main."):
			name := words[2]
			if i := strings.IndexByte(name, '+'); i >= 0 {
				name = name[:i]
			}
			counts[name] += n
			n = 0
		}
	}
	for name, n := range counts {
		ready.Say(Case{"runtime", name, n, true})
	}
}

func main() {
	held := make(chan *int)
	leaking()
	healthy(held)
	time.Sleep(200 * time.Millisecond)
	runtime.GC()
	for _, c := range said {
		ready.Say(c)
	}
	profile()
	ready.Wait()
	close(held)
}
