// Bigchan is the case bigchan. Source: mattermost/mattermost#3993, nats slow consumer; kubernetes enqueueTask shapes.
// Shape: a buffered channel of 50,000 events that nobody takes, and a channel of channels.
// Expected: main.hub.events holds 50,000 *Event of 512 B+: ~26 MiB; main.hub.replies 2,000 chan []byte
// each with one 4 KiB reply in its buffer: ~8 MiB.
package main

import (
	"goheap/testdata/programs/cases/internal/stand"
)

type Event struct {
	id      int
	payload [500]byte
}
type Hub struct {
	name    string
	events  chan *Event
	replies chan chan []byte
}

var hub = &Hub{"h", make(chan *Event, 50000), make(chan chan []byte, 2000)}

func main() {
	for i := range 50000 {
		hub.events <- &Event{id: i}
	}
	for range 2000 {
		c := make(chan []byte, 1)
		c <- make([]byte, 4096)
		hub.replies <- c
	}
	stand.Culprit("main.hub.events", 50000, 50000*(512+8))
	stand.Culprit("main.hub.replies", 0, 2000*(4096+128+8)) // hchan is 96 bytes before its buffer of 24
	stand.Ready(nil)
}
