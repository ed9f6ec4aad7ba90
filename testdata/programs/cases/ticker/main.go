// Ticker starts a monitor per client, whose goroutine takes the ticks of a ticker that
// nobody stops, also after the client has gone. Right answer: 500 goroutines in
// main.(*monitor).start.func1, each with a *main.monitor whose window is 32 KiB: 15.6 MiB.
package main

import (
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type monitor struct {
	client int
	window []int64
}

//go:noinline
func (m *monitor) start() {
	t := time.NewTicker(time.Hour)
	go func() {
		for now := range t.C {
			m.window[m.client%len(m.window)] = now.Unix()
		}
	}()
}

func main() {
	for i := 0; i < 500; i++ {
		(&monitor{client: i, window: make([]int64, 4096)}).start()
	}
	time.Sleep(100 * time.Millisecond)
	stand.Culprit("main.(*monitor).start.func1", 500, 500*(32<<10+32))
	stand.Ready(nil)
}
