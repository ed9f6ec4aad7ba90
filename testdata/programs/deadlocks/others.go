package main

import (
	"sync"
	"time"
)

// blocked are goroutines that nobody is left to wake, in no circle.
//
//go:noinline
func blocked() {
	{
		s, a := shape("never unlocked", "blocked", false), newMutex()
		a.Lock()
		for i := 0; i < 2; i++ {
			go func() {
				other(s)
				a.Lock()
			}()
		}
	}
	{
		s := shape("two locks, one never unlocked", "blocked", false)
		a, b := newMutex(), newMutex()
		b.Lock()
		go func() {
			a.Lock()
			other(s)
			b.Lock()
			b.Unlock()
			a.Unlock()
		}()
		go func() {
			pause()
			other(s)
			a.Lock()
			a.Unlock()
		}()
	}
	{
		s, c := shape("nobody receives", "blocked", false), make(chan int)
		for i := 0; i < 3; i++ {
			go func() {
				other(s)
				c <- 1
			}()
		}
	}
	{
		s := shape("no channel", "blocked", false)
		go func() {
			var c chan int
			other(s)
			<-c
		}()
		go func() {
			other(s)
			select {}
		}()
	}
	{
		s, c := shape("nobody signals", "blocked", false), sync.NewCond(newMutex())
		for i := 0; i < 2; i++ {
			go func() {
				c.L.Lock()
				defer c.L.Unlock()
				other(s)
				c.Wait()
			}()
		}
	}
	{
		s, g := shape("nobody is done", "blocked", false), new(sync.WaitGroup)
		g.Add(1)
		go func() {
			other(s)
			g.Wait()
		}()
	}
	{
		s, a, c := shape("given back before", "blocked", false), newMutex(), make(chan int)
		b := newMutex()
		b.Lock()
		go func() {
			a.Lock()
			a.Unlock()
			other(s)
			<-c
			a.Lock()
			a.Unlock()
		}()
		go func() {
			pause()
			a.Lock()
			defer a.Unlock()
			other(s)
			b.Lock()
		}()
	}
}

var (
	table      sync.Mutex
	index      sync.RWMutex
	work       = make(chan int)
	poolDone   sync.WaitGroup
	fineCond   = sync.NewCond(&fineCondL)
	fineCondL  sync.Mutex
	fineOnce   sync.Once
	first      sync.Mutex
	second     sync.Mutex
	turned     sync.Mutex
	handedOver sync.Mutex
)

// fine are goroutines that wait for those who will go on.
//
//go:noinline
func fine() {
	{
		s := shape("lock of one that sleeps", "fine", false)
		go func() {
			table.Lock()
			defer table.Unlock()
			other(s)
			forever()
		}()
		for i := 0; i < 3; i++ {
			go func() {
				pause()
				other(s)
				table.Lock()
				table.Unlock()
			}()
		}
	}
	{
		s := shape("workers at rest", "fine", false)
		poolDone.Add(3)
		for i := 0; i < 3; i++ {
			go func() {
				defer poolDone.Done()
				other(s)
				for range work {
				}
			}()
		}
		go func() {
			other(s)
			poolDone.Wait()
		}()
	}
	{
		s := shape("writer waits for a reader that sleeps", "fine", false)
		go func() {
			index.RLock()
			defer index.RUnlock()
			other(s)
			forever()
		}()
		go func() {
			pause()
			other(s)
			index.Lock()
			index.Unlock()
		}()
		go func() {
			time.Sleep(3 * step)
			other(s)
			index.RLock()
			index.RUnlock()
		}()
	}
	{
		s := shape("unlocked for a while", "fine", false)
		// The one has put off an Unlock, and has given the lock back for now.
		go func() {
			turned.Lock()
			defer turned.Unlock()
			turned.Unlock()
			pause()
			pause()
			other(s)
			turned.Lock()
			pause()
		}()
		go func() {
			pause()
			turned.Lock()
			defer turned.Unlock()
			other(s)
			forever()
		}()
	}
	{
		s := shape("defer before the lock", "fine", false)
		go func() {
			handedOver.Lock()
			other(s)
			forever()
			handedOver.Unlock()
		}()
		go func() {
			pause()
			defer handedOver.Unlock()
			other(s)
			handedOver.Lock()
		}()
	}
	{
		s := shape("Cond with a lock that another has", "fine", false)
		go func() {
			fineCondL.Lock()
			defer fineCondL.Unlock()
			other(s)
			fineCond.Wait()
		}()
		go func() {
			pause()
			fineCondL.Lock()
			defer fineCondL.Unlock()
			other(s)
			forever()
			fineCond.Signal()
		}()
		go func() {
			pause()
			pause()
			other(s)
			fineCondL.Lock()
			fineCondL.Unlock()
		}()
	}
	{
		s := shape("once that takes long", "fine", false)
		for i := 0; i < 3; i++ {
			go func() {
				other(s)
				fineOnce.Do(forever)
			}()
		}
	}
	{
		s := shape("in one order", "fine", false)
		go func() {
			second.Lock()
			defer second.Unlock()
			other(s)
			forever()
		}()
		go func() {
			pause()
			first.Lock()
			defer first.Unlock()
			other(s)
			second.Lock()
			second.Unlock()
		}()
		go func() {
			pause()
			pause()
			other(s)
			first.Lock()
			first.Unlock()
		}()
	}
}
