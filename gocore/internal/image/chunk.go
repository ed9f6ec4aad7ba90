package image

import (
	"cmp"
	"slices"
)

// Chunk is a chunk of a user arena (GOEXPERIMENT=arenas): one object to the collector,
// with values of many types in it. The runtime fills it from both ends, with what has
// pointers from its start (runtime/arena.go, userArenaNextFree, since Go 1.20).
type Chunk struct {
	Base           uint64
	FreeLo, FreeHi uint64 // between these nothing has been put; equal where it is full
}

// Used is how many of the bytes of a slot of elem bytes have been handed out.
func (c *Chunk) Used(elem uint64) uint64 { return elem - (c.FreeHi - c.FreeLo) }

// AddChunk takes what a span says of itself: a chunk at base of which lo to hi is free.
// What contradicts itself counts as full.
func (im *Image) AddChunk(e *Extent, lo, hi uint64) {
	if e.N != 1 || e.Elem > maxChunk {
		return
	}
	if lo < e.Base || hi < lo || hi > e.Base+e.Elem {
		lo, hi = e.Base, e.Base
	}
	im.Chunks = append(im.Chunks, Chunk{e.Base, lo, hi})
}

// maxChunk is above what any runtime uses (runtime/arena.go, userArenaChunkBytes).
const maxChunk = 64 << 20

// SortChunks brings chunks into the order of their addresses, and leaves out those whose
// spans are not among the extents.
func (im *Image) SortChunks() {
	slices.SortFunc(im.Chunks, func(a, b Chunk) int { return cmp.Compare(a.Base, b.Base) })
	im.Chunks = slices.CompactFunc(im.Chunks, func(a, b Chunk) bool { return a.Base == b.Base })
	im.Chunks = slices.DeleteFunc(im.Chunks, func(c Chunk) bool {
		e := im.ExtentAt(c.Base)
		return e == nil || e.Base != c.Base || e.N != 1 || c.FreeHi > c.Base+e.Elem
	})
}
