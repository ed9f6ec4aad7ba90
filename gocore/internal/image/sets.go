package image

import (
	"math/bits"

	"goheap/heap"
)

// Difference counts the slots that are in a but in none of the sets without, and
// their bytes, and returns the addresses of the first few.
func (im *Image) Difference(first int, a []uint64, without ...[]uint64) (slots, size uint64, examples []uint64) {
	for i := range im.Extents {
		e := &im.Extents[i]
		count := uint64(0)
		for s := uint32(0); s < e.N; s += heap.ExtentAlign {
			n := e.First + heap.Node(s)
			word := a[n/64]
			for _, b := range without {
				word &^= b[n/64]
			}
			rest := uint8(word >> (n % 64)) // what the extent leaves of the last eight is in no set
			count += uint64(bits.OnesCount8(rest))
			for ; rest != 0 && len(examples) < first; rest &= rest - 1 {
				examples = append(examples, e.Base+uint64(s+uint32(bits.TrailingZeros8(rest)))*e.Elem)
			}
		}
		slots += count
		size += count * e.Elem
	}
	return slots, size, examples
}

// HasBit reports whether n is in a set, a bit for each node.
func HasBit(set []uint64, n heap.Node) bool { return set[n/64]>>(n%64)&1 != 0 }

// SetBit adds n to a set.
func SetBit(set []uint64, n heap.Node) { set[n/64] |= 1 << (n % 64) }

// ByteAt returns b[i], 0 behind its end.
func ByteAt(b []byte, i uint32) byte {
	if i < uint32(len(b)) {
		return b[i]
	}
	return 0
}

// CountSlots returns how many slots are in a set, and their bytes.
func (im *Image) CountSlots(set []uint64) (slots, size uint64) {
	slots, size, _ = im.Difference(0, set)
	return slots, size
}
