// Chanmap has a channel per subscriber in a map, full of messages, and subscribers that
// have gone and were not taken out. Right answer: main.chat.subs, a
// map[string]chan []uint8, holds 3,000 channels of 4 messages of 2 KiB: some 24 MiB.
package main

import (
	"fmt"

	"goheap/testdata/programs/cases/internal/stand"
)

type rooms struct {
	name string
	subs map[string]chan []byte
}

var chat = &rooms{name: "chat", subs: map[string]chan []byte{}}

func (r *rooms) join(who string) {
	c := make(chan []byte, 4)
	for i := 0; i < 4; i++ {
		c <- make([]byte, 2048)
	}
	r.subs[who] = c
}

func main() {
	stand.Measured("main.chat.subs", 3000, func() {
		for i := 0; i < 3000; i++ {
			chat.join(fmt.Sprint("user-", i))
		}
	})
	stand.Ready(nil)
}
