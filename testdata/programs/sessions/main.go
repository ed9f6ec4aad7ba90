// Sessions is the reference load that goheap's speed and memory are measured
// on: a cache of N sessions as a web application would hold it.
//
//	sessions N
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"

	"goheap/testdata/programs/internal/ready"
)

type User struct {
	Name, Email string
	Tags        []string
	Mgr         *User
}

type Session struct {
	ID    string
	User  *User
	Data  []byte
	Attrs map[string]any
	next  *Session
}

type Cache struct {
	mu    sync.Mutex
	byID  map[string]*Session
	order []*Session
}

var (
	cache    = &Cache{byID: map[string]*Session{}}
	listHead *Session // every second session, newest first
	closures []func() int
)

// label is prefix, i and suffix in one allocation. Sprintf would leave a boxed
// integer beside every short string, and the tiny allocator would keep both.
func label(prefix string, i int, suffix string) string {
	var buf [40]byte
	b := append(buf[:0], prefix...)
	b = strconv.AppendInt(b, int64(i), 10)
	return string(append(b, suffix...))
}

func newUser(i int, mgr *User) *User {
	return &User{
		Name:  label("user", i, ""),
		Email: label("user", i, "@example.com"),
		Tags:  []string{label("tag", i, ""), label("group", i%1000, "")},
		Mgr:   mgr,
	}
}

func fill(n int) {
	var mgr *User
	for i := 0; i < n; i++ {
		user := newUser(i, mgr)
		if i%100 == 0 {
			mgr = user
		}
		number := i
		s := &Session{
			ID:    label("sess", i, ""),
			User:  user,
			Data:  make([]byte, 100),
			Attrs: map[string]any{"n": i, "u": user, "p": &number},
		}
		cache.mu.Lock()
		cache.byID[s.ID] = s
		cache.order = append(cache.order, s)
		cache.mu.Unlock()
		if i%2 == 0 {
			s.next = listHead
			listHead = s
		}
		if i%100 == 0 {
			values := make([]int, 50)
			closures = append(closures, func() int { return len(values) + values[0] })
		}
	}
}

// worker holds a hundred users that only its frame knows.
func worker(id int, started *sync.WaitGroup, jobs <-chan int) {
	var users [100]*User
	for i := range users {
		users[i] = newUser(1_000_000_000+100*id+i, nil)
	}
	started.Done()
	for job := range jobs {
		fmt.Println(id, users[job%len(users)].Name)
	}
}

func main() {
	n := 0
	if len(os.Args) == 2 {
		n, _ = strconv.Atoi(os.Args[1])
	}
	if n <= 0 {
		fmt.Fprintln(os.Stderr, "usage: sessions N")
		os.Exit(2)
	}
	fill(n)
	jobs := make(chan int)
	var started sync.WaitGroup
	for id := 0; id < 20; id++ {
		started.Add(1)
		go worker(id, &started, jobs)
	}
	started.Wait()
	ready.Say(struct {
		Case    string `json:"case"`
		N       int    `json:"n"`
		Workers int    `json:"workers"`
	}{"sessions", n, 20})
	ready.Holds("main.Session", n, 0)
	ready.Holds("main.User", n+20*len([100]*User{}), 0)
	ready.Holds("[]*main.Session", 1, 0)
	ready.Wait()
	close(jobs)
}
