package heap

import (
	"math/bits"

	"goheap/internal/flat"
)

// Bits is a set of nodes: one bit per node of a graph. The zero value is the
// empty set of a graph without nodes. Writing is not safe for concurrent use.
type Bits struct {
	word []uint64
}

// NewBits returns an empty set for nodes below n. The set lies outside the Go
// heap when it is large: Close gives it back.
func NewBits(n int) Bits { return Bits{flat.Make[uint64]((n + 63) / 64)} }

// Has reports whether n is in the set. A node past the end is not.
func (b Bits) Has(n Node) bool {
	i := int(n >> 6)
	return i < len(b.word) && b.word[i]>>(n&63)&1 != 0
}

// Set adds n, which must be below the size of the set.
func (b Bits) Set(n Node) { b.word[n>>6] |= 1 << (n & 63) }

// Words returns the set as words: node n is bit n%64 of word n/64. They belong to
// the set.
func (b Bits) Words() []uint64 { return b.word }

// Count returns the number of nodes in the set.
func (b Bits) Count() int {
	n := 0
	for _, w := range b.word {
		n += bits.OnesCount64(w)
	}
	return n
}

// CountRange returns how many of the nodes lo to hi-1 are in the set.
func (b Bits) CountRange(lo, hi Node) int {
	if hi <= lo {
		return 0
	}
	first, last := int(lo>>6), int((hi-1)>>6)
	head, tail := ^uint64(0)<<(lo&63), ^uint64(0)>>(63-(hi-1)&63)
	if first == last {
		return bits.OnesCount64(b.word[first] & head & tail)
	}
	n := bits.OnesCount64(b.word[first]&head) + bits.OnesCount64(b.word[last]&tail)
	for _, w := range b.word[first+1 : last] {
		n += bits.OnesCount64(w)
	}
	return n
}

// Close frees the memory of the set, which is then empty.
func (b *Bits) Close() {
	flat.Free(b.word)
	b.word = nil
}
