// Deadletters has a list of what could not be delivered, each with a part of the request that
// it was read from. Right answer: main.svc.bus.dead, a list of 2,500 main.deadLetter with as
// many main.envelope: 15 MiB.
package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"goheap/testdata/programs/cases/internal/stand"
)

type envelope struct {
	ID      int             `json:"id"`
	Kind    string          `json:"kind"`
	Payload json.RawMessage `json:"payload"`
}

type deadLetter struct {
	env    *envelope
	reason error
	next   *deadLetter
}

type bus struct {
	dead struct {
		head, tail *deadLetter
		n          int
	}
	name string
}

type service struct{ bus *bus }

var svc service

func main() {
	svc.bus = &bus{name: "orders"}
	stand.Measured("main.svc.bus.dead", 2500, func() {
		for i := 0; i < 2500; i++ {
			var e envelope
			if err := json.Unmarshal([]byte(fmt.Sprintf(`{"id":%d,"kind":"order","payload":{"s":"%s"}}`, i, strings.Repeat("x", 6000))), &e); err != nil {
				panic(err)
			}
			d := &deadLetter{env: &e, reason: fmt.Errorf("handler %d: timeout", i)}
			if q := &svc.bus.dead; q.tail == nil {
				q.head, q.tail = d, d
			} else {
				q.tail.next = d
				q.tail = d
			}
			svc.bus.dead.n++
		}
	})
	stand.Ready(nil)
}
