package reach

import (
	"cmp"
	"slices"
)

// span is the bytes [lo, hi).
type span struct{ lo, hi uint64 }

// spans is a set of bytes to which spans are added in any order. What it takes is bounded
// by the spans that are left when those that overlap are one, not by how many are added.
type spans struct {
	list  []span
	limit int // of the list, before it is made smaller
	// drop says of spans that nobody wants to know of them.
	drop func(s span) bool
}

const firstLimit = 1 << 16

func (s *spans) add(x span) {
	if len(s.list) >= max(s.limit, firstLimit) {
		s.settle()
		s.limit = max(firstLimit, 2*len(s.list))
	}
	s.list = append(s.list, x)
}

// settle sorts the spans and joins those that overlap.
func (s *spans) settle() {
	s.list = joined(slices.DeleteFunc(s.list, s.drop))
}

// joined sorts spans and joins those that overlap, in place. Those that touch may be of two
// objects.
func joined(list []span) []span {
	slices.SortFunc(list, func(a, b span) int { return cmp.Compare(a.lo, b.lo) })
	out := list[:0]
	for _, x := range list {
		if k := len(out); k > 0 && x.lo < out[k-1].hi {
			out[k-1].hi = max(out[k-1].hi, x.hi)
		} else {
			out = append(out, x)
		}
	}
	return out
}

// size is the number of bytes of spans that share none.
func size(list []span) (n uint64) {
	for _, x := range list {
		n += x.hi - x.lo
	}
	return n
}

// gaps appends to out what of within is in none of the spans, which are joined.
func gaps(out []span, within span, list []span) []span {
	return minus(out, []span{within}, list)
}

// minus appends to out what is in the spans of a and in none of b; both are joined.
func minus(out, a, b []span) []span {
	for _, x := range a {
		for len(b) > 0 && b[0].hi <= x.lo {
			b = b[1:]
		}
		at := x.lo
		for _, y := range b {
			if y.lo >= x.hi {
				break
			}
			if y.lo > at {
				out = append(out, span{at, y.lo})
			}
			at = max(at, y.hi)
		}
		if at < x.hi {
			out = append(out, span{at, x.hi})
		}
	}
	return out
}
