package heap_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
)

// sharesBruteForce splits each slot that no class retains among the classes that reach it,
// those that are not told apart as one; the remainders of what the same classes hold go to
// the class with the lowest root.
func sharesBruteForce(g *heap.Graph, sets [][]heap.Node, told []bool) (shares []uint64, rest uint64) {
	shares = make([]uint64, len(sets))
	var reached []map[heap.Node]bool
	owner := map[heap.Node]int{}
	live := heaptest.Reach(g, heap.SuperRoot)
	for k, set := range sets {
		reached = append(reached, reachedBy(g, set))
		kept := heaptest.Reach(g, heap.SuperRoot, set...)
		for n := range live {
			if live[n] && !kept[n] {
				owner[heap.Node(n)] = k
			}
		}
	}
	type set struct {
		held  uint64 // at most 63 classes that are told apart
		other bool
	}
	bytes := map[set]uint64{}
	for n := range live {
		n := heap.Node(n)
		if !live[n] || int(n) <= g.Roots {
			continue
		}
		if k, ok := owner[n]; ok {
			shares[k] += g.Size(n)
			continue
		}
		var s set
		bit := 0
		for k := range sets {
			if !told[k] {
				s.other = s.other || reached[k][n]
				continue
			}
			if reached[k][n] {
				s.held |= 1 << bit
			}
			bit++
		}
		bytes[s] += g.Size(n)
	}
	for s, sum := range bytes {
		var holders []int
		bit := 0
		for k := range sets {
			if told[k] {
				if s.held>>bit&1 != 0 {
					holders = append(holders, k)
				}
				bit++
			}
		}
		slices.SortFunc(holders, func(a, b int) int { return int(sets[a][0]) - int(sets[b][0]) })
		n := uint64(len(holders))
		if s.other {
			n++
			rest += sum / n
		}
		for _, k := range holders {
			shares[k] += sum / n
		}
		if len(holders) > 0 {
			shares[holders[0]] += sum % n
		} else {
			rest += sum % n
		}
	}
	return shares, rest
}

func checkShares(t *testing.T, g *heap.Graph, classes []uint32, sets [][]heap.Node) (rest uint64) {
	t.Helper()
	d := dominators(t, g)
	joint, err := d.JointByClass(t.Context(), nil, classes, len(sets))
	if err != nil {
		t.Fatal(err)
	}
	told := make([]bool, len(sets))
	for k := range sets {
		told[k] = joint.Classes[k].Told
	}
	shares, rest := joint.Shares()
	want, wantRest := sharesBruteForce(g, sets, told)
	if !slices.Equal(shares, want) || rest != wantRest {
		t.Fatalf("shares %d and %d, want %d and %d", shares, rest, want, wantRest)
	}
	sum := rest
	for _, s := range shares {
		sum += s
	}
	if sum != d.LiveBytes() {
		t.Fatalf("shares add up to %d of %d bytes", sum, d.LiveBytes())
	}
	return rest
}

func TestShares(t *testing.T) {
	r := rand.New(rand.NewPCG(33, 34))
	for i := range 1500 {
		g := heaptest.Random(r, 1+i/30)
		classes, sets := randomClasses(r, g)
		sets = slices.DeleteFunc(sets, func(s []heap.Node) bool { return len(s) == 0 })
		for k, set := range sets { // number those that have roots
			for _, root := range set {
				classes[root-1] = uint32(k)
			}
		}
		if len(sets) > 0 {
			checkShares(t, g, classes, sets)
		}
	}
}

// Classes that are not told apart share as one.
func TestSharesOfMany(t *testing.T) {
	r := rand.New(rand.NewPCG(35, 36))
	for _, roots := range []int{63, 70, 130} {
		g := manyRoots(r, roots, 60, 30)
		var sets [][]heap.Node
		classes := make([]uint32, roots)
		for i := range classes {
			classes[i] = uint32(i)
			sets = append(sets, []heap.Node{heap.Node(i + 1)})
		}
		rest := checkShares(t, g, classes, sets)
		if (rest > 0) != (roots > 64) {
			t.Errorf("%d roots: %d bytes are the others' share", roots, rest)
		}
	}
}

// What classes reach together is what a search from all of their roots does.
func TestReachedTogether(t *testing.T) {
	r := rand.New(rand.NewPCG(37, 38))
	for i := range 1500 {
		g := heaptest.Random(r, 1+i/30)
		classes, sets := randomClasses(r, g)
		joint, err := dominators(t, g).JointByClass(t.Context(), nil, classes, len(sets))
		if err != nil {
			t.Fatal(err)
		}
		var some []uint32
		var roots []heap.Node
		for k := range sets {
			if r.IntN(2) == 0 {
				some = append(some, uint32(k))
				roots = append(roots, sets[k]...)
			}
		}
		var want heap.Total
		for n := range reachedBy(g, roots) {
			want.Objects++
			want.Bytes += g.Size(n)
		}
		if got, ok := joint.Reached(some); !ok || got != want {
			t.Fatalf("classes %d: %+v, %v, want %+v", some, got, ok, want)
		}
	}
}
