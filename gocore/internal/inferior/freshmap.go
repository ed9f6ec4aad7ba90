package inferior

import "math/bits"

// Allocation is objects that are made alike.
type Allocation struct {
	Size, N  uint64
	Pointers bool // the collector follows some
}

const (
	// maxTable is how many slots a table of a swiss map has at most, and maxGroupLoad how many
	// of eight are filled before it grows (internal/runtime/maps/table.go, map.go).
	maxTable     = 1024
	maxGroupLoad = 7
	// A classic map has two more buckets than 13 entries fill (runtime/map.go,
	// loadFactorNum).
	loadFactor    = 13
	loadFactorDen = 2
	bucketSlots   = 8
)

// FreshMap returns what the runtime allocates, beside the header, for a map that is made
// for n entries: by NewMap of internal/runtime/maps, Go 1.24 to 1.27, or makemap and
// makeBucketArray of runtime/map.go, Go 1.18 to 1.23. A map to which they are added one by
// one ends with the same, or with tables that are twice as large.
func FreshMap(s *Space, m *Map, n uint64) []Allocation {
	if n == 0 || n >= maxCount {
		return nil
	}
	group := Allocation{Size: m.slots.size, N: 1, Pointers: len(s.Types.Words(m.Group)) > 0}
	if m.classic {
		b := 0
		for n > bucketSlots && n > loadFactor*(1<<b/loadFactorDen) && b < maxB {
			b++
		}
		buckets := uint64(1) << b
		if b >= preallocFrom {
			buckets += buckets >> preallocFrom
			group.Size *= buckets
			return []Allocation{group, {Size: s.Types.Type(m.extra).Size, N: 1, Pointers: true}}
		}
		group.Size *= buckets
		return []Allocation{group}
	}
	if n <= groupSlots {
		return []Allocation{group}
	}
	target := n * groupSlots / maxGroupLoad
	tables := ceilPow2((target + maxTable - 1) / maxTable)
	group.Size *= ceilPow2(max(target/tables, groupSlots)) / groupSlots
	group.N = tables
	return []Allocation{
		group,
		{Size: s.Types.Type(m.table).Size, N: tables, Pointers: true},
		{Size: tables * uint64(s.Arch.PtrSize), N: 1, Pointers: true},
	}
}

// ceilPow2 is the next power of two from n on, which is not 0.
func ceilPow2(n uint64) uint64 { return 1 << bits.Len64(n-1) }
