package reach

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Spans that are added in any order are the set of their bytes, whatever the limit is at
// which the list is made smaller.
func TestSpans(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		var s spans
		s.drop = func(x span) bool { return x.lo >= 900 }
		s.limit = 1
		want := [1000]bool{}
		for range r.IntN(400) {
			lo := r.Uint64N(999)
			x := span{lo, lo + 1 + r.Uint64N(min(1000-lo, 1+r.Uint64N(30)))}
			if x.lo < 900 {
				for i := x.lo; i < x.hi; i++ {
					want[i] = true
				}
			}
			s.add(x)
			if r.IntN(40) == 0 {
				s.settle()
			}
		}
		s.settle()
		got, last := [1000]bool{}, uint64(0)
		for i, x := range s.list {
			if i > 0 && x.lo < last || x.lo >= x.hi {
				t.Fatalf("round %d: %v", round, s.list)
			}
			last = x.hi
			for i := x.lo; i < x.hi; i++ {
				got[i] = true
			}
		}
		// What was dropped may have been joined to what was not, before it was looked at.
		if !slices.Equal(got[:900], want[:900]) {
			t.Fatalf("round %d: %v", round, s.list)
		}
		within := span{r.Uint64N(400), 400 + r.Uint64N(400)}
		holes := gaps(nil, within, s.list)
		for i := range uint64(1000) {
			in := slices.ContainsFunc(holes, func(x span) bool { return i >= x.lo && i < x.hi })
			if i < 900 && in != (i >= within.lo && i < within.hi && !want[i]) {
				t.Fatalf("round %d: byte %d of %v beside %v is a gap: %t", round, i, within, s.list, in)
			}
		}
		if n := size(holes) + size(s.list); len(s.list) > 0 && n == 0 {
			t.Fatal("no bytes")
		}
	}
}
