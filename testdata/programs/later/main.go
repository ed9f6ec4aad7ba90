// Later has put off what a program can put off, and says so of itself: finalizers and
// cleanups that wait to run, timers, what pools have, contexts, weak pointers.
package main

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

//go:linkname nanotime runtime.nanotime
func nanotime() int64

// Records is how many finalizers, cleanups or weak pointers of a type there are.
type Records struct {
	Case    string `json:"case"` // "records"
	Kind    string `json:"kind"`
	Stage   string `json:"stage"`
	Type    string `json:"type,omitempty"`
	Func    string `json:"func,omitempty"`
	Count   int    `json:"count"`
	Started int    `json:"started,omitempty"` // how many of them have begun to run
	Freed   int    `json:"freed,omitempty"`   // bytes
}

// Timer is one that is set to a time between First and Last.
type Timer struct {
	Case   string `json:"case"` // "timer"
	Kind   string `json:"kind"`
	Func   string `json:"func,omitempty"`
	First  int64  `json:"first"`
	Last   int64  `json:"last"`
	Period int64  `json:"period,omitempty"`
}

// Pool is a sync.Pool and what is in it.
type Pool struct {
	Case   string `json:"case"` // "pool"
	Name   string `json:"name"`
	Type   string `json:"type"`
	Local  int    `json:"local"`
	Victim int    `json:"victim"`
	Addr   string `json:"addr"`
}

// Context is one of package context's, and who can cancel it.
type Context struct {
	Case      string `json:"case"` // "context"
	Addr      string `json:"addr"`
	Call      string `json:"call"`
	Parent    string `json:"parent,omitempty"` // its address
	Base      string `json:"base,omitempty"`
	Cancelled bool   `json:"cancelled,omitempty"`
	Children  int    `json:"children,omitempty"`
	First     int64  `json:"first,omitempty"` // its deadline is between these
	Last      int64  `json:"last,omitempty"`
	Func      string `json:"func,omitempty"` // the name of the variable with the function that cancels it
	Goroutine bool   `json:"goroutine,omitempty"`
}

// Clock is the runtime's clock at the last collection and at the end.
type Clock struct {
	Case      string `json:"case"` // "clock"
	Collected int64  `json:"collected"`
	Now       int64  `json:"now"`
	Unix      int64  `json:"unix"`
}

type conn struct {
	peer *conn
	data [4000]byte
}

type file struct {
	name *string
	data [56]byte
}

var (
	forever = make(chan struct{})
	begun   int32
	open    []*file // with finalizers
	ring    *ringed
)

type ringed struct {
	other *ringed
	n     int
}

func closeConn(c *conn) {
	atomic.AddInt32(&begun, 1)
	<-forever
}

func (f *file) close() { f.name = nil }

//go:noinline
func finalizers() {
	for i := 0; i < 9; i++ {
		runtime.SetFinalizer(&conn{}, closeConn)
	}
	for i := 0; i < 6; i++ {
		f := &file{name: new(string)}
		runtime.SetFinalizer(f, (*file).close)
		open = append(open, f)
	}
	// A ring that its own finalizer keeps alive.
	a := &ringed{n: 1}
	a.other = &ringed{other: a}
	runtime.SetFinalizer(a, func(r *ringed) { ring = r })
}

//go:noinline
func drop() { open = open[:4:4]; open = append([]*file(nil), open...) }

type session struct {
	context.Context
	id int
}

type key int

const userKey key = 7

type user struct{ name string }

type server struct {
	ctx     context.Context
	cancel  context.CancelFunc
	workers []worker
	other   []context.Context
	last    context.Context
}

type worker struct {
	ctx    context.Context
	cancel context.CancelFunc
}

var srv server

func word(c context.Context) string { return ready.Hex((*[2]uintptr)(unsafe.Pointer(&c))[1]) }

var contexts []Context

func tell(c Context) { c.Case = "context"; contexts = append(contexts, c) }

const workers = 20

func makeContexts() {
	srv.ctx, srv.cancel = context.WithCancel(context.Background())
	kept := word(srv.ctx)
	children := 0
	for i := 0; i < workers; i++ {
		var w worker
		c := Context{Parent: kept, Call: ".WithDeadline"}
		c.First = nanotime() + int64(time.Hour)
		w.ctx, w.cancel = context.WithTimeout(srv.ctx, time.Hour)
		c.Last, c.Addr = nanotime()+int64(time.Hour), word(w.ctx)
		if c.Func = "workers"; i%4 == 0 {
			w.cancel()
			w.cancel, c.Func, c.Cancelled = nil, "", true
		} else {
			children++
		}
		tell(c)
		srv.workers = append(srv.workers, w)
	}
	user := context.WithValue(srv.ctx, userKey, &user{"alice"})
	tell(Context{Addr: word(user), Parent: kept, Call: ".WithValue(userKey, *main.user)"})
	own := &session{Context: user, id: 3}
	ctx, cancel := context.WithCancel(own)
	_ = cancel // it is lost
	// A parent that is somebody's own is asked by its Value for the nearest one that can be
	// cancelled.
	children++
	tell(Context{Addr: word(ctx), Parent: word(user), Call: ".WithCancel"})
	srv.other = append(srv.other, ctx)
	deep := ctx
	for i := 0; i < 50; i++ {
		next := context.WithValue(deep, "step", i)
		tell(Context{Addr: word(next), Parent: word(deep), Call: ".WithValue(string, int)"})
		deep = next
	}
	srv.last = deep
	todo, stop := context.WithCancel(context.TODO())
	srv.other = append(srv.other, todo)
	tell(Context{Addr: word(todo), Base: "context.TODO", Call: ".WithCancel", Func: "stop"})
	stopTodo = stop

	told := make(chan string)
	for i := 0; i < 3; i++ {
		go handle(srv.ctx, told)
		tell(Context{Addr: <-told, Parent: kept, Call: ".WithCancel", Goroutine: true})
		children++
	}
	children += makeNewContexts(kept)
	tell(Context{Addr: kept, Base: "context.Background", Call: ".WithCancel", Children: children, Func: "srv.cancel"})
}

var stopTodo context.CancelFunc

//go:noinline
func handle(parent context.Context, told chan string) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	told <- word(ctx)
	<-ctx.Done()
}

type buffer struct{ data [4096]byte }

var (
	buffers = sync.Pool{New: func() interface{} { return new(buffer) }}
	texts   sync.Pool
	pools   struct {
		n     int
		inner *holder
	}
)

type holder struct {
	name string
	pool sync.Pool
}

var timers []Timer

func ticked() {}

type owner struct{ n int }

func (o *owner) fire() { o.n++ }

func makeTimers() {
	set := func(kind, fn string, d, period time.Duration, make func()) {
		t := Timer{Case: "timer", Kind: kind, Func: fn, First: nanotime() + int64(d), Period: int64(period)}
		make()
		t.Last = nanotime() + int64(d)
		timers = append(timers, t)
	}
	set("function", "main.ticked", 3*time.Hour, 0, func() { time.AfterFunc(3*time.Hour, ticked) })
	set("function", "main.(*owner).fire-fm", 5*time.Hour, 0, func() { time.AfterFunc(5*time.Hour, (&owner{}).fire) })
	set("channel", "", 7*time.Hour, 7*time.Hour, func() {
		t := time.NewTicker(7 * time.Hour)
		go func() { <-t.C }()
		runtime.Gosched()
	})
	set("sleep", "", 9*time.Hour, 0, func() {
		start := make(chan bool)
		go func() { start <- true; time.Sleep(9 * time.Hour) }()
		<-start
		time.Sleep(50 * time.Millisecond)
	})
	stopped := time.AfterFunc(11*time.Hour, ticked)
	stopped.Stop()
	// One that was set anew.
	later := time.AfterFunc(2*time.Hour, (&owner{}).fire)
	set("function", "main.(*owner).fire-fm", 13*time.Hour, 0, func() { later.Reset(13 * time.Hour) })
}

//go:noinline
func fillPools(n int) {
	for i := 0; i < n; i++ {
		buffers.Put(new(buffer))
		pools.inner.pool.Put(make([]byte, 100))
	}
}

func main() {
	debug.SetGCPercent(-1)
	debug.SetTraceback("crash")
	pools.inner = &holder{name: "inner"}
	makeContexts()
	makeTimers()
	finalizers()
	cleanups()
	weaken()
	runtime.GC()
	time.Sleep(100 * time.Millisecond) // until they wait to run
	runtime.GC()
	fillPools(5)
	clock := Clock{Case: "clock", Collected: nanotime()}
	runtime.GC() // what is in the pools is victims now
	spare()
	fillPools(3)
	texts.Put("text")
	drop()
	dropWeak()
	time.Sleep(100 * time.Millisecond)

	say(Records{Kind: "finalizer", Stage: "queued", Type: "main.conn", Func: "main.closeConn", Count: 9, Started: int(atomic.LoadInt32(&begun))})
	say(Records{Kind: "finalizer", Stage: "set", Type: "main.file", Func: "main.(*file).close", Count: 4})
	say(Records{Kind: "finalizer", Stage: "due", Type: "main.file", Func: "main.(*file).close", Count: 2})
	say(Records{Kind: "finalizer", Stage: "never", Type: "main.ringed", Func: "main.finalizers.func1", Count: 1})
	sayCleanups()
	sayWeak()
	for _, t := range timers {
		ready.Say(t)
	}
	for _, c := range contexts {
		ready.Say(c)
	}
	ready.Say(Pool{"pool", "main.buffers", "*main.buffer", 3, 5, ready.Hex(uintptr(unsafe.Pointer(&buffers)))})
	ready.Say(Pool{"pool", "main.pools.inner.pool", "[]uint8", 3, 5, ready.Hex(uintptr(unsafe.Pointer(&pools.inner.pool)))})
	ready.Say(Pool{"pool", "main.texts", "string", 1, 0, ready.Hex(uintptr(unsafe.Pointer(&texts)))})
	syscall.RawSyscall(syscall.SYS_PRCTL, 0x59616d61, ^uintptr(0), 0) // PR_SET_PTRACER
	clock.Now, clock.Unix = nanotime(), time.Now().UnixNano()
	ready.Say(clock)
	runtime.KeepAlive(open)
	if path := os.Getenv("GOHEAP_HEAPDUMP"); path != "" {
		fd, err := syscall.Open(path, syscall.O_CREAT|syscall.O_WRONLY|syscall.O_TRUNC, 0o666)
		if err != nil {
			panic(err)
		}
		debug.WriteHeapDump(uintptr(fd))
		syscall.Close(fd)
	}
	os.Stdout.WriteString("{\"case\":\"memstats\"}\nready\n")
	if os.Getenv("GOHEAP_CRASH") == "1" {
		time.Sleep(100 * time.Millisecond)
		syscall.Kill(syscall.Getpid(), syscall.SIGABRT)
	}
	var b [1]byte
	syscall.Read(0, b[:])
}

// spare lets the runtime have records of deferred calls and of waits that nobody uses.
//
//go:noinline
func spare() {
	var wg sync.WaitGroup
	c := make(chan int)
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func(n int) {
			for ; n > 0; n-- {
				defer func(n int) { runtime.KeepAlive(n) }(n)
			}
			defer wg.Done()
			<-c
		}(i)
	}
	time.Sleep(50 * time.Millisecond)
	close(c)
	wg.Wait()
}

func say(r Records) {
	r.Case = "records"
	ready.Say(r)
}
