// Leaks has goroutines that wait in each way there is, some for what nobody can do any
// longer, some for what somebody may still do. It says how many of each there are, and,
// where the runtime looks for leaks itself (Go 1.26 with GOEXPERIMENT=goroutineleakprofile,
// and later), what that finds.
package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
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

func okGlobalMutex() { globalMutex.Lock() }

func leakCond(c *sync.Cond)                           { c.L.Lock(); c.Wait() }
func leakCondAmong(c *sync.Cond)                      { c.L.Lock(); c.Wait() }
func leakCondLocker(c *sync.Cond)                     { c.L.Lock(); c.Wait() }
func leakTwice(m *sync.Mutex)                         { m.Lock(); m.Lock() }
func leakOnce(o *sync.Once)                           { o.Do(leakOnceFirst) }
func leakOnceFirst()                                  { select {} }
func leakWriter(m *sync.RWMutex)                      { m.Lock() }
func leakReader(m *sync.RWMutex)                      { m.RLock() }
func leakInner(outer chan chan *int, c chan *int)     { outer <- c; <-c }
func leakOuter(outer chan chan *int, never chan *int) { <-never; close(<-outer) }
func leakTokens(tokens chan struct{})                 { tokens <- struct{}{} }
func leakPipe(r *io.PipeReader)                       { _, _ = r.Read(make([]byte, 1)) }
func leakChild(ctx context.Context)                   { <-ctx.Done() }
func leakThread(c chan *int)                          { runtime.LockOSThread(); <-c }
func leakDeep(n int, c chan *int) {
	if n > 0 {
		leakDeep(n-1, c)
	}
	<-c
}

// waitList has its Cond in itself, as values.
type waitList struct {
	items []int
	mu    sync.Mutex
	more  sync.Cond
}

func (w *waitList) leakTake() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.items) == 0 {
		w.more.Wait()
	}
	return w.items[0]
}

// leakOrder locks two locks, in whatever order.
func leakOrder(a, b *sync.Mutex, both *sync.WaitGroup) {
	a.Lock()
	both.Done()
	both.Wait()
	b.Lock()
}

// leakReading holds its lock for ever: a writer waits for it, and readers for that.
func leakReading(m *sync.RWMutex, c chan *int) {
	m.RLock()
	defer m.RUnlock()
	<-c
}

// leakNamed waits for what only a map has that it holds itself.
func leakNamed(byName map[string]chan *int) { <-byName["a"] }

func okCond(c *sync.Cond)           { c.L.Lock(); c.Wait() }
func okCondOwner(c *sync.Cond)      { c.L.Lock(); c.Wait() }
func okRead()                       { table.RLock() }
func okWrite()                      { table.Lock() }
func okInner(c chan *int)           { <-c }
func okInterior(g *sync.WaitGroup)  { g.Wait() }
func okTimeout(ctx context.Context) { <-ctx.Done() }
func okDeferred(c chan *int)        { <-c }
func okSyscall(c chan *int)         { <-c }
func okReading(c chan *int)         { <-c }
func okStored(c chan *int)          { <-c }

// leakPooled waits for what a pool had until collections emptied it.
func leakPooled(c chan *int) { <-c }

func okNext(c chan *int)      { <-c }
func okElement(m *sync.Mutex) { m.Lock() }

// okOwnFinalizer holds the object whose finalizer would end its wait, so that this never
// runs; the collector takes what the finalizer has for reachable nevertheless.
func okOwnFinalizer(o *[4]int, c chan *int) { <-c; runtime.KeepAlive(o) }

// okBefore waits with what okNext waits for.
func okBefore(c, next chan *int) { <-c; close(next) }

// okDefers sleeps, and has a channel only as the argument of a deferred call.
func okDefers(c chan *int) {
	for i := 0; i < 2; i++ {
		defer closeIt(c)
	}
	c = nil
	time.Sleep(1000 * time.Hour)
}

func closeIt(c chan *int) {
	defer func() { _ = recover() }()
	close(c)
}

// okInSyscall is in the kernel.
func okInSyscall(fd int, c chan *int) {
	_, _ = syscall.Read(fd, make([]byte, 1))
	close(c)
}

// okInRead waits for a file.
func okInRead(r *os.File, c chan *int) {
	_, _ = r.Read(make([]byte, 1))
	close(c)
}

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
	table       sync.RWMutex
	cond        *sync.Cond
	file, file2 *os.File
	nested      = make(chan chan *int, times)
	inside      []*int
	stored      sync.Map
	pool        sync.Pool
	elements    = make([]struct {
		name string
		mu   sync.Mutex
	}, 2)
)

const times = 3

var said []Case

// saidOf returns what is said of a function.
func saidOf(name string) *Case {
	for i := range said {
		if said[i].Function == "main."+name {
			return &said[i]
		}
	}
	panic(name)
}

// start starts three goroutines of a function.
func start(name string, f func()) {
	said = append(said, Case{"goroutines", "main." + name, times, strings.Contains(name, "leak")})
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
	saidOf("leakReceive").Count += times
	a, b := make(chan *int), make(chan *int)
	start("leakEach", func() { go leakEach(a, b); a, b = b, a })
	first, second, third := make(chan *int), make(chan *int), make(chan *int)
	start("leakStage", func() { go leakStage(first, second); first, second, third = second, third, first })
	leakingTogether()
	leakingShapes()
}

//go:noinline
func leakingTogether() {
	start("leakCond", func() { go leakCond(sync.NewCond(new(sync.Mutex))) })
	among := sync.NewCond(new(sync.Mutex))
	start("leakCondAmong", func() { go leakCondAmong(among) })
	start("leakCondLocker", func() { go leakCondLocker(sync.NewCond(table.RLocker())) })
	start("(*waitList).leakTake", func() { w := new(waitList); w.more.L = &w.mu; go w.leakTake() })
	start("leakTwice", func() { go leakTwice(new(sync.Mutex)) })
	once := new(sync.Once)
	saidOnce := func(name string, n int) { said = append(said, Case{"goroutines", "main." + name, n, true}) }
	saidOnce("leakOnceFirst", 1)
	saidOnce("leakOnce", times-1)
	for i := 0; i < times; i++ {
		go leakOnce(once)
		time.Sleep(10 * time.Millisecond)
	}
	m, never := new(sync.RWMutex), make(chan *int)
	start("leakReading", func() { go leakReading(m, never) })
	time.Sleep(10 * time.Millisecond)
	start("leakWriter", func() { go leakWriter(m); time.Sleep(10 * time.Millisecond) })
	start("leakReader", func() { go leakReader(m) })
	start("leakInner", func() {
		outer := make(chan chan *int, 1)
		go leakInner(outer, make(chan *int))
		go leakOuter(outer, make(chan *int))
	})
	saidOnce("leakOuter", times)
	tokens := make(chan struct{}, 1)
	tokens <- struct{}{}
	start("leakTokens", func() { go leakTokens(tokens) })
	start("leakPipe", func() { r, _ := io.Pipe(); go leakPipe(r) })
	start("leakChild", func() {
		ctx, cancel := context.WithCancel(context.Background())
		ctx, cancel2 := context.WithCancel(context.WithValue(ctx, "key", "value"))
		_, _ = cancel, cancel2
		go leakChild(ctx)
	})
	start("leakThread", func() { go leakThread(make(chan *int)) })
	start("leakDeep", func() { go leakDeep(100, make(chan *int)) })
	a, b, both := new(sync.Mutex), new(sync.Mutex), new(sync.WaitGroup)
	both.Add(2)
	go leakOrder(a, b, both)
	go leakOrder(b, a, both)
	saidOnce("leakOrder", 2)
	start("leakPooled", func() { c := make(chan *int); pool.Put(c); go leakPooled(c) })
	start("leakNamed", func() { go leakNamed(map[string]chan *int{"a": make(chan *int)}) })
}

//go:noinline
func healthyTogether() {
	cond = sync.NewCond(new(sync.Mutex))
	start("okCond", func() { go okCond(cond) })
	owned := sync.NewCond(new(sync.Mutex))
	start("okCondOwner", func() { go okCondOwner(owned) })
	table.Lock()
	start("okRead", func() { go okRead() })
	start("okWrite", func() { go okWrite() })
	start("okInner", func() { c := make(chan *int); nested <- c; go okInner(c) })
	start("okInterior", func() {
		s := new(struct {
			group sync.WaitGroup
			rest  [40]int
		})
		s.group.Add(1)
		inside = append(inside, &s.rest[20])
		go okInterior(&s.group)
	})
	start("okTimeout", func() {
		ctx, cancel := context.WithTimeout(context.Background(), 1000*time.Hour)
		_ = cancel
		go okTimeout(ctx)
	})
	start("okDeferred", func() { c := make(chan *int); go okDeferred(c); go okDefers(c) })
	said = append(said, Case{"goroutines", "main.okDefers", times, false})
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		panic(err)
	}
	start("okSyscall", func() { c := make(chan *int); go okSyscall(c); go okInSyscall(fds[0], c) })
	said = append(said, Case{"goroutines", "main.okInSyscall", times, false})
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	file2 = w
	start("okReading", func() { c := make(chan *int); go okReading(c); go okInRead(r, c) })
	said = append(said, Case{"goroutines", "main.okInRead", times, false})
	start("okStored", func() { c := make(chan *int); stored.Store(c, true); go okStored(c) })
	start("okNext", func() { c := make(chan *int); go okNext(c); go okBefore(source, c) })
	said = append(said, Case{"goroutines", "main.okBefore", times, false})
	elements[1].mu.Lock()
	start("okElement", func() { go okElement(&elements[1].mu) })
	start("okOwnFinalizer", func() {
		o, c := new([4]int), make(chan *int)
		runtime.SetFinalizer(o, func(*[4]int) { close(c) })
		go okOwnFinalizer(o, c)
	})
	start("okSleepWith", func() { go okSleepWith(owned) })
	since124()
	healthyShapes()
}

// okSleepWith sleeps with what others wait for.
func okSleepWith(c *sync.Cond) {
	time.Sleep(1000 * time.Hour)
	c.Broadcast()
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
	healthyTogether()
	time.Sleep(200 * time.Millisecond)
	runtime.GC()
	for _, c := range said {
		ready.Say(c)
	}
	profile()
	ready.Wait()
	close(held)
}
