// Package waits says what goroutines wait for, who could end that, and who of them wait for
// each other.
//
// Terms:
//
//	place    where goroutines wait: a channel, a lock
//	side     those who wait at a place in one way: to send, to read
//	end      a goroutine that could end the wait of a side
//	stuck    whose wait none can end who may still go on
package waits

import (
	"context"
	"slices"

	"goheap/gocore/internal/frames"
	"goheap/gocore/internal/image"
	"goheap/gocore/internal/program"
	"goheap/gocore/wait"
	"goheap/heap"
)

// Of says what goroutines wait on, by their places: several channels in a select, nil where
// it is not known; and which of them wait in vain. d are the dominators of g.
func Of(ctx context.Context, im *image.Image, g *heap.Graph, d *heap.Dominators, vars *frames.Reader) (on [][]wait.Awaited, leaked []int, err error) {
	waits := im.WaitsOn()
	on = make([][]wait.Awaited, len(waits))
	for i, all := range waits {
		for _, a := range all {
			on[i] = append(on[i], wait.Awaited{Addr: a.Addr, Node: a.Node, Channel: a.Channel})
		}
	}
	leaked, reached, err := im.Stuck(ctx, g, d, image.StuckQuestion{On: waits, Reason: vars.WaitReason})
	if reached != nil {
		reached.Close()
	}
	return on, leaked, err
}

// side is a part of those who wait at a place.
type side uint8

const (
	all side = iota
	sending
	receiving
	reading // an RWMutex, until a writer is done
	writing // an RWMutex, until its readers are done
	queuing // for an RWMutex, until another writer is done
)

// finder makes a wait.Graph.
type finder struct {
	im   *image.Image
	g    *heap.Graph
	vars *frames.Reader
	prog *program.Program

	on     [][]image.Awaited
	places []wait.Place
	sides  [][]side // of each place, by its queue
	held   []map[side][]int
	at     [][]atPlace // by goroutine: where it waits
	out    wait.Graph
}

type atPlace struct{ place, index int } // index in the place's queue

// Graph says who waits for whom in a program whose objects g has, with the runtime's ways
// closed, and d the dominators. The error is the context's.
func Graph(ctx context.Context, im *image.Image, g *heap.Graph, d *heap.Dominators, vars *frames.Reader, p *program.Program) (*wait.Graph, error) {
	f := &finder{im: im, g: g, vars: vars, prog: p, on: im.WaitsOn(), at: make([][]atPlace, len(im.Goroutines))}
	if err := f.findPlaces(ctx); err != nil {
		return nil, err
	}
	if err := f.findHolders(ctx); err != nil {
		return nil, err
	}
	q := image.StuckQuestion{On: f.on, Reason: vars.WaitReason, First: true}
	proven, reached, err := im.Stuck(ctx, g, d, q)
	if err != nil || reached == nil {
		f.out.Places = f.places
		return &f.out, err
	}
	f.out.Stuck = proven
	stuck := slices.Clone(proven)
	q.Holders, q.Needs = map[int][]int{}, map[int][]int{}
	if f.askHolders(&q); len(q.Holders)+len(q.Needs) > 0 {
		reached.Close()
		if stuck, reached, err = im.Stuck(ctx, g, d, q); err != nil {
			return nil, err
		}
		for _, i := range proven {
			if at, ok := slices.BinarySearch(stuck, i); !ok {
				stuck = slices.Insert(stuck, at, i)
			}
		}
	}
	defer reached.Close()
	if err := f.findOthers(ctx, stuck, reached); err != nil {
		return nil, err
	}
	f.findDeadlocks(stuck, proven)
	f.out.Places = f.places
	return &f.out, nil
}
