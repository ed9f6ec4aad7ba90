// Interfaces has values in interfaces, and says which of them stand in the interface
// itself and not behind its address.
package main

import (
	"reflect"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

type (
	pointer struct{ P *int }
	padded  struct {
		E struct{}
		P *int
	}
	trailing struct {
		P *int
		E [0]int
	}
	nested struct{ A [1]pointer }
	word   struct{ U uintptr }
	number uintptr
	two    struct{ P, Q *int }
	mapped struct{ M map[string]int }
)

// Case is what an element of the variable held is.
type Case struct {
	Case   string `json:"case"`
	Type   string `json:"type"`
	Addr   string `json:"addr"`   // of the interface
	Word   string `json:"word"`   // the first word of the value
	Direct bool   `json:"direct"` // it is the interface's second word
}

var (
	target int
	held   = make([]interface{}, 0, 32)
)

func hold(v interface{}) {
	held = append(held, v)
	at := &held[len(held)-1]
	value := reflect.New(reflect.TypeOf(v))
	value.Elem().Set(reflect.ValueOf(v))
	first := *(*uintptr)(unsafe.Pointer(value.Pointer()))
	second := (*[2]uintptr)(unsafe.Pointer(at))[1]
	ready.Say(Case{"interface", reflect.TypeOf(v).String(), ready.Hex(uintptr(unsafe.Pointer(at))), ready.Hex(first), second == first})
}

func main() {
	p := &target
	hold(p)
	hold(unsafe.Pointer(p))
	hold(map[string]int{"a": 1})
	hold(make(chan int, 1))
	hold(func() int { return *p })
	hold(pointer{p})
	hold(padded{P: p})
	hold(trailing{P: p})
	hold([1]*int{p})
	hold(nested{[1]pointer{{p}}})
	hold(mapped{map[string]int{}})
	hold(word{1 << 20})
	hold(number(1 << 20))
	hold(two{p, p})
	hold([2]*int{p, p})
	hold("text")
	hold(reflect.New(reflect.ArrayOf(1, reflect.TypeOf(&held))).Elem().Interface()) // made by reflect; nil
	holdIncomplete()
	ready.Wait()
}
