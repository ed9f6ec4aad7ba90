package heap_test

import (
	"context"
	"fmt"

	"goheap/heap"
)

// Two roots point to a list of three objects of 16 bytes, one of them to its
// head and the other to its second element.
func Example() {
	g := heap.NewGraph(2,
		[]uint64{0, 2, 3, 4, 4, 4, 4, 4, 4, 5, 6, 6},
		[]heap.Node{1, 2, 8, 9, 9, 10},
		[]heap.Extent{{First: 8, Count: 3, Size: 16}})
	d, err := g.Dominators(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	defer d.Close()
	for _, n := range d.Largest(10) {
		fmt.Println(n, d.Retained(n), d.PathTo(n))
	}
	joint, err := d.Joint(context.Background(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, group := range joint.Groups {
		fmt.Println(group.Nodes, group.Retained, group.Holders)
	}
	// Output:
	// 9 32 [2 9]
	// 1 16 [1]
	// 2 0 [2]
	// [9] 32 [1 2]
}

// Phases are told as they begin, go on and end.
func ExampleWithProgress() {
	g := heap.NewGraph(1, []uint64{0, 1, 1}, []heap.Node{1}, nil)
	ctx := heap.WithProgress(context.Background(), func(phase string, done, total int64) {
		switch {
		case done == 0:
			fmt.Println(phase)
		case done == total:
			fmt.Println(phase, "has ended")
		}
	})
	live, err := g.Reachable(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer live.Close()
	// Output:
	// mark
	// mark has ended
}
