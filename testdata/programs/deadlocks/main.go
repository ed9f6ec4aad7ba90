// Deadlocks has goroutines that wait for each other in circles, goroutines that nobody is
// left to wake, and goroutines that wait as goroutines do. It says of each circle who is in
// it, at which lines they wait and for what, and where the locks were taken.
package main

import (
	"bytes"
	"path"
	"runtime"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"goheap/testdata/programs/internal/ready"
)

// Shape is one case. What it has of locks are their addresses, which hold nothing.
type Shape struct {
	Case    string   `json:"case"` // "shape"
	Name    string   `json:"name"`
	Verdict string   `json:"verdict"` // "deadlock", "blocked" or "fine"
	Proven  bool     `json:"proven"`  // nothing but its goroutines leads to what they wait for
	Members []Member `json:"members"` // of the circle
	Behind  []uint64 `json:"behind,omitempty"`
	Others  []uint64 `json:"others,omitempty"` // goroutines in no circle
}

// Member is a goroutine of a circle.
type Member struct {
	ID    uint64 `json:"id"`
	At    string `json:"at"`    // the line at which it waits
	Place string `json:"place"` // for what
	Lock  string `json:"lock"`  // that it has, "" for none
	Took  string `json:"took"`  // the line that has taken it
}

var (
	mu     sync.Mutex // guards shapes
	shapes []*Shape
)

func shape(name, verdict string, proven bool) int {
	mu.Lock()
	defer mu.Unlock()
	shapes = append(shapes, &Shape{Case: "shape", Name: name, Verdict: verdict, Proven: proven})
	return len(shapes) - 1
}

func goid() uint64 {
	b := make([]byte, 64)
	b = bytes.TrimPrefix(b[:runtime.Stack(b, false)], []byte("goroutine "))
	id, _ := strconv.ParseUint(string(b[:bytes.IndexByte(b, ' ')]), 10, 64)
	return id
}

// waits says that its caller waits at the next line, at the thing at an address, and has a
// lock, 0 for none, that it took "by" lines before this one.
//
//go:noinline
func waits(s int, at, lock uintptr, by int) {
	_, file, line, _ := runtime.Caller(1)
	place := func(n int) string { return path.Base(file) + ":" + strconv.Itoa(n) }
	m := Member{ID: goid(), At: place(line + 1), Place: ready.Hex(at)}
	if lock != 0 {
		m.Lock, m.Took = ready.Hex(lock), place(line-by)
	}
	mu.Lock()
	shapes[s].Members = append(shapes[s].Members, m)
	mu.Unlock()
}

//go:noinline
func behind(s int) {
	mu.Lock()
	shapes[s].Behind = append(shapes[s].Behind, goid())
	mu.Unlock()
}

//go:noinline
func other(s int) {
	mu.Lock()
	shapes[s].Others = append(shapes[s].Others, goid())
	mu.Unlock()
}

func of(p *sync.Mutex) uintptr          { return uintptr(unsafe.Pointer(p)) }
func ofRW(p *sync.RWMutex) uintptr      { return uintptr(unsafe.Pointer(p)) }
func ofGroup(p *sync.WaitGroup) uintptr { return uintptr(unsafe.Pointer(p)) }
func ofOnce(p *sync.Once) uintptr       { return uintptr(unsafe.Pointer(p)) }
func ofCond(p *sync.Cond) uintptr       { return uintptr(unsafe.Pointer(p)) }
func ofChan(c chan int) uintptr         { return *(*uintptr)(unsafe.Pointer(&c)) }

// newMutex makes a lock that shares its object with none: one alone is so small that the
// allocator puts several into one object.
func newMutex() *sync.Mutex { return &(&account{}).mu }

// step is long enough for others to come to where they wait, on a machine that has much to do.
const step = 200 * time.Millisecond

// pause lets others come to where they wait.
func pause() { time.Sleep(step) }

func forever() { time.Sleep(1000 * time.Hour) }

func main() {
	deadlocked()
	tangled()
	blocked()
	fine()
	time.Sleep(10 * step)
	runtime.GC()
	mu.Lock()
	for _, s := range shapes {
		ready.Say(s)
	}
	ready.Wait()
}
