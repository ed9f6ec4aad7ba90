// Package recent keeps what was found out last for those who go on from there: along a
// list, and to what hangs on its items.
package recent

import (
	"slices"
	"sync"

	"goheap/heap"
)

// most are kept; the one that was not used for the longest is forgotten.
const most = 4

// Chains keeps what is known of chains of nodes. Goroutines may share it; the zero Chains
// is ready.
type Chains[T any] struct {
	mu   sync.Mutex
	list []chain[T] // the one that was used last first
}

type chain[T any] struct {
	nodes []heap.Node
	v     T
}

// Longest returns what is known of the longest beginning of a chain of which anything is,
// and how many nodes that has, 0 for none.
func (x *Chains[T]) Longest(nodes []heap.Node) (v T, n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	at := 0
	for i := range x.list {
		c := x.list[i].nodes
		if len(c) > n && len(c) <= len(nodes) && c[len(c)-1] == nodes[len(c)-1] && slices.Equal(c, nodes[:len(c)]) {
			at, n = i, len(c)
		}
	}
	if n > 0 {
		front(x.list, at)
		v = x.list[0].v
	}
	return v, n
}

// Add keeps what is known of a chain.
func (x *Chains[T]) Add(nodes []heap.Node, v T) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.list = add(x.list, chain[T]{slices.Clone(nodes), v})
}

// Repeats keeps where so many repetitions led, by what is repeated. Goroutines may share
// it; the zero Repeats is ready.
type Repeats[T any] struct {
	mu   sync.Mutex
	list []repetition[T]
}

type repetition[T any] struct {
	what  string
	times int
	v     T
}

// Most returns where the highest number of repetitions up to times led, and that number,
// 0 for none.
func (x *Repeats[T]) Most(what string, times int) (v T, n int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	at := 0
	for i := range x.list {
		if r := &x.list[i]; r.times > n && r.times <= times && r.what == what {
			at, n = i, r.times
		}
	}
	if n > 0 {
		front(x.list, at)
		v = x.list[0].v
	}
	return v, n
}

// Add keeps where so many repetitions led.
func (x *Repeats[T]) Add(what string, times int, v T) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.list = add(x.list, repetition[T]{what, times, v})
}

// front moves an item to the front.
func front[T any](list []T, i int) {
	v := list[i]
	copy(list[1:i+1], list[:i])
	list[0] = v
}

// add puts an item in front of a list, for the last one where that is full.
func add[T any](list []T, v T) []T {
	if len(list) < most {
		list = append(list, v)
	} else {
		list[len(list)-1] = v
	}
	front(list, len(list)-1)
	return list
}
