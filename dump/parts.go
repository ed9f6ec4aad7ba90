package dump

import (
	"cmp"
	"slices"
)

// Part is a part of a file that stands at an address.
type Part struct{ Addr, Off, Size uint64 }

// Disjoint sorts parts of a file of size bytes by address and cuts them until no
// two share an address (the lower start has it), nor a byte of the file (the lower
// offset has it, of two the lower address), and all lie in the file. The sum of what
// is left is therefore at most size, however many headers name the same bytes.
// again are the parts that lost bytes since another had them, as they were.
func Disjoint(parts []Part, size uint64) (kept, again []Part) {
	kept = make([]Part, 0, len(parts))
	for _, p := range parts {
		if p.Off >= size {
			continue
		}
		p.Size = min(p.Size, size-p.Off)
		if p.Addr+p.Size < p.Addr {
			p.Size = -p.Addr - 1 // without the last byte, so that the end is a number
		}
		if p.Size > 0 {
			kept = append(kept, p)
		}
	}
	byAddr := func(a, b Part) int { return cmp.Compare(a.Addr, b.Addr) }
	slices.SortStableFunc(kept, byAddr)
	kept, _ = cutParts(kept, func(p Part) uint64 { return p.Addr })
	slices.SortStableFunc(kept, func(a, b Part) int { return cmp.Compare(a.Off, b.Off) })
	kept, again = cutParts(kept, func(p Part) uint64 { return p.Off })
	slices.SortStableFunc(kept, byAddr)
	return kept, again
}

// cutParts takes from each of the parts, which are sorted by at, what one before
// it has, and returns those that lost something too. It writes over parts.
func cutParts(parts []Part, at func(Part) uint64) (kept, cut []Part) {
	kept = parts[:0]
	end := uint64(0)
	for _, p := range parts {
		if start := at(p); start < end {
			cut = append(cut, p)
			over := min(end-start, p.Size)
			p = Part{p.Addr + over, p.Off + over, p.Size - over}
		}
		if p.Size > 0 {
			kept = append(kept, p)
			end = at(p) + p.Size
		}
	}
	return kept, cut
}

// segments returns parts of data, which are disjoint and sorted by address, as
// segments: one where they adjoin both in memory and in the file.
func segments(data []byte, parts []Part) []segment {
	out := make([]segment, 0, len(parts))
	for i := 0; i < len(parts); {
		p := parts[i]
		for i++; i < len(parts) && p.Addr+p.Size == parts[i].Addr && p.Off+p.Size == parts[i].Off; i++ {
			p.Size += parts[i].Size
		}
		out = append(out, segment{p.Addr, clip(data, p.Off, p.Size)})
	}
	return out
}
