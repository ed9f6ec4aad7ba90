// Slowsub has a broker with a hundred subscribers, of which one does not keep up. Right
// answer: main.bus.topics, one subscriber's .queue of 60,000 *main.message, 9.2 MiB.
package main

import (
	"fmt"

	"goheap/testdata/programs/cases/internal/stand"
)

type message struct {
	seq  int
	body []byte
}

type subscriber struct {
	name  string
	queue []*message
}

type topic struct {
	name string
	subs []*subscriber
}

type broker struct{ topics map[string]*topic }

var bus = &broker{topics: map[string]*topic{}}

func main() {
	for i := 0; i < 20; i++ {
		t := &topic{name: fmt.Sprint("topic-", i)}
		for j := 0; j < 5; j++ {
			t.subs = append(t.subs, &subscriber{name: fmt.Sprint(j)})
		}
		bus.topics[t.name] = t
	}
	stand.Measured("main.bus.topics", 60000, func() {
		slow := bus.topics["topic-7"].subs[3]
		for i := 0; i < 60000; i++ {
			slow.queue = append(slow.queue, &message{i, make([]byte, 100)})
		}
	})
	stand.Ready(nil)
}
