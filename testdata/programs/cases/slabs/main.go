// Slabs has memory of its own in eight parts of a table, each an eighth of it. Right answer:
// main.kv.shards, 240 main.slab of 72 KiB: 17 MiB.
package main

import (
	"goheap/testdata/programs/cases/internal/stand"
)

type cell struct {
	key        uint64
	next       int32
	klen, vlen uint16
	val        [48]byte
}

type slab struct {
	cells [1024]cell
	free  int32
	used  int
}

type arena struct {
	slabs []*slab
	index map[uint64]int32
	big   [][]byte
}

type table struct {
	shards [8]arena
	name   string
}

var kv = &table{name: "kv"}

func main() {
	for i := range kv.shards {
		kv.shards[i].index = map[uint64]int32{}
	}
	stand.Measured("main.kv.shards", 240, func() {
		for i := 0; i < 240; i++ {
			a := &kv.shards[i%8]
			a.slabs = append(a.slabs, &slab{})
			a.index[uint64(i)] = int32(i)
		}
	})
	stand.Ready(nil)
}
