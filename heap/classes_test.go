package heap_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
)

// randomClasses puts the roots of g into at most four classes.
func randomClasses(r *rand.Rand, g *heap.Graph) (classes []uint32, sets [][]heap.Node) {
	sets = make([][]heap.Node, 1+r.IntN(4))
	classes = make([]uint32, g.Roots)
	for i := range classes {
		classes[i] = uint32(r.IntN(len(sets)))
		sets[classes[i]] = append(sets[classes[i]], heap.Node(i+1))
	}
	return classes, sets
}

func checkClasses(t *testing.T, r *rand.Rand, g *heap.Graph, d *heap.Dominators) {
	t.Helper()
	classes, sets := randomClasses(r, g)
	got, err := d.RetainedByClass(context.Background(), classes, len(sets))
	if err != nil {
		t.Fatal(err)
	}
	for i, set := range sets {
		bytes, objects := heaptest.Retained(g, set...)
		if want := (heap.Total{Objects: objects, Bytes: bytes}); got[i] != want {
			t.Fatalf("class of roots %d: %+v, want %+v", set, got[i], want)
		}
	}
}

func TestRetainedByClass(t *testing.T) {
	r := rand.New(rand.NewPCG(25, 26))
	for i := range 3000 {
		g := heaptest.Random(r, 1+i/60)
		checkClasses(t, r, g, dominators(t, g))
	}
}

// reachedBy returns the slots that the roots of a class lead to.
func reachedBy(g *heap.Graph, set []heap.Node) map[heap.Node]bool {
	reached := map[heap.Node]bool{}
	for _, root := range set {
		for n, ok := range heaptest.Reach(g, root) {
			if ok && n > g.Roots {
				reached[heap.Node(n)] = true
			}
		}
	}
	return reached
}

// What classes hold is what a search from each says: alone, in all, and together, where
// each member is held by the same classes; and nothing counts twice or is left out.
func TestJointByClass(t *testing.T) {
	r := rand.New(rand.NewPCG(27, 28))
	for i := range 3000 {
		g := heaptest.Random(r, 1+i/60)
		d := dominators(t, g)
		classes, sets := randomClasses(r, g)
		got, err := d.JointByClass(context.Background(), nil, classes, len(sets))
		if err != nil {
			t.Fatal(err)
		}
		sum := uint64(0)
		var reached []map[heap.Node]bool
		for k, set := range sets {
			reached = append(reached, reachedBy(g, set))
			want := heap.ClassTotal{Told: true}
			want.Retained.Bytes, want.Retained.Objects = heaptest.Retained(g, set...)
			for n := range reached[k] {
				want.Reached.Objects++
				want.Reached.Bytes += g.Size(n)
			}
			if got.Classes[k] != want {
				t.Fatalf("class of roots %d: %+v, want %+v", set, got.Classes[k], want)
			}
			sum += want.Retained.Bytes
			together := uint64(0)
			for _, n := range set {
				together += d.Retained(n)
			}
			for _, n := range got.Within[k] {
				together += d.Retained(n)
				if d.Idom(n) != heap.SuperRoot || !reached[k][n] {
					t.Fatalf("slot %d is within the class of roots %d", n, set)
				}
			}
			if together != want.Retained.Bytes {
				t.Fatalf("class of roots %d: its roots and what is within it retain %d bytes, want %d", set, together, want.Retained.Bytes)
			}
		}
		for _, group := range got.Groups {
			sum += group.Retained
			for _, n := range group.Nodes {
				var holders []heap.Node
				for k, set := range sets {
					if reached[k][n] {
						holders = append(holders, set[0])
					}
				}
				slices.Sort(holders)
				if !slices.Equal(group.Holders, holders) || len(holders) < 2 || group.MoreHolders {
					t.Fatalf("slot %d is held by %d, want %d", n, group.Holders, holders)
				}
			}
		}
		if sum != d.LiveBytes() {
			t.Fatalf("classes and groups add up to %d bytes of %d", sum, d.LiveBytes())
		}
	}
}

// Of many classes 63 and more are not told apart: what these reach is not said.
func TestJointByManyClasses(t *testing.T) {
	r := rand.New(rand.NewPCG(29, 30))
	g := manyRoots(r, 130, 60, 30)
	classes := make([]uint32, g.Roots)
	for i := range classes {
		classes[i] = uint32(i)
	}
	got, err := dominators(t, g).JointByClass(context.Background(), nil, classes, g.Roots)
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for k, c := range got.Classes {
		if !c.Told {
			continue
		}
		told++
		var bytes uint64
		for n := range reachedBy(g, []heap.Node{heap.Node(k + 1)}) {
			bytes += g.Size(n)
		}
		if c.Reached.Bytes != bytes {
			t.Errorf("root %d reaches %d bytes, want %d", k+1, c.Reached.Bytes, bytes)
		}
	}
	if told < 64 || told == g.Roots {
		t.Errorf("%d of %d are told", told, g.Roots)
	}
}
