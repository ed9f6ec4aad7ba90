package typing

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/types"
	"goheap/heap"
	"goheap/internal/arch"
)

// The parts of a chunk are those values that lie in no other one, each byte of them is
// found in one that has it, and no other byte in any: as whoever looks at each byte for
// each value finds out.
func TestChunkParts(t *testing.T) {
	const size = 2048
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		table := types.New(arch.AMD64(), nil, nil)
		ty := &Typer{judge: judge{table: table, arch: arch.AMD64()}}
		var ids []types.ID
		for i := range 6 {
			ids = append(ids, table.NewStruct(fmt.Sprintf("main.T%d", i), "main", uint64(8+8*i), nil))
		}
		ch := &chunk{Chunk: &image.Chunk{}, elem: size, marks: map[chunkBlock]*[blockWords / 64]uint64{}, leaves: map[leafPart]bool{}, pointers: make([]uint64, size/8/64)}
		type value struct{ lo, hi uint64 }
		all := map[value]bool{}
		for range rng.IntN(40) {
			id := ids[rng.IntN(len(ids))]
			elem := table.Type(id).Size
			n := uint64(1 + rng.IntN(4))
			off := uint64(rng.IntN(int(size-n*elem)/8)) * 8
			switch rng.IntN(3) {
			case 0: // a string, at any byte
				n, off = 1+n*7, off+uint64(rng.IntN(8))
				ch.leaves[leafPart{uint32(off), uint32(n), id, StringData}] = true
				all[value{off, off + n}] = true
			case 1:
				ch.leaves[leafPart{uint32(off), uint32(n), id, ManyValues}] = true
				all[value{off, off + n*elem}] = true
			default:
				x := &compiled{id: id, size: elem}
				markChunk(ty, ch, off/8, claim{p: off, n: n, x: x})
				for i := range n {
					all[value{off + i*elem, off + (i+1)*elem}] = true
				}
			}
		}
		outer := map[value]bool{}
		var covered [size]bool
		for v := range all {
			within := false
			for w := range all {
				within = within || w != v && w.lo <= v.lo && v.hi <= w.hi
			}
			outer[v] = !within
			for i := v.lo; i < v.hi; i++ {
				covered[i] = true
			}
		}
		c := Chunk{Size: size, Parts: chunkParts(ty, ch)}
		found := 0
		for _, p := range c.Parts {
			step, n := p.bytes(table), uint32(1)
			if p.Form == OneValue {
				n = p.N
				step /= uint64(n)
			}
			for i := range uint64(n) {
				v := value{uint64(p.Off) + i*step, uint64(p.Off) + (i+1)*step}
				if found++; !outer[v] {
					t.Fatalf("round %d: a part has the bytes %v", round, v)
				}
			}
		}
		want := 0
		for _, is := range outer {
			if is {
				want++
			}
		}
		if found != want {
			t.Fatalf("round %d: there are %d parts, want %d", round, found, want)
		}
		for off := range uint64(size) {
			p, ok := c.At(table, off)
			if ok != covered[off] || ok && (uint64(p.Off) > off || off-uint64(p.Off) >= p.bytes(table)) {
				t.Fatalf("round %d: byte %d is found in %+v (%v), want %v", round, off, p, ok, covered[off])
			}
		}
	}
}

// Whatever a claim says, nothing is noted that runs out of a chunk, or stands where the
// runtime has handed out nothing.
func TestChunkBounds(t *testing.T) {
	const size = 2048
	table := types.New(arch.AMD64(), nil, nil)
	id := table.NewStruct("main.T", "main", 8, nil)
	ty := &Typer{judge: judge{table: table, arch: arch.AMD64(), Alive: []uint64{^uint64(0)}}}
	ty.Reached = func() (*heap.Marker, error) { return nil, errors.New("nothing is known") }
	ch := &chunk{Chunk: &image.Chunk{FreeLo: 1024, FreeHi: 1536}, elem: size, marks: map[chunkBlock]*[blockWords / 64]uint64{}, leaves: map[leafPart]bool{}, pointers: make([]uint64, size/8/64)}
	ty.chunks = map[heap.Node]*chunk{1: ch}
	for _, x := range []struct {
		off, n uint64
		ok     bool
	}{
		{0, 128, true}, {0, 129, false}, {1016, 1, true}, {1024, 1, false}, {1528, 1, false}, {1536, 64, true}, {1536, 65, false},
		{2040, 1, true}, {2040, 2, false}, {2048, 1, false}, {2040, 1<<61 - 1, false}, {8, 1 << 61, false}, {8, 1<<61 - 1, false}, {8, 0, false}, {1 << 60, 1, false},
	} {
		clear(ch.leaves)
		pointChunk(ty, image.SlotAt{Node: 1, Off: x.off}, claim{p: x.off, n: x.n, x: &compiled{id: id, size: 8}, Form: ManyValues, evidence: ByPointer})
		if got := len(ch.leaves) == 1; got != x.ok {
			t.Errorf("%d values at %d: %v, want %v", x.n, x.off, got, x.ok)
		}
	}
}
