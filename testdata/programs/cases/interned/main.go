//go:build go1.25

// Interned has its labels from package unique, whose tables are as large as what is in use.
// Right answer: main.coll.reg.series, a map[main.labels]*main.series of 40,000 entries, and
// no table of the library's.
package main

import (
	"fmt"
	"sync"
	"unique"

	"goheap/testdata/programs/cases/internal/stand"
)

type labels struct{ name, value unique.Handle[string] }

type series struct {
	id     uint64
	points []float64
}

type registry struct {
	mu     sync.Mutex
	series map[labels]*series
}

type collector struct{ reg *registry }

var coll = &collector{&registry{series: map[labels]*series{}}}

func main() {
	stand.Measured("main.coll.reg.series", 40000, func() {
		for i := 0; i < 40000; i++ {
			coll.reg.series[labels{unique.Make("pod"), unique.Make(fmt.Sprintf("pod-%d-%060d", i, i))}] = &series{uint64(i), make([]float64, 4)}
		}
	})
	stand.Ready(nil)
}
