// Dictionaries runs generic code that several instantiations share: pointers to types of
// one layout, strings and named strings. What is kept by it hangs on nothing else: on
// arguments of frames, on what closures captured, on receivers. For each object it prints
// the address and the only type that it may be said to have.
package main

import (
	"runtime"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// Object is one line.
type Object struct {
	Case string `json:"case"` // "object"
	Held string `json:"held"` // by what
	Addr string `json:"addr"`
	Type string `json:"type"`
}

// Nothing but the type tells one from another.
type (
	alpha struct {
		id   int
		next *alpha
		note [3]int
	}
	beta struct {
		id   int
		next *beta
		note [3]int
	}
	gamma struct {
		id   int
		next *gamma
		note [3]int
	}
	label string
)

func newAlpha() *alpha { return &alpha{next: &alpha{id: 1}} }
func newBeta() *beta   { return &beta{next: &beta{id: 1}} }
func newGamma() *gamma { return &gamma{next: &gamma{id: 1}} }

var (
	said  []Object
	funcs []any // func values, whose types say nothing of what they captured
	wait  = make(chan int)
	taken = make(chan int)
)

// say notes an object by a pointer to it. It keeps nothing alive.
func say[T any](held, typ string, p *T) {
	said = append(said, Object{"object", held, ready.Hex(uintptr(unsafe.Pointer(p))), typ})
}

//go:noinline
func use[T any](v T) { runtime.KeepAlive(v) }

//go:noinline
func block() {
	taken <- 1
	<-wait
}

// worker keeps its argument while it waits.
//
//go:noinline
func worker[T any](v T) {
	block()
	use(v)
}

// outer keeps its argument in a frame of another generic function.
//
//go:noinline
func outer[K ~string, V any](k K, v V) {
	inner(v, k)
	use(k)
}

//go:noinline
func inner[V any, K ~string](v V, k K) {
	block()
	use(v)
	use(k)
}

// queue is held by its goroutine alone.
type queue[T any] struct {
	head  *node[T]
	count int
}

type node[T any] struct {
	v    T
	next *node[T]
}

func (q *queue[T]) push(v T) *node[T] {
	q.head = &node[T]{v, q.head}
	q.count++
	return q.head
}

//go:noinline
func (q *queue[T]) run() {
	block()
	use(q.head)
}

// first is what method values are made of.
func (q *queue[T]) first() T { return q.head.v }

// runner is an interface that queues implement.
type runner interface{ run() }

//go:noinline
func start(r runner) {
	r.run()
}

// capture returns a closure that keeps v.
//
//go:noinline
func capture[T any](v T) func() T {
	return func() T { return v }
}

// counting returns a closure that keeps a variable of its own, which it writes to.
//
//go:noinline
func counting[T any](v, w T) func(bool) T {
	return func(swap bool) T {
		if swap {
			v, w = w, v
		}
		return v
	}
}

// cache keeps values by key.
type cache[K ~string, V any] struct {
	m    map[K]V
	last V
}

//go:noinline
func (c *cache[K, V]) watch(k K, v V) {
	c.last = v
	go func() {
		block()
		use(c)
		use(v)
		use(k)
	}()
}

// tree is ordered by a closure.
type tree[T any] struct {
	left, right *tree[T]
	v           T
}

func (t *tree[T]) insert(v T, less func(a, b T) bool) *tree[T] {
	if t == nil {
		return &tree[T]{v: v}
	}
	if less(v, t.v) {
		t.left = t.left.insert(v, less)
	} else {
		t.right = t.right.insert(v, less)
	}
	return t
}

// walk keeps the tree in the frames of a method that calls itself.
//
//go:noinline
func (t *tree[T]) walk(depth int) {
	if depth > 0 {
		t.walk(depth - 1)
	} else {
		block()
	}
	use(t)
}

//go:noinline
func goroutines() {
	a, b, g := newAlpha(), newBeta(), newGamma()
	say("argument", "main.alpha", a)
	say("argument", "main.alpha", a.next)
	say("argument", "main.beta", b)
	say("argument", "main.beta", b.next)
	say("argument", "main.gamma", g.next)
	go worker(a)
	<-taken
	go worker(b)
	<-taken
	go func() { worker(g) }()
	<-taken
}

//go:noinline
func nested() {
	a, b := newAlpha(), newBeta()
	say("argument of another", "main.alpha", a)
	say("argument of another", "main.alpha", a.next)
	say("argument of another", "main.beta", b)
	say("argument of another", "main.beta", b.next)
	go outer("k", a)
	<-taken
	go outer(label("k"), b)
	<-taken
}

//go:noinline
func receivers() {
	a, b, g := &queue[*alpha]{}, &queue[*beta]{}, &queue[*gamma]{}
	say("receiver", "main.node[*main.alpha]", a.push(newAlpha()))
	say("receiver", "main.node[*main.beta]", b.push(newBeta()))
	say("receiver", "main.alpha", a.head.v)
	say("receiver", "main.alpha", a.head.v.next)
	say("receiver", "main.beta", b.head.v)
	say("receiver", "main.beta", b.head.v.next)
	g.push(newGamma())
	say("receiver behind an interface", "main.gamma", g.head.v)
	say("receiver behind an interface", "main.gamma", g.head.v.next)
	go a.run()
	<-taken
	go b.run()
	<-taken
	go start(g)
	<-taken
}

//go:noinline
func closures() {
	a, b, g := newAlpha(), newBeta(), newGamma()
	say("captured", "main.alpha", a)
	say("captured", "main.alpha", a.next)
	say("captured", "main.beta", b)
	say("captured", "main.beta", b.next)
	say("captured", "main.gamma", g)
	funcs = append(funcs, capture(a), capture(b), capture(g))
	a, b = newAlpha(), newBeta()
	say("captured variable", "main.alpha", a)
	say("captured variable", "main.beta", b)
	funcs = append(funcs, counting(a, newAlpha()), counting(b, newBeta()))
	q, r := &queue[*alpha]{}, &queue[*beta]{}
	say("method value", "main.node[*main.alpha]", q.push(newAlpha()))
	say("method value", "main.node[*main.beta]", r.push(newBeta()))
	say("method value", "main.alpha", q.head.v)
	say("method value", "main.beta", r.head.v)
	funcs = append(funcs, q.first, r.first)
}

//go:noinline
func caches() {
	a, b := newAlpha(), newBeta()
	say("goroutine of a method", "main.alpha", a)
	say("goroutine of a method", "main.alpha", a.next)
	say("goroutine of a method", "main.beta", b)
	say("goroutine of a method", "main.beta", b.next)
	c, d := &cache[string, *alpha]{m: map[string]*alpha{"x": newAlpha()}}, &cache[label, *beta]{m: map[label]*beta{"x": newBeta()}}
	say("goroutine of a method", "main.cache[string,*main.alpha]", c)
	say("goroutine of a method", "main.cache[main.label,*main.beta]", d)
	say("goroutine of a method", "main.alpha", c.m["x"])
	say("goroutine of a method", "main.beta", d.m["x"])
	c.watch("k", a)
	<-taken
	d.watch("k", b)
	<-taken
}

//go:noinline
func trees() {
	var s *tree[*alpha]
	var u *tree[*beta]
	for i := range [3]int{} {
		a, b := newAlpha(), newBeta()
		a.id, b.id = i*7%3, i*7%3
		say("tree", "main.alpha", a)
		say("tree", "main.beta", b)
		s = s.insert(a, func(a, b *alpha) bool { return a.id < b.id })
		u = u.insert(b, func(a, b *beta) bool { return a.id < b.id })
	}
	say("tree", "main.tree[*main.alpha]", s)
	say("tree", "main.tree[*main.beta]", u)
	go s.walk(2)
	<-taken
	go u.walk(2)
	<-taken
}

func main() {
	goroutines()
	nested()
	receivers()
	closures()
	caches()
	trees()
	once()
	for _, o := range said {
		ready.Say(o)
	}
	said = nil
	ready.Wait()
	close(wait)
	runtime.KeepAlive(funcs)
}
