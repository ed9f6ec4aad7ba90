// Spans has a tracer with the spans that nobody ends; its only processor and the slice
// with it are data of the program. Right answer: main.tracer.processors[0].active, 60,000
// *main.span, some 9 MiB.
package main

import (
	"encoding/binary"

	"goheap/testdata/programs/cases/internal/stand"
)

type spanID [8]byte

type attribute struct {
	key   string
	value interface{}
}

type span struct {
	id         spanID
	parent     *span
	attributes []attribute
}

type processor struct{ active map[spanID]*span }

type provider struct{ processors []*processor }

var tracer = &provider{processors: []*processor{{active: map[spanID]*span{}}}}

func (p *provider) start(parent *span, i int) *span {
	s := &span{parent: parent, attributes: []attribute{{"method", "GET"}, {"status", i}}}
	binary.LittleEndian.PutUint64(s.id[:], uint64(i))
	for _, p := range p.processors {
		p.active[s.id] = s
	}
	return s
}

func main() {
	stand.Measured("main.tracer.processors[0].active", 60000, func() {
		var parent *span
		for i := 0; i < 60000; i++ {
			if i%10 == 0 {
				parent = nil
			}
			parent = tracer.start(parent, i)
		}
	})
	stand.Ready(nil)
}
