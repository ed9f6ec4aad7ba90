package main

import (
	"runtime"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// array is one line of output: slices lead to the array at Addr, and the one that
// reaches farthest ends behind Count elements.
type array struct {
	Case  string `json:"case"`
	Name  string `json:"name"`
	Addr  string `json:"addr"`
	Count int    `json:"count"`
	Inner bool   `json:"inner"` // none of them begins with it: its type may be unknown
}

type (
	odd  [65]byte
	pair struct {
		P *int
		N int
	}
	triple struct {
		S string
		N int
	}
)

// arrays hold slices made with a number of elements that is no size of slots.
var arrays struct {
	Bytes   []byte
	Shorts  []int16
	Words   []int
	Odds    []odd
	Ptrs    []*int
	Pairs   []pair
	Triples []triple

	Nested  [][]odd
	ByName  map[string][]odd
	ByKey   map[[2]int][]pair
	Boxed   interface{}
	Chan    chan []odd
	Behind  []pair // without the first ones
	Between []pair // neither the first nor the last
	Limited []pair // with a smaller capacity
	Grown   []odd
	Array   [3][]odd
	Ptr     *[]odd
}

func tell[T any](name string, first *T, count int) {
	ready.Say(array{"array", name, ready.Hex(uintptr(unsafe.Pointer(first))), count, inner[name]})
}

var inner = map[string]bool{"behind": true, "between": true, "limited": true}

//go:noinline
func made[T any](name string, n int) []T {
	s := make([]T, n)
	tell(name, &s[0], n)
	return s
}

func sized() {
	a := &arrays
	a.Bytes, a.Shorts, a.Words, a.Odds = made[byte]("bytes", 500), made[int16]("shorts", 500), made[int]("words", 500), made[odd]("odds", 500)
	a.Ptrs, a.Pairs, a.Triples = made[*int]("pointers", 500), made[pair]("pairs", 500), made[triple]("triples", 500)
	a.Nested = [][]odd{nil, made[odd]("in an element", 500)}
	a.ByName = map[string][]odd{"k": made[odd]("in a map", 500)}
	a.ByKey = map[[2]int][]pair{}
	for i := 0; i < 20; i++ {
		a.ByKey[[2]int{i, i}] = made[pair]("in a larger map", 490+i)
	}
	a.Boxed = made[odd]("in an interface", 500)
	a.Chan = make(chan []odd, 3)
	a.Chan <- made[odd]("in a channel", 500)
	a.Behind, a.Between = made[pair]("behind", 500)[100:], made[pair]("between", 500)[100:200]
	limited := make([]pair, 500)
	tell("limited", &limited[0], 300)
	a.Limited = limited[:200:300]
	a.Grown = append(append([]odd(nil), make([]odd, 301)...), odd{})
	tell("grown", &a.Grown[0], cap(a.Grown))
	a.Array[1] = made[odd]("in an array", 490)
	s := made[odd]("behind a pointer", 490)
	a.Ptr = &s
	wait := make(chan bool)
	go onStack(wait)
	<-wait
}

//go:noinline
func onStack(wait chan bool) {
	local := made[odd]("on a stack", 500)
	wait <- true
	<-forever
	runtime.KeepAlive(&local[0])
	use(local)
}

var forever = make(chan bool)

//go:noinline
func use(s []odd) { arrays.Grown = s }
