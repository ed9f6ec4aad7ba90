package keys

import (
	"cmp"
	"slices"
	"testing"
)

// What is kept are the first values of all in their order.
func TestFirsts(t *testing.T) {
	for _, most := range []int{1, 2, 7, 100, 1000} {
		f := Firsts[int]{Most: most}
		var all []int
		for i := range 500 {
			x := i * 7919 % 503
			all = append(all, x)
			f.Add(x, cmp.Compare)
		}
		slices.Sort(all)
		slices.Sort(f.List)
		if !slices.Equal(f.List, all[:min(most, len(all))]) {
			t.Errorf("of %d: %v", most, f.List)
		}
	}
}
