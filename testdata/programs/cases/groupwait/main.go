// Groupwait is a group of goroutines, each of which fetched a page and waits for a
// channel of results that nobody closes. Right answer: 4,000 goroutines in
// main.(*crawler).fetchAll.func1, each with a *main.page of 4 KiB: 15.6 MiB.
package main

import (
	"sync"
	"time"

	"goheap/testdata/programs/cases/internal/stand"
)

type page struct {
	url  string
	body [4072]byte // with the allocator's header a slot of 4 KiB in every version of Go
}

//go:noinline
func fetch(url string) *page { return &page{url: url} }

type group struct {
	wg   sync.WaitGroup
	once sync.Once
	err  error
}

func (g *group) run(f func() error) {
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		if err := f(); err != nil {
			g.once.Do(func() { g.err = err })
		}
	}()
}

type crawler struct{ fetched int }

//go:noinline
func (c *crawler) fetchAll(n int) {
	var g group
	merged := make(chan *page)
	for i := 0; i < n; i++ {
		g.run(func() error {
			p := fetch("http://example.com/")
			for next := range merged {
				p.url += next.url
			}
			p.body[0]++
			c.fetched++
			return nil
		})
	}
}

func main() {
	(&crawler{}).fetchAll(4000)
	time.Sleep(300 * time.Millisecond)
	stand.Culprit("main.(*crawler).fetchAll.func1", 4000, 4000*4096)
	stand.Ready(nil)
}
