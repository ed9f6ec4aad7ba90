package main

import (
	"container/heap"
	"container/list"
	"container/ring"
	"fmt"
	"sync"
	"unsafe"
)

type item struct {
	ID   int
	Name string
}

type queue []int

func (q queue) Len() int            { return len(q) }
func (q queue) Less(i, j int) bool  { return q[i] < q[j] }
func (q queue) Swap(i, j int)       { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x interface{}) { *q = append(*q, x.(int)) }
func (q *queue) Pop() (x interface{}) {
	x, *q = (*q)[len(*q)-1], (*q)[:len(*q)-1]
	return x
}

type held struct {
	NoMap, OneMap, Deleted, Few sync.Map
	PMap                        *sync.Map
	Many                        *sync.Map
	BoxMap                      interface{}
	Items                       sync.Map

	NoList, Empty, Three, Front list.List
	PList                       *list.List
	BoxList                     interface{}
	Long                        *list.List
	Element                     *list.Element
	Looped                      list.List

	NoRing ring.Ring
	PRing  *ring.Ring
	NilR   *ring.Ring
	Large  *ring.Ring

	Heap *queue

	NoPool, Pool sync.Pool
	PPool        *sync.Pool
}

func containers() {
	h := &all.Held
	at := func(path ...string) []string { return append([]string{"Held"}, path...) }
	say("len 0", at("NoMap")...).Count = 0
	h.OneMap.Store("key", 7)
	w := say(`len 1 {"key": (int) 7}`, at("OneMap")...)
	w.Children, w.Count = []string{`["key"]`}, 1
	say("(int) 7", at("OneMap", `["key"]`)...)
	for i := 0; i < 50; i++ {
		h.Deleted.Store(i, i)
		h.Deleted.Load(i)
	}
	for i := 1; i < 50; i++ {
		h.Deleted.Delete(i)
	}
	say("len 1 {0: (int) 0}", at("Deleted")...).Count = 1
	for i := 0; i < 5; i++ {
		h.Few.Store(i, fmt.Sprint("few ", i))
		// Loads that miss make the maps until Go 1.23 change places.
		for k := 0; k < 3*i; k++ {
			h.Few.Load(-1)
		}
	}
	starts("len 5 {", at("Few")...).Count = 5
	for i := 0; i < 5; i++ {
		say(fmt.Sprintf("(string) %q", fmt.Sprint("few ", i)), at("Few", fmt.Sprintf("[%d]", i))...)
	}
	h.PMap, h.BoxMap = &sync.Map{}, &sync.Map{}
	h.PMap.Store(item{1, "one"}, &item{2, "two"})
	starts(hex(unsafe.Pointer(h.PMap))+" → len 1 {", at("PMap")...).Count = 1
	say("2", at("PMap", "", "value", "ID")...)
	say(`"one"`, at("PMap", "", "key", "Name")...)
	h.BoxMap.(*sync.Map).Store("boxed", nil)
	say(fmt.Sprintf(`(*sync.Map) %p → len 1 {"boxed": nil}`, h.BoxMap), at("BoxMap")...).Children = []string{`["boxed"]`}
	h.Many = &sync.Map{}
	for i := 0; i < 3000; i++ {
		h.Many.Store(i, i*i)
	}
	starts(hex(unsafe.Pointer(h.Many))+" → len 3000 {", at("Many")...).Count = 3000
	say("(int) 4000000", at("Many", "[2000]")...)

	say("len 0", at("NoList")...).Count = 0
	h.Empty.PushBack(1)
	h.Empty.Remove(h.Empty.Front())
	say("len 0", at("Empty")...).Count = 0
	h.Three.PushBack(2)
	h.Three.PushBack("three")
	h.Three.PushFront(item{1, "one"})
	w = say(`len 3 {(main.item) {ID: 1, Name: "one"}, (int) 2, (string) "three"}`, at("Three")...)
	w.Children, w.Count = []string{"[0]", "[1]", "[2]"}, 3
	say(`(string) "three"`, at("Three", "[2]")...)
	say("1", at("Three", "[0]", "ID")...)
	h.PList, h.BoxList = list.New(), list.New()
	h.PList.PushBack(&item{5, "five"})
	starts(hex(unsafe.Pointer(h.PList))+" → len 1 {(*main.item) 0x", at("PList")...).Children = []string{"[0]"}
	say(`"five"`, at("PList", "[0]", "Name")...)
	h.BoxList.(*list.List).PushBack(9)
	say(fmt.Sprintf("(*container/list.List) %p → len 1 {(int) 9}", h.BoxList), at("BoxList")...)
	h.Long = list.New()
	for i := 0; i < 2500; i++ {
		h.Long.PushBack(i)
	}
	starts(hex(unsafe.Pointer(h.Long))+" → len 2500 {(int) 0, (int) 1, ", at("Long")...).Count = 2500
	say("(int) 2499", at("Long", "[2499]")...)
	h.Element = h.Long.Front()
	say("(int) 0", at("Element", "Value")...)
	// A list that was broken is followed as far as its links lead back.
	for i := 0; i < 4; i++ {
		h.Looped.PushBack(i)
	}
	type element struct {
		next, prev *element
		list       *list.List
		value      interface{}
	}
	third := (*element)(unsafe.Pointer(h.Looped.Front().Next().Next()))
	third.next = (*element)(unsafe.Pointer(h.Looped.Front()))
	say("len 4 {(int) 0, (int) 1, (int) 2}", at("Looped")...).Children = []string{"[0]", "[1]", "[2]"}

	say("len 1 {nil}", at("NoRing")...)
	h.PRing = ring.New(3)
	for i := 0; i < 3; i++ {
		h.PRing.Value = 10 * i
		h.PRing = h.PRing.Next()
	}
	w = say(hex(unsafe.Pointer(h.PRing))+" → len 3 {(int) 0, (int) 10, (int) 20}", at("PRing")...)
	w.Children, w.Count = []string{"[0]", "[1]", "[2]"}, 3
	say("(int) 20", at("PRing", "[2]")...)
	say("nil", at("NilR")...).Count = 0

	h.Large = ring.New(12_000)
	for i := 0; i < 12_000; i++ {
		h.Large.Value = i
		h.Large = h.Large.Next()
	}
	starts(hex(unsafe.Pointer(h.Large))+" → len 10000 or more {(int) 0, (int) 1, ", at("Large")...)
	say("(int) 11999", at("Large", "[11999]")...)

	h.Heap = &queue{}
	for _, n := range []int{5, 3, 8} {
		heap.Push(h.Heap, n)
	}
	say("3", at("Heap", "*", "[0]")...)

	say("len 0", at("NoPool")...).Count = 0
	// What a pool keeps falls to its victims, and then away, when it is collected:
	// two collections are between this and the dump.
	h.PPool = &sync.Pool{New: func() interface{} { return new(item) }}
	h.PPool.Put(&item{1, "pooled"})
	starts(hex(unsafe.Pointer(h.PPool))+" → len ", at("PPool")...)
}
