// Lockfirst has goroutines that wait for a lock before they use what they were given: their
// first parameter is copied to another register before it is stored, and DWARF does not
// follow it there.
package main

import (
	"sync"
	"time"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// Case is a line of what the program says: the type of an object, or why only words that
// lead to it say what it is, and these say too little.
type Case struct {
	Case string `json:"case"` // "lockfirst"
	Addr string `json:"addr"`
	Type string `json:"type"`
	Why  string `json:"why,omitempty"`
}

type req struct {
	id   int
	body []byte
	hdr  map[string]string
}

// ask and answer are alike.
type ask struct {
	text *string
	n    int
}

type answer struct {
	text *string
	n    int
}

type api struct {
	mu    sync.Mutex
	seen  map[int]int
	asked map[*ask]*answer
}

//go:noinline
func handle(r *req, a *api) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.seen[r.id] = len(r.body) + len(r.hdr)
}

// either has one of two pointers when it waits, and the other one is dead.
//
//go:noinline
func either(q *ask, a *api, first *answer) {
	if first.n > 1 {
		q.n++
	}
	a.mu.Lock()
	a.asked[q] = nil
	a.mu.Unlock()
}

//go:noinline
func newReq(i int) *req {
	r := &req{id: i, body: make([]byte, 100), hdr: map[string]string{"x": "y"}}
	ready.Say(Case{"lockfirst", ready.Hex(uintptr(unsafe.Pointer(r))), "main.req", ""})
	return r
}

//go:noinline
func newAsk(i int) *ask {
	q := &ask{text: new(string), n: i}
	ready.Say(Case{"lockfirst", ready.Hex(uintptr(unsafe.Pointer(q))), "main.ask", "main.answer is alike"})
	return q
}

func main() {
	a := &api{seen: map[int]int{}, asked: map[*ask]*answer{}}
	a.mu.Lock()
	for i := 0; i < 50; i++ {
		go handle(newReq(i), a)
	}
	go either(newAsk(0), a, &answer{n: 1})
	time.Sleep(200 * time.Millisecond)
	ready.Wait()
	a.mu.Unlock()
}
