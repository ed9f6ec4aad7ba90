// Portable builds for every system, and writes a heap dump of itself to the file that its
// argument names: objects that variables, maps, channels, goroutines and closures hold.
// It prints, as JSON, the address, type and path of each.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
	"unsafe"
)

type user struct {
	name  string
	email *string
	next  *user
}

type session struct {
	id    int
	owner *user
	data  []byte
}

type named interface{ title() string }

func (u *user) title() string { return u.name }

type tree[T any] struct {
	left, right *tree[T]
	value       T
}

var (
	first    = &user{name: "first"}
	sessions = map[string]*session{}
	shown    named
	queue    = make(chan *session, 4)
	numbers  = []int{1, 2, 3}
	root     *tree[string]
	kept     func() *session
	limit    = 7
	guard    sync.Mutex
	pool     struct {
		mu   sync.Mutex
		free []*user
	}
)

//go:noinline
func wait(s *session, ready *sync.WaitGroup) {
	ready.Done()
	guard.Lock() // for ever: main has it
	runtime.KeepAlive(s)
}

func say(path, typ string, p unsafe.Pointer) {
	fmt.Printf("{\"case\":\"object\",\"path\":%q,\"type\":%q,\"addr\":\"%#x\"}\n", path, typ, uintptr(p))
}

func main() {
	mail := "u@example.com"
	first.email = &mail
	first.next = &user{name: "second"}
	for i := 0; i < 100; i++ {
		sessions[fmt.Sprint("s", i)] = &session{id: i, owner: first, data: make([]byte, 100+i)}
	}
	shown = &user{name: "shown"}
	queue <- &session{id: -1}
	root = &tree[string]{left: &tree[string]{value: "left"}, value: "root"}
	captured := &session{id: -2}
	kept = func() *session { return captured }
	pool.free = append(pool.free, &user{name: "free"})
	guard.Lock()
	local := &session{id: -3}
	var ready sync.WaitGroup
	ready.Add(1)
	go wait(local, &ready)
	ready.Wait()
	time.Sleep(50 * time.Millisecond)

	say("main.first", "main.user", unsafe.Pointer(first))
	say("main.first.next", "main.user", unsafe.Pointer(first.next))
	say("main.sessions[\"s7\"]", "main.session", unsafe.Pointer(sessions["s7"]))
	say("main.shown.(*main.user)", "main.user", unsafe.Pointer(shown.(*user)))
	say("main.numbers", "[]int", unsafe.Pointer(&numbers[0]))
	say("main.root", "main.tree[string]", unsafe.Pointer(root))
	say("main.root.left", "main.tree[string]", unsafe.Pointer(root.left))
	say("main.pool.free[0]", "main.user", unsafe.Pointer(pool.free[0]))
	say("", "main.session", unsafe.Pointer(captured))
	say("", "main.session", unsafe.Pointer(local))

	f, err := os.Create(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	runtime.GC()
	debug.WriteHeapDump(f.Fd())
	if err := f.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	runtime.KeepAlive(local)
	fmt.Println("ready", limit)
}
