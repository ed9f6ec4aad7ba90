// Stacks parks goroutines in every way that a stack can stop in, says what
// each of them keeps, and dies.
//
// The lines it prints:
//
//	live FUNCTION ADDRESS   a word of the function's frame must be known to
//	                        hold this pointer
//	dead FUNCTION ADDRESS   no word of the frame may be reported that does
//	root - ADDRESS          a word outside of all frames must hold it
//	hold FUNCTION ADDRESS   a possible pointer in the frame, or in a register
//	                        of its thread, holds it
package main

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"syscall"
	"time"
	"unsafe"
)

type thing struct {
	n    int
	next *thing
	pad  [4]int
}

var (
	never = make(chan int)
	ready = make(chan bool)
	sink  any
	count int
)

func say(what, function string, p *thing) {
	fmt.Printf("%s main.%s %#x\n", what, function, uintptr(unsafe.Pointer(p)))
}

// newThing allocates on the heap.
//
//go:noinline
func newThing() *thing {
	p := new(thing)
	sink = p
	return p
}

//go:noinline
func use(p *thing) { count += p.n }

//go:noinline
func fill(p **thing, q *thing) { *p = q }

func park() {
	ready <- true
	<-never
}

// A pointer in a local variable that is used afterwards, and one that is not.
//
//go:noinline
func locals() {
	a, b := newThing(), newThing()
	use(a)
	use(b)
	say("live", "locals", a)
	say("dead", "locals", b)
	park()
	use(a)
}

// A variable whose address was taken: its pointers count while a live pointer
// leads to it.
//
//go:noinline
func objects() {
	var box struct {
		n       int
		p, q, r *thing
	}
	fill(&box.q, newThing())
	say("live", "objects", box.q)
	inObjects(&box.n)
}

//go:noinline
func inObjects(n *int) {
	park()
	*n = 1
}

// A variable whose address was taken, and then forgotten.
//
//go:noinline
func deadObject() {
	var p *thing
	fill(&p, newThing())
	say("dead", "deadObject", p)
	park()
}

// One stack object leads to another.
//
//go:noinline
func chain() {
	var a, b thing
	b.next = newThing()
	say("live", "chain", b.next)
	a.next = &b
	inChain(&a)
}

//go:noinline
func inChain(p *thing) {
	park()
	use(p.next.next)
}

// Arguments on the stack.
//
//go:noinline
func arguments(a [3]*thing, n int, b [3]*thing) {
	park()
	use(a[1])
	use(b[2])
}

//go:noinline
func callsArguments() {
	a, b := [3]*thing{1: newThing()}, [3]*thing{2: newThing()}
	use(a[1])
	use(b[2])
	say("live", "arguments", a[1])
	say("live", "arguments", b[2])
	arguments(a, 7, b)
}

// Deferred calls whose records and closures are on the heap: only the chain of
// deferred calls leads to them.
//
//go:noinline
func defers() {
	p := newThing()
	for i := 0; i < 3; i++ {
		f := func() { use(p); count += i }
		fmt.Printf("root - %#x\n", *(*uintptr)(unsafe.Pointer(&f)))
		defer f()
	}
	inDefers()
}

//go:noinline
func inDefers() {
	q := newThing()
	say("live", "inDefers", q)
	defer func() { use(q) }()
	park()
}

// A panic whose deferred call blocks: the function that faulted goes on at its
// deferreturn.
//
//go:noinline
func faults() {
	p := newThing()
	say("live", "faults.func1", p)
	defer func() {
		park()
		use(p)
		recover()
	}()
	dies(nil)
}

//go:noinline
func dies(p *thing) {
	q := newThing()
	use(q)
	say("dead", "dies", q)
	p.n = 1
	use(q)
}

//go:noinline
func recursion(n int, p *thing) {
	if n == 0 {
		park()
		return
	}
	var big [200]byte
	big[n] = byte(n)
	recursion(n-1, p)
	count += int(big[n/2])
	use(p)
}

//go:noinline
func callsRecursion() {
	p := newThing()
	say("live", "recursion", p)
	recursion(30, p)
}

//go:noinline
func reflected() {
	p := newThing()
	say("live", "reflected.func1", p)
	f := reflect.MakeFunc(reflect.TypeOf((func(*thing, int, [3]*thing))(nil)), func(args []reflect.Value) []reflect.Value {
		park()
		use(args[0].Interface().(*thing))
		use(p)
		return nil
	}).Interface().(func(*thing, int, [3]*thing))
	f(newThing(), 1, [3]*thing{newThing()})
}

func (t *thing) method(u *thing, v [3]*thing) {
	park()
	use(t)
	use(u)
	use(v[2])
}

//go:noinline
func methodValue() {
	t, u, v := newThing(), newThing(), newThing()
	say("live", "(*thing).method", t)
	say("live", "(*thing).method", u)
	say("live", "(*thing).method", v)
	f := reflect.ValueOf(t).MethodByName("Method").Interface().(func(*thing, [3]*thing))
	f(u, [3]*thing{2: v})
}

// Method is called through a stub of reflect.
func (t *thing) Method(u *thing, v [3]*thing) { t.method(u, v) }

//go:noinline
func systemCall() {
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		panic(err)
	}
	p := newThing()
	say("live", "systemCall", p)
	ready <- true
	syscall.Read(fds[0], make([]byte, 1))
	use(p)
}

//go:noinline
func spins(p *thing) {
	say("hold", "spins", p)
	ready <- true
	for p.n >= 0 {
		p.n++
		if p.n == 1<<30 {
			p.n = 0
		}
	}
}

//go:noinline
func asks() {
	ready <- true
	for {
		count += time.Now().Nanosecond()
	}
}

//go:noinline
func allocates() {
	ready <- true
	for {
		sink = make([]byte, 100)
	}
}

//go:noinline
func neverStarted(p *thing) { use(p) }

//go:noinline
func last(p *thing) {
	var a *thing
	runtime.GC()
	time.Sleep(20 * time.Millisecond)
	runtime.GC()
	go neverStarted(p)
	defer use(p)
	if len(os.Args) > 1 {
		a = p
	}
	a.n = 1
}

func main() {
	runtime.GOMAXPROCS(3)
	start := func(f func()) {
		go f()
		<-ready
	}
	start(locals)
	start(objects)
	start(deadObject)
	start(chain)
	start(callsArguments)
	start(defers)
	start(faults)
	start(callsRecursion)
	start(reflected)
	start(methodValue)
	start(systemCall)
	go time.Sleep(time.Hour)
	go func() { select {} }()
	start(func() { spins(newThing()) })
	start(func() { spins(newThing()) })
	start(asks)
	start(allocates)
	last(newThing())
}
