// Given has goroutines that wait with values in hand that only their functions' names,
// signatures and code tell the types of: what methods were given, what constructors gave
// back, what closures captured. Among them are those that look as if they were of a type
// and are of another: what is in an interface, and what begins with a value of that type.
package main

import (
	"time"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// Three of one shape.
type (
	Apple struct {
		next *Apple
		text [1000]byte
	}
	Pear struct {
		next *Pear
		text [1000]byte
	}
	Plum struct {
		next *Plum
		text [1000]byte
	}
)

// Crate begins with an Apple, and has its shape.
type Crate struct {
	Apple
}

// Basket begins with an Apple too.
type Basket struct {
	Apple
	more *Pear
}

// Shop gets at an Apple by a pointer.
type Shop struct {
	*Apple
	name string
}

type View struct {
	pear  *Pear
	plums []*Plum
}

// Row is of a table that nothing uses: the linker leaves out the variable, and the literal
// that it would lead to keeps what the package's initialisation has put there.
type Row struct {
	Name  string
	First *Apple
	Pears map[string]*Pear
}

var first = newApple(0)

var Orchard = []Row{{"north", first, map[string]*Pear{"old": {}, "young": {next: new(Pear)}}}, {"south", first, map[string]*Pear{"old": {}}}}

type eater interface{ eat(int) int }

var (
	never = make(chan int)
	sum   int
)

//go:noinline
func block() { sum += <-never }

//go:noinline
func (a *Apple) eat(n int) int { block(); return len(a.text) + n + int(a.text[n]) }

//go:noinline
func (p *Pear) eat(n int) int { block(); return int(p.text[n]) }

//go:noinline
func (p *Plum) eat(n int) int { block(); return int(p.text[n]) }

//go:noinline
func (a *Apple) look() int { return len(a.text) + sum }

//go:noinline
func (p *Pear) look() int { return len(p.text) + sum }

//go:noinline
func (v View) eat(n int) int { block(); return int(v.pear.text[n]) + len(v.plums) }

//go:noinline
func newApple(n int) *Apple {
	if n > 1000 {
		return nil
	}
	return &Apple{next: &Apple{}}
}

//go:noinline
func newEater(n int) eater {
	switch n {
	case 0:
		return &Apple{}
	case 1:
		return &Pear{}
	}
	return &Plum{}
}

//go:noinline
func again(n int) *Apple { return newApple(n + sum) }

// asked finds out what x is, and does something with it where it is an Apple or a Pear.
//
//go:noinline
func asked(x any) int {
	block()
	switch v := x.(type) {
	case *Apple:
		return v.look()
	case *Pear:
		return v.look()
	}
	keep(x)
	return 0
}

//go:noinline
func askedOne(e eater) int {
	block()
	if a, ok := e.(*Apple); ok {
		return a.look()
	}
	keep(e)
	return 0
}

//go:noinline
func askedResult(n int) int {
	e := newEater(n)
	block()
	if a, ok := e.(*Apple); ok {
		return a.look()
	}
	keep(e)
	return 0
}

//go:noinline
func askedElement(list []any) int {
	x := list[0]
	block()
	if a, ok := x.(*Apple); ok {
		return a.look()
	}
	keep(x)
	return 0
}

//go:noinline
func keep(x any) {
	if x == nil {
		block()
	}
}

//go:noinline
func made(n int) int {
	a, b := newApple(n), again(n)
	m := map[string]*Plum{"plum": {}}
	c := make(chan *Pear, 3)
	c <- &Pear{}
	block()
	keep(m)
	return a.look() + b.look() + len(m) + len(c)
}

// handler is called through an interface: its signature is in its descriptor.
type handler interface {
	handle(name string, body []byte, fruit *Plum, by map[int]*Pear, done chan<- *Apple, then func() int, err error) int
}

type server struct{ calls []*Pear }

//go:noinline
func (s *server) handle(name string, body []byte, fruit *Plum, by map[int]*Pear, done chan<- *Apple, then func() int, err error) int {
	block()
	return len(name) + len(body) + int(fruit.text[0]) + len(by) + len(done) + then() + len(err.Error()) + len(s.calls)
}

type failure struct{ of *Pear }

func (f *failure) Error() string { return string(f.of.text[:]) }

//go:noinline
func both(a *Apple, p *Pear, n int) int {
	block()
	return a.look() + p.look() + n
}

//go:noinline
func text(n int) string { return string(make([]byte, n)) }

func main() {
	n := sum
	starts := []func(){
		func() { asked(&Apple{}) }, func() { asked(&Pear{}) }, func() { asked(&Plum{}) },
		func() { askedOne(&Apple{}) }, func() { askedOne(&Pear{}) }, func() { askedOne(&Plum{}) },
		func() { askedResult(n) }, func() { askedResult(n + 1) }, func() { askedResult(n + 2) },
		func() { askedElement([]any{&Apple{}}) }, func() { askedElement([]any{&Plum{}}) },
		func() { made(n) },
		func() { (&Basket{more: &Pear{}}).eat(n) },
		func() { (&Crate{}).eat(n) },
		func() { eater(&Basket{more: &Pear{}}).eat(n) },
		func() { eater(&Shop{&Apple{}, text(n + 100)}).eat(n) },
		func() { eater(View{&Pear{}, []*Plum{{}, {}}}).eat(n) },
		func() {
			f := &failure{&Pear{}}
			handler(&server{[]*Pear{{}}}).handle(text(n+200), make([]byte, n+5000), &Plum{}, map[int]*Pear{1: {}}, make(chan *Apple, 3), func() int { return int(f.of.text[0]) }, f)
		},
	}
	for _, f := range starts {
		go f()
	}
	go both(&Apple{}, &Pear{}, n)
	go newApple(n).eat(n)
	keep(unsafe.Pointer(&n))
	time.Sleep(100 * time.Millisecond)
	ready.Wait()
}
