// Stacks keeps all that it has on the stacks of goroutines: nothing that it
// allocates hangs on a global variable.
package main

import (
	"fmt"
	"sync"

	"goheap/testdata/programs/internal/ready"
)

type Item struct {
	Name string
	Tags []string
	Next *Item
}

type Order struct {
	Items  *Item
	Prices map[string]float64
	Note   any
	Lines  []Line
}

type Line struct {
	Text  *string
	Count int
}

// Big is passed by its address, so that it is a stack object.
type Big struct {
	Orders [8]*Order
	Queue  []Item
	Names  map[int]string
}

func newOrder(id, i int) *Order {
	o := &Order{Prices: map[string]float64{}, Note: &Item{Name: fmt.Sprintf("note %d of %d", i, id)}}
	for j := 0; j < 20; j++ {
		name := fmt.Sprintf("item %d of %d of %d", j, i, id)
		o.Items = &Item{Name: name, Tags: []string{name + " tag"}, Next: o.Items}
		o.Prices[name] = float64(j)
		o.Lines = append(o.Lines, Line{Text: &o.Items.Name, Count: j})
	}
	return o
}

//go:noinline
func fill(id int, b *Big) {
	b.Names = map[int]string{}
	for i := range b.Orders {
		b.Orders[i] = newOrder(id, i)
		b.Queue = append(b.Queue, Item{Name: fmt.Sprintf("queued %d of %d", i, id)})
		b.Names[i] = b.Queue[i].Name
	}
}

//go:noinline
func wait(b *Big, started *sync.WaitGroup, block <-chan struct{}) int {
	started.Done()
	<-block
	return len(b.Queue) + len(b.Names)
}

func worker(id int, started *sync.WaitGroup, block <-chan struct{}, done chan<- int) {
	var b Big
	fill(id, &b)
	list := newOrder(id, 100)
	n := wait(&b, started, block)
	done <- n + len(list.Lines)
}

func main() {
	block, done := make(chan struct{}), make(chan int)
	var started sync.WaitGroup
	for id := 0; id < 40; id++ {
		started.Add(1)
		go worker(id, &started, block, done)
	}
	started.Wait()
	ready.Say(struct {
		Case    string `json:"case"`
		Workers int    `json:"workers"`
	}{"stacks", 40})
	ready.Wait()
	close(block)
	fmt.Println(<-done)
}
