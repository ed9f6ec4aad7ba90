package main

import (
	"container/list"
	"context"
	"net"
	"sync"
	"time"
)

// What follows are shapes of waiting that libraries have: groups of goroutines, semaphores,
// conditions behind interfaces, channels in channels and in deferred calls.

// group is in the shape of golang.org/x/sync/errgroup.
type group struct {
	cancel func()
	wg     sync.WaitGroup
	sem    chan struct{}
	once   sync.Once
	err    error
}

func (g *group) start(f func() error) {
	if g.sem != nil {
		g.sem <- struct{}{}
	}
	g.wg.Add(1)
	go func() {
		defer func() {
			if g.sem != nil {
				<-g.sem
			}
			g.wg.Done()
		}()
		if err := f(); err != nil {
			g.once.Do(func() { g.err = err; g.cancel() })
		}
	}()
}

func leakMember(c chan *int) error { c <- new(int); return nil }
func okMember(c chan *int) error   { c <- new(int); return nil }
func leakJoin(g *group)            { g.wg.Wait() }
func okJoin(g *group)              { g.wg.Wait() }
func leakLimited(g *group) {
	for i := 0; i < 2; i++ {
		c := make(chan *int)
		g.start(func() error { return leakMember(c) })
	}
}

// weighted is in the shape of golang.org/x/sync/semaphore.
type weighted struct {
	mu      sync.Mutex
	waiters list.List
}

func (s *weighted) wait() chan struct{} {
	ready := make(chan struct{})
	s.mu.Lock()
	s.waiters.PushBack(ready)
	s.mu.Unlock()
	return ready
}

func leakAcquire(s *weighted) { <-s.wait() }
func okAcquire(s *weighted)   { <-s.wait() }

// waiter is what has a condition.
type waiter interface{ wait() }

type gate struct {
	name string
	more *sync.Cond
}

func (g *gate) wait() { g.more.L.Lock(); g.more.Wait() }

func leakGate(w waiter) { w.wait() }
func okGate(w waiter)   { w.wait() }

// barrier is likewise one.
type barrier struct {
	name string
	more *sync.Cond
}

func (b *barrier) wait() { b.more.L.Lock(); b.more.Wait() }

// request has its context in itself.
type request struct {
	id  int
	ctx context.Context
	out chan *int
}

func leakRequest(r *request) {
	select {
	case <-r.ctx.Done():
	case r.out <- new(int):
	}
}
func okRequest(r *request) {
	select {
	case <-r.ctx.Done():
	case r.out <- new(int):
	}
}

func leakNilCase(c chan *int) {
	var none chan *int
	select {
	case <-none:
	case none <- nil:
	case <-c:
	}
}

func leakNilCases() {
	var a, b chan *int
	select {
	case <-a:
	case b <- nil:
	}
}

func leakOnlyNil() {
	var a chan *int
	select {
	case <-a:
	}
}

// leakAfterDefault has asked before, and not waited.
func leakAfterDefault(c chan *int) {
	select {
	case <-c:
		return
	default:
	}
	for {
		select {
		case <-c:
			return
		}
	}
}

func leakLocker(l sync.Locker) { l.Lock() }
func okLocker(l sync.Locker)   { l.Lock() }

// What is sent has a channel in it, and has not arrived.
func leakOffer(out chan *request, r *request) { out <- r }
func leakOffered(c chan *int)                 { <-c }
func okOffer(out chan *request, r *request)   { out <- r }
func okOffered(c chan *int)                   { <-c }

// Deferred closures have the channels that they would close.
func leakCloser(c, done chan *int) {
	defer func() { close(done) }()
	<-c
}
func leakClosed(c chan *int) { <-c }
func okCloser(c chan *int) {
	defer func() { close(c) }()
	time.Sleep(1000 * time.Hour)
}
func okClosed(c chan *int) { <-c }

// leakInStack waits for what only the stack of one has that waits itself.
func leakInStack(c chan *int) { <-c }
func leakStack(c chan *int, all [4]chan *int) {
	<-c
	for _, c := range all {
		close(c)
	}
}

func leakForgotten(c chan *int) { <-c }

func leakStored(m *sync.Map) {
	c, _ := m.Load("a")
	<-c.(chan *int)
}

func leakBatch(m map[string][]chan *int) { <-m["a"][1] }

// leakRing are goroutines each of which would wake the next one.
func leakRing(in, out chan *int) { out <- <-in }

func okListed(c chan *int) { <-c }
func okTick(c <-chan time.Time) (n int) {
	for range c {
		n++
	}
	return n
}
func okReset(t *time.Timer) { <-t.C }

// okConn waits for bytes from a connection, and would close a channel then.
func okConn(conn net.Conn, c chan *int) {
	_, _ = conn.Read(make([]byte, 1))
	close(c)
}
func okServed(c chan *int) { <-c }

// okAccept waits for connections.
func okAccept(l net.Listener, c chan *int) {
	if conn, err := l.Accept(); err == nil {
		conn.Close()
	}
	close(c)
}
func okAccepted(c chan *int) { <-c }

// okWakes waits for a lock of a variable, and would close a channel then.
func okWakes(c chan *int)   { globalMutex.Lock(); close(c) }
func okWakened(c chan *int) { <-c }

var (
	silent                net.Listener // its connections are made, and nobody takes them
	forgotten             = make(chan *int)
	groups                []*group
	semaphore             = new(weighted)
	gates                 []waiter
	requests              = make(chan *request)
	results               = make(chan *int)
	queued                list.List
	background, cancelAll = context.WithCancel(context.Background())
	readLocker            = table.RLocker()
)

func also(name string, n int) {
	said = append(said, Case{"goroutines", "main." + name, n, name[0] == 'l'})
}

//go:noinline
func leakingShapes() {
	start("leakJoin", func() {
		g := &group{cancel: func() {}}
		c := make(chan *int)
		g.start(func() error { return leakMember(c) })
		go leakJoin(g)
	})
	start("(*group).start", func() { go leakLimited(&group{sem: make(chan struct{}, 1)}) })
	saidOf("(*group).start").Leaked = true
	also("leakMember", 2*times)
	start("leakAcquire", func() { go leakAcquire(new(weighted)) })
	start("(*gate).wait", func() { go leakGate(&gate{more: sync.NewCond(new(sync.Mutex))}) })
	saidOf("(*gate).wait").Leaked = true
	start("leakRequest", func() {
		ctx, cancel := context.WithCancel(context.Background())
		_ = cancel
		go leakRequest(&request{ctx: ctx, out: make(chan *int)})
	})
	start("leakNilCase", func() { go leakNilCase(make(chan *int)) })
	start("leakNilCases", func() { go leakNilCases() })
	start("leakOnlyNil", func() { go leakOnlyNil() })
	start("leakAfterDefault", func() { go leakAfterDefault(make(chan *int)) })
	start("leakLocker", func() { m := new(sync.RWMutex); m.Lock(); go leakLocker(m.RLocker()) })
	start("leakOffer", func() {
		r := &request{out: make(chan *int)}
		go leakOffer(make(chan *request), r)
		go leakOffered(r.out)
	})
	also("leakOffered", times)
	start("leakCloser", func() {
		done := make(chan *int)
		go leakCloser(make(chan *int), done)
		go leakClosed(done)
	})
	also("leakClosed", times)
	start("leakStack", func() {
		var all [4]chan *int
		for i := range all {
			all[i] = make(chan *int)
			go leakInStack(all[i])
		}
		go leakStack(make(chan *int), all)
	})
	also("leakInStack", 4*times)
	start("leakForgotten", func() { go leakForgotten(forgotten) })
	forgotten = nil
	start("leakStored", func() { m := new(sync.Map); m.Store("a", make(chan *int)); go leakStored(m) })
	start("leakBatch", func() {
		go leakBatch(map[string][]chan *int{"a": {make(chan *int), make(chan *int)}})
	})
	first := make(chan *int)
	in := first
	start("leakRing", func() { out := make(chan *int); go leakRing(in, out); in = out })
	go leakRing(in, first)
	saidOf("leakRing").Count++
	leakingSince121()
	leakingSince123()
	leakingSince125()
}

//go:noinline
func healthyShapes() {
	start("okJoin", func() {
		g := &group{cancel: cancelAll}
		groups = append(groups, g)
		g.start(func() error { return okMember(results) })
		go okJoin(g)
	})
	also("okMember", times)
	start("okAcquire", func() { go okAcquire(semaphore) })
	start("(*barrier).wait", func() {
		b := &barrier{more: sync.NewCond(new(sync.Mutex))}
		gates = append(gates, b)
		go okGate(b)
	})
	start("okRequest", func() { go okRequest(&request{ctx: background, out: make(chan *int)}) })
	start("okLocker", func() { go okLocker(readLocker) })
	start("okOffer", func() {
		r := &request{out: make(chan *int)}
		go okOffer(requests, r)
		go okOffered(r.out)
	})
	also("okOffered", times)
	start("okCloser", func() { c := make(chan *int); go okCloser(c); go okClosed(c) })
	also("okClosed", times)
	start("okListed", func() { c := make(chan *int); queued.PushBack(c); go okListed(c) })
	start("okTick", func() { go okTick(time.Tick(1000 * time.Hour)) })
	start("okReset", func() { t := time.NewTimer(time.Hour); t.Reset(1000 * time.Hour); go okReset(t) })
	start("okWakes", func() { c := make(chan *int); go okWakes(c); go okWakened(c) })
	also("okWakened", times)
	healthySince121()
	healthySince123()
	healthySince125()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return
	}
	start("okAccept", func() { c := make(chan *int); go okAccept(l, c); go okAccepted(c) })
	also("okAccepted", times)
	if silent, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return
	}
	start("okConn", func() {
		conn, err := net.Dial("tcp", silent.Addr().String())
		if err != nil {
			panic(err)
		}
		c := make(chan *int)
		go okConn(conn, c)
		go okServed(c)
	})
	also("okServed", times)
}
