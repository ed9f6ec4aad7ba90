package main

import "testing"

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		v    []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{9, 1}, 1}, {[]float64{5, 9, 1}, 5}, {[]float64{4, 1, 3, 2}, 2}} {
		if got := median(c.v); got != c.want {
			t.Errorf("%v: %v, want %v", c.v, got, c.want)
		}
	}
}

func TestOfDominators(t *testing.T) {
	phases := []phase{{"open", 1}, {"mark", 2}, {"predecessors", 4}, {"Dominators", 8}, {"retained sizes", 16}, {"check", 32}}
	if got := sum(phases, ofDominators); got != 30 {
		t.Errorf("got %v ms, want 30", got)
	}
}
