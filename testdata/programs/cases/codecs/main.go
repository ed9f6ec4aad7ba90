// Codecs has a sync.Pool in each of some structs in a map, of which one keeps encoders whose
// buffers have grown. Right answer: main.ser.codecs[…].encoders, objects of 1 MiB each,
// main.encoder.
package main

import (
	"bytes"
	"fmt"
	"sync"

	"goheap/testdata/programs/cases/internal/stand"
)

type encoder struct {
	buf     bytes.Buffer
	lastDoc interface{}
	stack   []interface{}
}

type codec struct {
	name     string
	encoders sync.Pool
}

type serializer struct{ codecs map[string]*codec }

var ser = &serializer{codecs: map[string]*codec{}}

func main() {
	for i := 0; i < 4; i++ {
		c := &codec{name: fmt.Sprint("c", i)}
		c.encoders.New = func() interface{} {
			return &encoder{}
		}
		ser.codecs[c.name] = c
	}
	fill := func() {
		c := ser.codecs["c2"]
		for i := 0; i < 10; i++ {
			e := &encoder{}
			e.buf.Grow(1 << 20)
			c.encoders.Put(e)
		}
	}
	stand.Culprit("main.ser.codecs[…].encoders", 0, 0)
	stand.Ready(fill)
}
