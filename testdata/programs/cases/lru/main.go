// Lru is a cache with a list by age that has a limit in its options and never looks at
// it, three structs deep. Right answer: main.svc.state.users holds 30,000 *main.user of
// 1 KiB through .byName and .order, as one: some 36 MiB.
package main

import (
	"container/list"
	"fmt"

	"goheap/testdata/programs/cases/internal/stand"
)

type user struct {
	name    string
	profile [1008]byte
}

type lru struct {
	limit  int
	byName map[string]*list.Element
	order  *list.List
}

type state struct {
	epoch int
	users lru
}

type service struct {
	addr  string
	state *state
}

var svc = &service{addr: ":80"}

func (c *lru) add(u *user) { c.byName[u.name] = c.order.PushFront(u) }

func main() {
	svc.state = &state{users: lru{limit: 100, byName: map[string]*list.Element{}, order: list.New()}}
	stand.Measured("main.svc.state.users", 30000, func() {
		for i := 0; i < 30000; i++ {
			svc.state.users.add(&user{name: fmt.Sprint("user-", i)})
		}
	})
	stand.Ready(nil)
}
