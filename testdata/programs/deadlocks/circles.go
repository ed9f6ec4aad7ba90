package main

import (
	"path"
	"runtime"
	"strconv"
	"sync"
	"time"

	"goheap/testdata/programs/internal/ready"
)

var (
	globalA, globalB    sync.Mutex
	globalC, globalD    sync.Mutex
	globalRW            sync.RWMutex
	globalRWFor         sync.Mutex
	registry, registry2 = &account{}, &account{}
)

// account is what has a lock.
type account struct {
	name string
	mu   sync.Mutex
	sum  int
}

//go:noinline
func deadlocked() {
	opposite := func(s int, a, b *sync.Mutex) {
		a.Lock()
		pause()
		waits(s, of(b), of(a), 2)
		b.Lock()
		b.Unlock()
		a.Unlock()
	}
	{
		s, a, b := shape("opposite order", "deadlock", true), newMutex(), newMutex()
		go opposite(s, a, b)
		go opposite(s, b, a)
	}
	{
		s, a, b := shape("in one line", "deadlock", true), newMutex(), newMutex()
		go oneLine(s, a, b)
		go oneLine(s, b, a)
	}
	{
		s, forks := shape("philosophers", "deadlock", true), make([]*account, 5)
		for i := range forks {
			forks[i] = &account{}
		}
		for i := range forks {
			go eat(s, forks, i)
		}
	}
	{
		s, a, b, c := shape("ring of three", "deadlock", true), newMutex(), newMutex(), newMutex()
		go opposite(s, a, b)
		go opposite(s, b, c)
		go opposite(s, c, a)
	}
	{
		s := shape("variables", "deadlock", false)
		go func() {
			globalA.Lock()
			pause()
			waits(s, of(&globalB), of(&globalA), 2)
			globalB.Lock()
			globalB.Unlock()
			globalA.Unlock()
		}()
		go func() {
			globalB.Lock()
			pause()
			waits(s, of(&globalA), of(&globalB), 2)
			globalA.Lock()
			globalA.Unlock()
			globalB.Unlock()
		}()
	}
	{
		s := shape("deferred, variables", "deadlock", false)
		go func() {
			globalC.Lock()
			defer globalC.Unlock()
			pause()
			waits(s, of(&globalD), of(&globalC), 3)
			globalD.Lock()
			defer globalD.Unlock()
		}()
		go func() {
			globalD.Lock()
			defer func() { globalD.Unlock() }()
			pause()
			waits(s, of(&globalC), of(&globalD), 3)
			globalC.Lock()
			defer globalC.Unlock()
		}()
	}
	{
		s := shape("transfers", "deadlock", false) // accounts that a variable leads to
		go registry.transfer(s, registry2)
		go registry2.transfer(s, registry)
	}
	{
		s, a := shape("locked twice", "deadlock", true), newMutex()
		go func() {
			a.Lock()
			waits(s, of(a), of(a), 1)
			a.Lock()
			a.Unlock()
			a.Unlock()
		}()
	}
	{
		s := shape("locked twice, for ever", "deadlock", true)
		go func(a *sync.Mutex) {
			lock := of(a)
			a.Lock()
			waits(s, lock, lock, 1)
			a.Lock() // nothing is left that uses it
		}(newMutex())
	}
	{
		s, a := shape("locked by the caller", "deadlock", true), &account{name: "twice"}
		go a.add(s, 1)
	}
	{
		s, rw := shape("read twice", "deadlock", true), new(sync.RWMutex)
		go func() {
			rw.RLock()
			time.Sleep(3 * step)
			waits(s, ofRW(rw), ofRW(rw), 2)
			rw.RLock()
			rw.RUnlock()
			rw.RUnlock()
		}()
		go func() {
			pause()
			waits(s, ofRW(rw), 0, 0)
			rw.Lock()
			rw.Unlock()
		}()
		go func() {
			time.Sleep(5 * step)
			behind(s)
			rw.RLock()
			rw.RUnlock()
		}()
	}
	{
		s, rw := shape("read, then write", "deadlock", true), new(sync.RWMutex)
		go func() {
			rw.RLock()
			defer rw.RUnlock()
			waits(s, ofRW(rw), ofRW(rw), 2)
			rw.Lock()
			rw.Unlock()
		}()
	}
	{
		s, rw := shape("write, then read", "deadlock", true), new(sync.RWMutex)
		go func() {
			rw.Lock()
			defer rw.Unlock()
			waits(s, ofRW(rw), ofRW(rw), 2)
			rw.RLock()
			rw.RUnlock()
		}()
	}
	{
		s := shape("readers and a lock, variables", "deadlock", false)
		go func() {
			globalRW.RLock()
			pause()
			waits(s, of(&globalRWFor), ofRW(&globalRW), 2)
			globalRWFor.Lock()
			globalRWFor.Unlock()
			globalRW.RUnlock()
		}()
		go func() {
			globalRWFor.Lock()
			pause()
			waits(s, ofRW(&globalRW), of(&globalRWFor), 2)
			globalRW.Lock()
			globalRW.Unlock()
			globalRWFor.Unlock()
		}()
	}
}

// eat locks two elements of a slice.
//
//go:noinline
func eat(s int, forks []*account, i int) {
	left, right := forks[i], forks[(i+1)%len(forks)]
	left.mu.Lock()
	pause()
	waits(s, of(&right.mu), of(&left.mu), 2)
	right.mu.Lock()
	right.mu.Unlock()
	left.mu.Unlock()
}

//go:noinline
func oneLine(s int, a, b *sync.Mutex) {
	said(s, of(b), of(a))
	func() { a.Lock(); pause(); b.Lock(); b.Unlock(); a.Unlock() }()
}

// said is waits where the next line of its caller takes both locks.
//
//go:noinline
func said(s int, at, lock uintptr) {
	_, file, line, _ := runtime.Caller(1)
	place := path.Base(file) + ":" + strconv.Itoa(line+1)
	mu.Lock()
	shapes[s].Members = append(shapes[s].Members, Member{goid(), place, ready.Hex(at), ready.Hex(lock), place})
	mu.Unlock()
}

// transfer locks both accounts.
//
//go:noinline
func (a *account) transfer(s int, to *account) {
	a.mu.Lock()
	defer a.mu.Unlock()
	pause()
	waits(s, of(&to.mu), of(&a.mu), 3)
	to.mu.Lock()
	defer to.mu.Unlock()
	a.sum--
	to.sum++
}

//go:noinline
func (a *account) add(s, n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sum += n
	a.show(s, of(&a.mu))
}

//go:noinline
func (a *account) show(s int, lock uintptr) int {
	waits(s, of(&a.mu), lock, 8)
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sum
}
