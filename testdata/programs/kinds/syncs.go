package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	_ "unsafe" // for go:linkname
)

//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()

// onP calls f on a processor that is not the first, and tells it which.
func onP(f func(p int)) {
	var once uint32
	for try := 0; atomic.LoadUint32(&once) == 0; try++ {
		if try == 10_000 {
			panic("no second processor ran anything")
		}
		var all sync.WaitGroup
		all.Add(4)
		for i := 0; i < 4; i++ {
			go func() {
				defer all.Done()
				for i := 0; i < 1000; i++ {
					if p := procPin(); p > 0 && atomic.CompareAndSwapUint32(&once, 0, 1) {
						f(p)
					}
					procUnpin()
				}
			}()
		}
		all.Wait()
		runtime.Gosched()
	}
}

type locker struct {
	sync.Mutex
	p *thing
}

type keyText struct {
	region string
	id     int
}

var s struct {
	few     sync.Map
	many    sync.Map
	keys    sync.Map
	ptrKeys sync.Map
	after   sync.Map
	pool    sync.Pool
	once    sync.Once
	cond    *sync.Cond
	mu      sync.Mutex
	rw      sync.RWMutex
	group   sync.WaitGroup
	av      atomic.Value
	strong  *thing
}

//go:noinline
func buildSync() {
	for i, k := range []string{"alpha", "beta", "gamma"} {
		t := newThing()
		t.next = newThing()
		s.few.Store(k, t)
		isThing(fmt.Sprint("sync.Map, few entries, ", i), t, fmt.Sprintf(`main.s.few[%q].(*main.thing)`, k))
		isThing(fmt.Sprint("sync.Map, few entries, on from ", i), t.next, fmt.Sprintf(`main.s.few[%q].(*main.thing).next`, k))
	}
	for i := 0; i < 300; i++ {
		s.many.Store(i, newThing())
	}
	for _, i := range []int{0, 57, 299} {
		t, _ := s.many.Load(i)
		isThing(fmt.Sprint("sync.Map, many entries, ", i), t.(*thing), fmt.Sprintf(`main.s.many[%d].(*main.thing)`, i))
	}
	text := long("a key of its own")
	s.keys.Store(text, 1)
	say("sync.Map, key", word(text), "string data", fmt.Sprintf(`main.s.keys[key %q]`, text))
	k := newThing()
	k.next = newThing()
	s.ptrKeys.Store(k, true)
	isThing("sync.Map, pointer as key", k, fmt.Sprintf(`main.s.ptrKeys[key (*main.thing)(%#x)]`, at(k)))
	isThing("sync.Map, behind a pointer as key", k.next, fmt.Sprintf(`main.s.ptrKeys[key (*main.thing)(%#x)].next`, at(k)))
	for i := 0; i < 40; i++ {
		s.after.Store(keyText{"north", i}, newThing())
	}
	for i := 0; i < 40; i++ {
		if i != 33 {
			s.after.Delete(keyText{"north", i})
		}
	}
	t, _ := s.after.Load(keyText{"north", 33})
	isThing("sync.Map, by struct, after deletes", t.(*thing), `main.s.after[main.keyText{"north" 33}].(*main.thing)`)

	onceValue()
	s.once.Do(func() { s.strong = newThing() })
	isThing("set by a sync.Once", s.strong, "main.s.strong")
	weakly()

	l := &locker{p: newThing()}
	s.cond = sync.NewCond(l)
	say("sync.Cond", at(s.cond), "sync.Cond", "main.s.cond")
	say("sync.Cond, locker", at(l), "main.locker", "main.s.cond.L.(*main.locker)")
	isThing("sync.Cond, behind the locker", l.p, "main.s.cond.L.(*main.locker).p")

	atomicPointers()
	s.av.Store(newThing())
	isThing("atomic.Value", s.av.Load().(*thing), "main.s.av.v.(*main.thing)")
	uniques()
}

var poolShared, poolLocal, poolVictim uintptr

// betweenCollections puts what the next collection will make a victim.
//
//go:noinline
func betweenCollections() {
	onP(func(p int) {
		t := newThing()
		isThing("sync.Pool, victim", t, fmt.Sprintf("main.s.pool.victim[%d].private.(*main.thing)", p))
		s.pool.Put(t)
	})
}

// afterCollections puts what no collection sees any more.
//
//go:noinline
func afterCollections() {
	onP(func(p int) {
		t, u := newThing(), newThing()
		isThing("sync.Pool, private", t, fmt.Sprintf("main.s.pool.local[%d].private.(*main.thing)", p))
		isThing("sync.Pool, shared", u, fmt.Sprintf("main.s.pool.local[%d].shared.head.vals[0].val", p))
		s.pool.Put(t)
		s.pool.Put(u)
	})
}
