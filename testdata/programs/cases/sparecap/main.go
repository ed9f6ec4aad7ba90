// Sparecap is the case sparecap. Source: shape "slice with capacity much larger than length" (quic-go, nats queueOutbound, influx).
// Shape: per client pending = pending[:0] after a burst; pointers behind len stay.
// Expected: main.hub.clients: 100 clients, pending len 0 cap 4,096 with 4,000 *msg of 96 B behind the length:
// 100 x (32 KiB + 4,000 x 96) = ~40 MiB.
package main

import (
	"fmt"

	"goheap/testdata/programs/cases/internal/stand"
)

type msg struct {
	id   int
	body [88]byte
}
type client struct {
	name    string
	pending []*msg
}
type Hub struct{ clients []*client }

var hub = &Hub{}

func main() {
	for i := range 100 {
		c := &client{name: fmt.Sprint("c", i), pending: make([]*msg, 0, 4096)}
		for j := range 4000 {
			c.pending = append(c.pending, &msg{id: j})
		}
		c.pending = c.pending[:0]
		hub.clients = append(hub.clients, c)
	}
	stand.Culprit("main.hub.clients", 0, 100*(4096*8+4000*96)) // beyond the length
	stand.Ready(nil)
}
