// Syncmap keeps the sessions of a server in a sync.Map, from which none is ever deleted.
// Right answer: main.srv.sessions holds 20,000 *main.session of 1 KiB: some 24 MiB.
package main

import (
	"fmt"
	"sync"

	"goheap/testdata/programs/cases/internal/stand"
)

type session struct {
	user string
	data [992]byte
}

type server struct {
	addr     string
	sessions sync.Map
}

var srv = &server{addr: ":443"}

func main() {
	stand.Measured("main.srv.sessions", 20000, func() {
		for i := 0; i < 20000; i++ {
			key := fmt.Sprint("token-", i)
			srv.sessions.Store(key, &session{user: key})
		}
	})
	stand.Ready(nil)
}
