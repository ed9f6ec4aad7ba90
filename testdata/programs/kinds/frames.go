package main

import (
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

// blocked describes a goroutine that is about to wait.
type blocked struct {
	id      int
	fn      string
	file    string
	call    string // which call of several of the same function, from the innermost one: " #2"
	started chan struct{}
	forever chan struct{}
}

func begin() blocked {
	b := blocked{started: started, forever: forever}
	var buf [64]byte
	fields := strings.Fields(string(buf[:runtime.Stack(buf[:], false)]))
	b.id, _ = strconv.Atoi(fields[1])
	pc, file, _, _ := runtime.Caller(1)
	b.fn = runtime.FuncForPC(pc).Name()
	b.file = file[strings.LastIndexByte(file, '/')+1:]
	return b
}

// tellReasons puts into the lines what goroutines wait for, in the words of the
// runtime, which differ from version to version.
func tellReasons() {
	buf := make([]byte, 1<<20)
	for _, text := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		head, reason, _ := strings.Cut(text, "[")
		reason, _, _ = strings.Cut(reason, "]")
		for i := range said {
			if rest := strings.TrimPrefix(said[i].Path, head+"[]"); rest != said[i].Path {
				said[i].Path = head + "[" + reason + "]" + rest
			}
		}
	}
}

var (
	started = make(chan struct{})
	forever = make(chan struct{})
)

// start runs f on a goroutine of its own until it is about to wait.
func start(f func(b blocked)) {
	go func() {
		b := begin()
		b.fn = code(f)
		_, b.file, _, _ = runtime.Caller(0)
		f(b)
	}()
	<-started
}

func (b *blocked) ready() { b.started <- struct{}{} }

//go:noinline
func (b *blocked) wait() {
	b.ready()
	<-b.forever
}

// here is the line that it is called from.
//
//go:noinline
func here() int {
	_, _, line, _ := runtime.Caller(1)
	return line
}

// in is the expression for a variable in the frame that waits in the given line
// of a caller.
func (b *blocked) in(expr string, line int) string {
	_, file, _, _ := runtime.Caller(2)
	return fmt.Sprintf("goroutine %d [] %s %s:%d%s · %s", b.id, b.fn, file[strings.LastIndexByte(file, '/')+1:], line, b.call, expr)
}

//go:noinline
func (b *blocked) isThing(name string, p *thing, expr string, line int) {
	isThing(name, p, b.in(expr, line))
}

//go:noinline
func (b *blocked) say(name string, addr uintptr, typ, expr string, line int) *Kind {
	return say(name, addr, typ, b.in(expr, line))
}

//go:noinline
func (b *blocked) deferred(name string, p *thing) {
	isThing(name, p, fmt.Sprintf("goroutine %d [] · deferred.func1 captured x", b.id))
}

// sink makes what passes through it escape.
var sink any

func escape[T any](v T) T {
	sink = v
	sink = nil
	return v
}

//go:noinline
func buildFrames() {
	labelled()
	start(parameter)
	start(local)
	start(result)
	start(sliceVariable)
	start(stringVariable)
	start(interfaceVariable)
	start(structVariable)
	start(splitVariable)
	start(splitTwice)
	start(arrayVariable)
	start(mapVariable)
	start(channelVariable)
	start(pointerVariable)
	start(inlinedVariable)
	start(escapedVariable)
	start(escapedPointer)
	start(receiver)
	start(variadicSlice)
	start(closureVariable)
	start(selecting)
	start(sleeping)
	s.mu.Lock()
	start(locking)
	s.rw.Lock()
	start(readLocking)
	s.group.Add(1)
	start(waitingForGroup)
	start(waitingForCond)
	start(sending)
	start(receiving)
	start(ticking)
	start(recursing)
}

func parameter(b blocked) { takes(&b, newThing(), 1) }

//go:noinline
func takes(b *blocked, param *thing, n int) {
	b.fn = "main.takes"
	b.isThing("parameter", param, "param", here()+2)
	b.ready()
	<-b.forever
	runtime.KeepAlive(param)
}

func local(b blocked) {
	variable := newThing()
	b.isThing("local variable", variable, "variable", here()+2)
	b.ready()
	<-b.forever
	runtime.KeepAlive(variable)
}

func result(b blocked) { gives(&b) }

//go:noinline
func gives(b *blocked) (out *thing, err error) {
	b.fn = "main.gives"
	defer func() { recover() }() // keeps out in memory
	out = newThing()
	b.isThing("result", out, "out", here()+2)
	b.ready()
	<-b.forever
	return out, nil
}

func sliceVariable(b blocked) {
	list := make([]*thing, 2+count%2, 4+count%3)
	list[1] = newThing()
	escape(list)
	b.say("slice variable", word(list), "[]*main.thing", "list", here()+3)
	b.isThing("slice variable, element", list[1], "list[1]", here()+2)
	b.ready()
	<-b.forever
	runtime.KeepAlive(list)
}

func stringVariable(b blocked) {
	text := long("on the stack")
	b.say("string variable", word(text), "string data", "text", here()+2)
	b.ready()
	<-b.forever
	runtime.KeepAlive(text)
}

func interfaceVariable(b blocked) {
	i := choose()
	b.isThing("interface variable", i.(*thing), "i.(*main.thing)", here()+2)
	b.ready()
	<-b.forever
	runtime.KeepAlive(i.Sum())
}

// choose keeps the compiler from knowing what the interface holds.
//
//go:noinline
func choose() summer {
	if count < 0 {
		return record{}
	}
	return newThing()
}

func structVariable(b blocked) {
	all := broad{p: newThing()}
	all.many[count%3] = 1
	b.isThing("struct variable", all.p, "all.p", here()+2)
	b.ready()
	<-b.forever
	runtime.KeepAlive(all.p)
	runtime.KeepAlive(all.many[count%3])
}

func splitVariable(b blocked) {
	msg := message{id: 1, name: "x", p: newThing()}
	k := b.say("struct variable in parts", at(msg.p), "main.thing", "msg.p", here()+3)
	k.Parted = optimised()
	b.ready()
	<-b.forever
	runtime.KeepAlive(msg.p)
	runtime.KeepAlive(msg.id)
}

func splitTwice(b blocked) {
	all := trio{first: newThing(), third: newThing()}
	k := b.say("struct variable in parts, the first", at(all.first), "main.thing", "all.first", here()+5)
	k.Parted = optimised()
	k = b.say("struct variable in parts, the third", at(all.third), "main.thing", "all.third", here()+3)
	k.Parted = optimised()
	b.ready()
	<-b.forever
	runtime.KeepAlive(all.first)
	runtime.KeepAlive(all.third)
}

type trio struct{ first, second, third *thing }

func arrayVariable(b blocked) {
	var many [5]*thing
	many[count%2+2] = newThing()
	k := count % 2
	_ = k
	for i := range many {
		if many[i] != nil {
			b.isThing("array variable", many[i], fmt.Sprintf("many[%d]", i), here()+4)
		}
	}
	b.ready()
	<-b.forever
	for i := range many {
		runtime.KeepAlive(many[i])
	}
}

func mapVariable(b blocked) {
	table := map[string]*thing{"k": newThing()}
	escape(table)
	b.isThing("map variable, element", table["k"], `table["k"]`, here()+2)
	b.ready()
	<-b.forever
	runtime.KeepAlive(table)
}

func channelVariable(b blocked) {
	queue := make(chan *thing, 2)
	x := newThing()
	x.next = newThing()
	queue <- x
	b.isThing("channel variable, element", x, "<-queue[0]", here()+3)
	b.isThing("channel variable, on", x.next, "(<-queue[0]).next", here()+2)
	b.ready()
	<-b.forever
	runtime.KeepAlive(queue)
}

func pointerVariable(b blocked) {
	pp := escape(new(*thing))
	*pp = newThing()
	(*pp).next = newThing()
	b.isThing("pointer to a pointer in a variable", *pp, "*pp", here()+3)
	b.isThing("pointer to a pointer in a variable, on", (*pp).next, "(*pp).next", here()+2)
	b.ready()
	<-b.forever
	runtime.KeepAlive(pp)
}

func inlinedVariable(b blocked) { outerCall(&b) }

//go:noinline
func outerCall(b *blocked) {
	b.fn = "main.outerCall"
	small(b, newThing())
	runtime.KeepAlive(b)
}

// small is inlined where the compiler inlines anything.
func small(b *blocked, arg *thing) {
	inside(b, arg, here()+1)
	b.wait()
	runtime.KeepAlive(arg)
}

//go:noinline
func inside(b *blocked, arg *thing, line int) {
	pc, _, _, _ := runtime.Caller(1)
	if fn := runtime.FuncForPC(pc); inlined(pc, small) {
		b.fn = fn.Name() + " (inlined in main.outerCall)"
	} else {
		b.fn = fn.Name()
	}
	isThing("variable of an inlined function", arg, fmt.Sprintf("goroutine %d [] %s frames.go:%d · arg", b.id, b.fn, line))
}

// inlined reports whether the code at pc, in fn, stands in another function: its
// entry is that function's.
func inlined(pc uintptr, fn any) bool {
	return runtime.FuncForPC(pc).Entry() != reflect.ValueOf(fn).Pointer()
}

func escapedVariable(b blocked) {
	var big message
	change(&big)
	big.p = newThing()
	b.say("escaped variable", at(&big), "main.message", "big", here()+3)
	b.isThing("escaped variable, on", big.p, "big.p", here()+2)
	b.ready()
	<-b.forever
	runtime.KeepAlive(big.p)
}

//go:noinline
func change(m *message) { escape(m); m.id = 1 }

func escapedPointer(b blocked) {
	ptr := newThing()
	set(&ptr)
	b.isThing("escaped pointer", ptr, "ptr", here()+2)
	b.ready()
	<-b.forever
	runtime.KeepAlive(ptr)
}

//go:noinline
func set(p **thing) { escape(p); *p = newThing() }

func receiver(b blocked) { newThing().method(&b) }

//go:noinline
func (t *thing) method(b *blocked) {
	b.fn = "main.(*thing).method"
	b.isThing("receiver", t, "t", here()+2)
	b.ready()
	<-b.forever
	runtime.KeepAlive(t)
}

func variadicSlice(b blocked) { variadic(&b, newThing(), newThing()) }

//go:noinline
func variadic(b *blocked, args ...*thing) {
	escape(args)
	b.fn = "main.variadic"
	b.say("variadic slice", word(args), "[]*main.thing", "args", here()+3)
	b.isThing("variadic slice, element", args[1], "args[1]", here()+2)
	b.ready()
	<-b.forever
	runtime.KeepAlive(args)
}

func closureVariable(b blocked) {
	x := newThing()
	call := func() int { return x.id }
	escape(call)
	b.say("closure variable", word(call), "closure "+code(call), "call", here()+3)
	b.isThing("closure variable, captured", x, "call."+own(call)+" captured x", here()+2)
	b.ready()
	<-b.forever
	runtime.KeepAlive(call)
}

func selecting(b blocked) {
	x := newThing()
	b.isThing("waiting in select", x, "x", here()+2)
	b.ready()
	select {
	case <-b.forever:
	case <-c.receives:
	}
	runtime.KeepAlive(x)
}

func sleeping(b blocked) {
	x := newThing()
	// Where the call is inlined the frame that waits is still this one.
	b.isThing("waiting in sleep", x, "x", here()+2)
	b.ready()
	time.Sleep(1000 * time.Hour)
	runtime.KeepAlive(x)
}

func locking(b blocked) {
	x := newThing()
	b.isThing("waiting for a mutex", x, "x", here()+2)
	b.ready()
	s.mu.Lock()
	runtime.KeepAlive(x)
}

func readLocking(b blocked) {
	x := newThing()
	b.isThing("waiting to read", x, "x", here()+2)
	b.ready()
	s.rw.RLock()
	runtime.KeepAlive(x)
}

func waitingForGroup(b blocked) {
	x := newThing()
	b.isThing("waiting for a WaitGroup", x, "x", here()+2)
	b.ready()
	s.group.Wait()
	runtime.KeepAlive(x)
}

func waitingForCond(b blocked) {
	x := newThing()
	var mu sync.Mutex
	cond := sync.NewCond(&mu)
	mu.Lock()
	b.isThing("waiting for a Cond", x, "x", here()+2)
	b.ready()
	cond.Wait()
	runtime.KeepAlive(x)
}

func sending(b blocked) {
	x := newThing()
	b.isThing("waiting to send", x, "x", here()+2)
	b.ready()
	c.sends <- x
	runtime.KeepAlive(x)
}

func receiving(b blocked) {
	x := newThing()
	b.isThing("waiting to receive", x, "x", here()+2)
	b.ready()
	<-c.receives
	runtime.KeepAlive(x)
}

func ticking(b blocked) {
	ticker := time.NewTicker(1000 * time.Hour)
	x := newThing()
	b.isThing("waiting for a ticker", x, "x", here()+2)
	b.ready()
	<-ticker.C
	runtime.KeepAlive(x)
	ticker.Stop()
}

func recursing(b blocked) { recurse(&b, 3, newThing()) }

// recurse waits at the bottom of itself; each call has a variable of its own.
//
//go:noinline
func recurse(b *blocked, depth int, mine *thing) {
	b.fn = "main.recurse"
	b.call = ""
	if depth > 1 {
		b.call = fmt.Sprintf(" #%d", depth)
	}
	if depth > 0 {
		b.isThing(fmt.Sprint("variable of a recursive function, ", depth), mine, "mine", here()+1)
		recurse(b, depth-1, newThing())
	} else {
		b.isThing("variable of a recursive function, 0", mine, "mine", here()+2)
		b.ready()
		<-b.forever
	}
	runtime.KeepAlive(mine)
}
