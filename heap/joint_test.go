package heap_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"goheap/heap"
	"goheap/heap/heaptest"
)

// jointBruteForce groups the slots without a dominator by what a search from
// each root alone reaches.
func jointBruteForce(t testing.TB, g *heap.Graph, types []heap.TypeID) []heap.JointGroup {
	reached := make(map[heap.Node][]heap.Node) // by slot: roots, ascending
	for r := heap.Node(1); int(r) <= g.Roots; r++ {
		for n, ok := range heaptest.Reach(g, r) {
			if ok && n > g.Roots {
				reached[heap.Node(n)] = append(reached[heap.Node(n)], r)
			}
		}
	}
	// A slot has no dominator if every other node can be removed.
	dominated := make([]bool, g.Len())
	live := heaptest.Reach(g, heap.SuperRoot)
	for _, a := range heaptest.Nodes(g)[1:] {
		for n, ok := range heaptest.Reach(g, heap.SuperRoot, a) {
			if live[n] && !ok && heap.Node(n) != a {
				dominated[n] = true
			}
		}
	}
	var joint []heap.Node
	bytes := make(map[heap.Node]uint64) // by root
	for n := range live {
		if n := heap.Node(n); live[n] && !dominated[n] && int(n) > g.Roots {
			joint = append(joint, n)
			if len(reached[n]) < 2 {
				t.Fatalf("slot %d has no dominator, but only the roots %d reach it", n, reached[n])
			}
			for _, r := range reached[n] {
				bytes[r] += heaptest.RetainedBruteForce(g, n)
			}
		}
	}
	var roots []heap.Node
	for r := range bytes {
		roots = append(roots, r)
	}
	slices.SortFunc(roots, func(a, b heap.Node) int {
		return cmp.Or(cmp.Compare(bytes[b], bytes[a]), cmp.Compare(a, b))
	})
	chosen := make(map[heap.Node]bool)
	for _, r := range roots[:min(64, len(roots))] {
		chosen[r] = true
	}

	groups := make(map[string]*heap.JointGroup)
	for _, n := range joint {
		var group heap.JointGroup
		if types != nil {
			group.Type = types[n]
		}
		for _, r := range reached[n] {
			if chosen[r] {
				group.Holders = append(group.Holders, r)
			} else {
				group.MoreHolders = true
			}
		}
		key := fmt.Sprint(group)
		j := groups[key]
		if j == nil {
			group.First = n
			j = &group
			groups[key] = j
		}
		retained, objects := heaptest.Retained(g, n)
		if j.Count == 0 || retained > heaptest.RetainedBruteForce(g, j.Most) {
			j.Most = n
		}
		j.Count++
		j.Nodes = append(j.Nodes, n)
		j.Objects += objects
		j.Shallow += g.Size(n)
		j.Retained += retained
	}
	var all []heap.JointGroup
	for _, j := range groups {
		all = append(all, *j)
	}
	slices.SortFunc(all, func(a, b heap.JointGroup) int {
		return cmp.Or(cmp.Compare(b.Retained, a.Retained), cmp.Compare(a.Type, b.Type), cmp.Compare(a.First, b.First))
	})
	return all
}

func checkJoint(t *testing.T, g *heap.Graph, d *heap.Dominators, types []heap.TypeID) {
	t.Helper()
	joint, err := d.Joint(context.Background(), types)
	if err != nil {
		t.Fatal(err)
	}
	want := jointBruteForce(t, g, types)
	if len(joint.Groups) == 0 && len(want) == 0 {
		return
	}
	if !reflect.DeepEqual(joint.Groups, want) {
		t.Fatalf("joint groups:\n%+v\nwant:\n%+v", joint.Groups, want)
	}
}

func randomTypes(r *rand.Rand, g *heap.Graph, n int) []heap.TypeID {
	types := make([]heap.TypeID, g.Len())
	for i := range types {
		types[i] = heap.TypeID(r.IntN(n))
	}
	return types
}

func TestJoint(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for i := range 1500 {
		g := heaptest.Random(r, 2+i/30)
		d := dominators(t, g)
		checkJoint(t, g, d, nil)
		checkJoint(t, g, d, randomTypes(r, g, 1+r.IntN(3)))
	}
}

// manyRoots returns a graph of slots that point to each other, each held by
// some of the roots.
func manyRoots(r *rand.Rand, roots, slots, perSlot int) *heap.Graph {
	var extents []heap.Extent
	for left := slots; left > 0; left -= 10 {
		extents = append(extents, heap.Extent{First: heaptest.After(roots, extents), Count: uint32(min(10, left)), Size: uint64(8 + r.IntN(64)*8)})
	}
	all := heaptest.Nodes(heaptest.Build(roots, extents, nil))[roots+1:]
	var edges []heaptest.Edge
	for i, n := range all {
		// The first slots are held by many roots, the last by few.
		for range 1 + perSlot*(slots-i)/slots {
			edges = append(edges, heaptest.Edge{From: heap.Node(1 + r.IntN(roots)), To: n})
		}
		if i > 0 && r.IntN(3) == 0 {
			edges = append(edges, heaptest.Edge{From: all[r.IntN(len(all))], To: n})
		}
	}
	return heaptest.Build(roots, extents, edges)
}

func TestJointManyRoots(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	more := false
	for _, roots := range []int{63, 64, 65, 130, 500} {
		for range 5 {
			g := manyRoots(r, roots, 60, 30)
			d := dominators(t, g)
			checkJoint(t, g, d, randomTypes(r, g, 2))
			joint, err := d.Joint(context.Background(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, group := range joint.Groups {
				more = more || group.MoreHolders
				if group.MoreHolders && roots <= 64 {
					t.Fatalf("%d roots, but a group claims more than it names: %+v", roots, group)
				}
			}
		}
	}
	if !more {
		t.Error("no group had more holders than the 64")
	}
}

// TestJointTooManyRoots: beyond 4096 roots that hold something, the choice goes
// by their own pointers first. Here both measures are the same.
func TestJointTooManyRoots(t *testing.T) {
	const roots = 5000
	extents := []heap.Extent{{First: 5008, Count: 100, Size: 64}, {First: 5112, Count: 1, Size: 32}}
	var edges []heaptest.Edge
	for root := heap.Node(1); root <= roots; root++ {
		edges = append(edges, heaptest.Edge{From: root, To: 5112})
		// The last hundred hold all of the first slots as well.
		if root > roots-100 {
			for i := range heap.Node(100) {
				edges = append(edges, heaptest.Edge{From: root, To: 5008 + i})
			}
		}
	}
	g := heaptest.Build(roots, extents, edges)
	joint, err := dominators(t, g).Joint(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var holders []heap.Node
	for i := range heap.Node(64) {
		holders = append(holders, roots-100+1+i)
	}
	var slots []heap.Node
	for i := range heap.Node(101) {
		slots = append(slots, 5008+i)
	}
	slots[100] = 5112
	want := []heap.JointGroup{{Count: 101, First: 5008, Most: 5008, Nodes: slots, Objects: 101,
		Shallow: 6432, Retained: 6432, Holders: holders, MoreHolders: true}}
	if !reflect.DeepEqual(joint.Groups, want) {
		t.Fatalf("joint groups:\n%+v\nwant:\n%+v", joint.Groups, want)
	}
}

func TestJointCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	d := dominators(t, manyRoots(rand.New(rand.NewPCG(1, 1)), 100, 100, 10))
	if j, err := d.Joint(ctx, nil); j != nil || err != context.Canceled {
		t.Errorf("Joint = %v, %v", j, err)
	}
}
