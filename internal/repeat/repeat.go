// Package repeat finds what follows itself over and over in a sequence, so that it can
// be written once: the hops of a path through a list, and the parts of its name.
package repeat

const (
	// Least is how many times something must follow itself to be written once.
	Least = 4
	// most is how many items may come back together.
	most = 8
)

// At says how many items from the one with number i on come back, and how often in
// all, before end: the fewest items of which there are at least Least rounds. It is 1,
// 1 where nothing does. The cost is that of looking at what it covers, and at a few
// items where it is nothing.
func At(i, end int, same func(a, b int) bool) (round, times int) {
	for n := 1; n <= most; n++ {
		k := i + n
		for k < end && same(k, k-n) {
			k++
		}
		if t := (k - i) / n; t >= Least {
			return n, t
		}
	}
	return 1, 1
}
