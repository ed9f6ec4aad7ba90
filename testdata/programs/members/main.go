// Members holds objects of one type with fields of many kinds, and says of expressions over
// these how many of the objects they hold for, by its own word.
package main

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"goheap/testdata/programs/internal/ready"
)

// base is embedded, with a field that Item has too and one that it has not.
type base struct {
	Size  int
	Owner string
}

// deeper is embedded through a pointer, in base's level.
type deeper struct{ Depth int8 }

type Item struct {
	base
	*deeper
	Name    string
	size    int
	Small   int16
	Big     uint64
	Ratio   float32
	Exact   float64
	Open    bool
	Wait    time.Duration
	Hits    atomic.Int64
	Items   []int
	Body    []byte
	ByName  map[string]int
	Jobs    chan int
	Run     func()
	Err     error
	Any     any
	Next    *Item
	Count   *int
	Comment *string
	Last    atomic.Pointer[base]
	Fixed   [7]byte
}

// Other is of another type, with a field of the same name and another kind.
type Other struct{ Name int }

var (
	items  []*Item
	others []*Other
)

const n = 500

func main() {
	for i := range n {
		it := &Item{Name: fmt.Sprint("item", i), size: i, Small: int16(-i), Big: 1<<63 + uint64(i), Ratio: float32(i) / 4, Exact: float64(i) / 8,
			Open: i%3 == 0, Wait: time.Duration(i) * time.Second, Items: make([]int, i%10), Body: []byte(fmt.Sprint("body of ", i)), ByName: map[string]int{}}
		it.base = base{i % 5, fmt.Sprint("owner", i%4)}
		it.Hits.Store(int64(i))
		for k := range i % 4 {
			it.ByName[fmt.Sprint(k)] = k
		}
		if i%2 == 0 {
			it.deeper, it.Jobs, it.Run = &deeper{int8(i % 100)}, make(chan int, 3), func() { fmt.Println(i) }
			it.Jobs <- i
			it.Count, it.Comment = new(int), new(string)
			*it.Count, *it.Comment = i, fmt.Sprint("comment ", i)
			it.Last.Store(&base{i, "last"})
		}
		if i%7 == 0 {
			it.Err, it.Any = fmt.Errorf("error %d", i), i
		}
		if i > 0 && i%5 == 0 {
			it.Next = items[i-1]
		}
		items, others = append(items, it), append(others, &Other{i})
	}
	for _, q := range []struct {
		filter string
		holds  func(it *Item) bool
	}{
		{`Name contains "7"`, func(it *Item) bool { return strings.Contains(it.Name, "7") }},
		{`Name == "item42"`, func(it *Item) bool { return it.Name == "item42" }},
		{`len(Name) > 6`, func(it *Item) bool { return len(it.Name) > 6 }},
		{`value.size >= 400`, func(it *Item) bool { return it.size >= 400 }},
		{`value.Size == 3`, func(it *Item) bool { return it.Size == 3 }},
		{`base.Size == 3 and Owner == "owner1"`, func(it *Item) bool { return it.base.Size == 3 && it.Owner == "owner1" }},
		{`Depth > 50`, func(it *Item) bool { return it.deeper != nil && it.Depth > 50 }},
		{`not (Depth > 50)`, func(it *Item) bool { return it.deeper != nil && it.Depth <= 50 }},
		{`not (Depth > 50 && Open)`, func(it *Item) bool { return !it.Open || it.deeper != nil && it.Depth <= 50 }},
		{`Depth > 50 || Open`, func(it *Item) bool { return it.Open || it.deeper != nil && it.Depth > 50 }},
		{`Small < -490`, func(it *Item) bool { return it.Small < -490 }},
		{`Big > 5 && size > 0`, func(it *Item) bool { return it.Big > 5 }},
		{`Ratio * 2 > 200.5`, func(it *Item) bool { return it.Ratio*2 > 200.5 }},
		{`Exact <= 0.25`, func(it *Item) bool { return it.Exact <= 0.25 }},
		{`Open`, func(it *Item) bool { return it.Open }},
		{`!Open`, func(it *Item) bool { return !it.Open }},
		{`Open == false && value.size < 10`, func(it *Item) bool { return !it.Open && it.size < 10 }},
		{`Wait > 5m`, func(it *Item) bool { return it.Wait > 5*time.Minute }},
		{`Hits == 77`, func(it *Item) bool { return it.Hits.Load() == 77 }},
		{`len(Items) > 6`, func(it *Item) bool { return len(it.Items) > 6 }},
		{`len(Items) * 2 == len(ByName) + value.size`, func(it *Item) bool { return len(it.Items)*2 == len(it.ByName)+it.size }},
		{`len(ByName) == 0`, func(it *Item) bool { return len(it.ByName) == 0 }},
		{`len(Jobs) == 1`, func(it *Item) bool { return len(it.Jobs) == 1 }},
		{`len(Fixed) == 7`, func(it *Item) bool { return true }},
		{`Body endsWith "of 5"`, func(it *Item) bool { return strings.HasSuffix(string(it.Body), "of 5") }},
		{`Items == nil`, func(it *Item) bool { return it.Items == nil }},
		{`Run != nil && nil != Jobs`, func(it *Item) bool { return it.Run != nil }},
		{`Err == nil`, func(it *Item) bool { return it.Err == nil }},
		{`Err contains "error 49"`, func(it *Item) bool { return it.Err != nil && strings.Contains(it.Err.Error(), "error 49") }},
		{`Next.Name == "item9"`, func(it *Item) bool { return it.Next != nil && it.Next.Name == "item9" }},
		{`Next.Next == nil`, func(it *Item) bool { return it.Next != nil && it.Next.Next == nil }},
		{`Next?.Open`, func(it *Item) bool { return it.Next != nil && it.Next.Open }},
		{`Count >= 490`, func(it *Item) bool { return it.Count != nil && *it.Count >= 490 }},
		{`Count == nil`, func(it *Item) bool { return it.Count == nil }},
		{`Comment endsWith "8"`, func(it *Item) bool { return it.Comment != nil && strings.HasSuffix(*it.Comment, "8") }},
		{`Last.Size > 490`, func(it *Item) bool { return it.Last.Load() != nil && it.Last.Load().Size > 490 }},
		{`(Open ? Name : Owner) == "owner1"`, func(it *Item) bool { return !it.Open && it.Owner == "owner1" }},
		{`Name in ["item1", "item2"]`, func(it *Item) bool { return it.Name == "item1" || it.Name == "item2" }},
	} {
		count := 0
		for _, it := range items {
			if q.holds(it) {
				count++
			}
		}
		ready.Say(struct {
			Case   string `json:"case"`
			Filter string `json:"filter"`
			Count  int    `json:"count"`
		}{"filter", q.filter, count})
	}
	ready.Holds("main.Item", n, 0)
	ready.Wait()
	fmt.Println(len(items), len(others))
}
