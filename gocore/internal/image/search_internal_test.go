package image

import (
	"math/rand/v2"
	"testing"
)

// The parts of a heap have each slot once, in order, and are of the size that was
// asked for where slots are not larger.
func TestSearchParts(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for range 500 {
		im := &Image{}
		var total uint64
		for range r.IntN(20) {
			e := Extent{Elem: 8 * uint64(1+r.IntN(200)), N: uint32(1 + r.IntN(50))}
			total += e.Elem * uint64(e.N)
			im.Extents = append(im.Extents, e)
		}
		size := uint64(1 + r.IntN(4000))
		extent, slot := 0, uint32(0)
		for i, part := range slotParts(im, size) {
			var bytes uint64
			for _, s := range part {
				if s.e != &im.Extents[extent] || s.first != slot || s.n == 0 {
					t.Fatalf("slots %d of %+v follow where slot %d of extent %d should", s.first, s.e, slot, extent)
				}
				bytes += uint64(s.n) * s.e.Elem
				if slot += s.n; slot == s.e.N {
					extent, slot = extent+1, 0
				}
			}
			if bytes == 0 || bytes > size+8*200 {
				t.Fatalf("part %d has %d bytes, want %d", i, bytes, size)
			}
			total -= bytes
		}
		if total != 0 || extent != len(im.Extents) {
			t.Fatalf("%d bytes are in no part", total)
		}
	}
}
