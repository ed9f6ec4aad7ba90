// Signals has clients each of which asks for a signal and never tells the library to
// stop; a goroutine waits for it. Right answer: 1,000 goroutines in
// main.(*client).watch.func1, each with a *main.client of 16 KiB: 15.6 MiB.
package main

import (
	"os"
	"os/signal"
	"syscall"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type client struct {
	id    int
	seen  int
	cache []byte
}

//go:noinline
func (c *client) watch() {
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGUSR2)
	go func() {
		for range ch {
			c.seen += len(c.cache)
		}
	}()
}

func main() {
	for i := 0; i < 1000; i++ {
		(&client{id: i, cache: make([]byte, 16<<10)}).watch()
	}
	time.Sleep(200 * time.Millisecond)
	stand.Culprit("main.(*client).watch.func1", 1000, 1000*(16<<10+48))
	stand.Ready(nil)
}
