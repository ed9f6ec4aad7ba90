package main

import (
	"sync"
	"time"
)

// limited is a group of goroutines, of which only so many run at once.
type limited struct {
	group  sync.WaitGroup
	tokens chan int
}

//go:noinline
func (l *limited) run(s int, f func()) {
	if s >= 0 {
		waits(s, ofChan(l.tokens), 0, 0)
		l.tokens <- 1
	} else {
		l.tokens <- 1
	}
	l.group.Add(1)
	go func() {
		defer func() {
			<-l.tokens
			l.group.Done()
		}()
		f()
	}()
}

// flight is a call that others who want the same wait for.
type flight struct {
	mu    sync.Mutex
	calls map[string]*sync.WaitGroup
}

//go:noinline
func (f *flight) do(s int, key string, fn func()) {
	f.mu.Lock()
	if c, ok := f.calls[key]; ok {
		f.mu.Unlock()
		waits(s, ofGroup(c), 0, 0)
		c.Wait()
		return
	}
	c := new(sync.WaitGroup)
	c.Add(1)
	f.calls[key] = c
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		c.Done()
		delete(f.calls, key)
	}()
	fn()
}

// tangled are circles of more than locks.
//
//go:noinline
func tangled() {
	{
		s := shape("ring of channels", "deadlock", true)
		stage := func(in, out chan int) {
			waits(s, ofChan(in), 0, 0)
			out <- <-in
		}
		a, b, c := make(chan int), make(chan int), make(chan int)
		go stage(a, b)
		go stage(b, c)
		go stage(c, a)
	}
	{
		s := shape("both receive first", "deadlock", true)
		ask := func(in, out chan int) {
			waits(s, ofChan(in), 0, 0)
			<-in
			out <- 1
		}
		a, b := make(chan int), make(chan int)
		go ask(a, b)
		go ask(b, a)
	}
	{
		s := shape("both select", "deadlock", true)
		ask := func(in, out, never chan int) {
			waits(s, ofChan(in), 0, 0)
			select {
			case <-in:
			case <-never:
			}
			out <- 1
		}
		a, b := make(chan int), make(chan int)
		go ask(a, b, make(chan int))
		go ask(b, a, make(chan int))
	}
	{
		s, group := shape("group waits for itself", "deadlock", true), new(sync.WaitGroup)
		group.Add(1)
		go func() {
			defer group.Done()
			waits(s, ofGroup(group), 0, 0)
			group.Wait()
		}()
	}
	{
		s, group, results := shape("results before the group", "deadlock", true), new(sync.WaitGroup), make(chan int)
		group.Add(1)
		go func() {
			defer group.Done()
			waits(s, ofChan(results), 0, 0)
			results <- 1
		}()
		go func() {
			waits(s, ofGroup(group), 0, 0)
			group.Wait()
			<-results
		}()
	}
	{
		s, group := shape("group under a lock, variables", "deadlock", false), new(sync.WaitGroup)
		group.Add(1)
		go func() {
			pause()
			defer group.Done()
			waits(s, of(&registry3.mu), 0, 0)
			registry3.mu.Lock()
			registry3.mu.Unlock()
		}()
		go func() {
			registry3.mu.Lock()
			defer registry3.mu.Unlock()
			waits(s, ofGroup(group), of(&registry3.mu), 2)
			group.Wait()
		}()
	}
	{
		s, a, c := shape("send under a lock", "deadlock", true), newMutex(), make(chan int)
		go func() {
			a.Lock()
			defer a.Unlock()
			waits(s, ofChan(c), of(a), 2)
			c <- 1
		}()
		go func() {
			pause()
			waits(s, of(a), 0, 0)
			a.Lock()
			<-c
			a.Unlock()
		}()
	}
	{
		s, a, c := shape("Cond under another lock", "deadlock", true), newMutex(), sync.NewCond(newMutex())
		go func() {
			a.Lock()
			c.L.Lock()
			waits(s, ofCond(c), of(a), 2)
			c.Wait()
			c.L.Unlock()
			a.Unlock()
		}()
		go func() {
			pause()
			waits(s, of(a), 0, 0)
			a.Lock()
			c.Signal()
			a.Unlock()
		}()
	}
	{
		s, o := shape("once in itself", "deadlock", true), new(sync.Once)
		go o.Do(func() {
			waits(s, ofOnce(o), 0, 0)
			o.Do(func() {})
		})
	}
	{
		s, a, b := shape("once and once", "deadlock", true), new(sync.Once), new(sync.Once)
		start := func(a, b *sync.Once) {
			a.Do(func() {
				pause()
				waits(s, ofOnce(b), 0, 0)
				b.Do(func() {})
			})
		}
		go start(a, b)
		go start(b, a)
	}
	{
		s, a, b := shape("two semaphores", "deadlock", true), make(chan int, 1), make(chan int, 1)
		both := func(a, b chan int) {
			a <- 1
			pause()
			waits(s, ofChan(b), 0, 0)
			b <- 1
			<-b
			<-a
		}
		go both(a, b)
		go both(b, a)
	}
	{
		s, l := shape("group with a limit", "deadlock", true), &limited{tokens: make(chan int, 1)}
		l.run(-1, func() {
			pause()
			l.run(s, func() {})
		})
		go func() {
			waits(s, ofGroup(&l.group), 0, 0)
			l.group.Wait()
		}()
	}
	{
		s, f := shape("flight of its own", "deadlock", true), &flight{calls: map[string]*sync.WaitGroup{}}
		go f.do(s, "a", func() { f.do(s, "a", func() {}) })
	}
	{
		s, rw, c := shape("reader waits for a writer", "deadlock", true), new(sync.RWMutex), make(chan int)
		go func() {
			rw.RLock()
			defer rw.RUnlock()
			waits(s, ofChan(c), ofRW(rw), 2)
			<-c
		}()
		go func() {
			pause()
			waits(s, ofRW(rw), 0, 0)
			rw.Lock()
			c <- 1
			rw.Unlock()
		}()
		go func() {
			time.Sleep(3 * step)
			behind(s)
			rw.Lock()
			rw.Unlock()
		}()
	}
}

var registry3 = &account{}
