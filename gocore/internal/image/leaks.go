package image

import (
	"context"
	"slices"
	"strings"

	"goheap/heap"
)

// Leaked returns the goroutines, by their places, that wait for what nobody can do any
// longer: no root and no goroutine that may go on leads to what they wait on, so that
// none can send, receive, close, unlock or finish it. g is the graph of the image, with
// the runtime's ways closed; reason says why a goroutine waits, in the runtime's words.
// The error is the context's.
//
// It is the argument of the collector's own search for leaks (Go 1.26, runtime/mgc.go,
// findGoroutineLeaks): goroutines that wait are taken for dead until what they wait on
// is reached, and then for alive, with all that they lead to. What waits in another way
// than by a channel, a select, or a semaphore of package sync is alive, as are
// goroutines whose waits the file does not have, those of the runtime, and the first
// one, whose end is the program's.
func (im *Image) Leaked(ctx context.Context, g *heap.Graph, reason func(goroutine int) string) ([]int, error) {
	if im.Physical {
		return nil, nil // the runtime's tables lead everywhere
	}
	waits := make([][]Wait, len(im.Goroutines))
	for _, w := range im.Records.Waits {
		waits[w.Goroutine] = append(waits[w.Goroutine], w)
	}
	m := heap.NewMarker(g)
	defer m.Close()
	revive := func(i int) {
		m.Mark(heap.Node(1 + im.Goroutines[i].Root))
		for _, w := range waits[i] {
			for _, addr := range []uint64{w.Chan, w.Elem} {
				if n, ok := im.Pages.Lookup(addr); ok {
					m.Mark(n)
				}
			}
		}
	}
	var waiting []int
	for i := range im.Goroutines {
		if im.blocked(i, waits[i], reason(i)) {
			waiting = append(waiting, i)
		} else {
			revive(i)
		}
	}
	if len(waiting) == 0 {
		return nil, nil
	}
	for i := range im.Roots {
		if im.Roots[i].Goroutine < 0 {
			m.Mark(heap.Node(1 + i))
		}
	}
	// Those that wait for each other stand in any order: it is turned each time, since
	// a pipeline is as often started from its end as from its beginning.
	for again := true; again; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		again = false
		waiting = slices.DeleteFunc(waiting, func(i int) bool {
			if !im.mayWake(m, waits[i]) {
				return false
			}
			revive(i)
			again = true
			return true
		})
		slices.Reverse(waiting)
	}
	slices.Sort(waiting)
	return waiting, nil
}

// blocked reports whether a goroutine waits for others in a way that Leaked can decide.
func (im *Image) blocked(i int, waits []Wait, reason string) bool {
	const first = 1 // main.main runs in it
	g := &im.Goroutines[i]
	if g.Status != GWaiting && g.Status != GLeaked || g.ID == first || strings.HasPrefix(g.Func, "runtime.") {
		return false
	}
	known := func(on func(Wait) uint64) bool {
		return len(waits) > 0 && !slices.ContainsFunc(waits, func(w Wait) bool { return !im.InHeap(on(w)) })
	}
	switch reason {
	case "select (no cases)", "chan receive (nil chan)", "chan send (nil chan)":
		return len(waits) == 0
	case "chan receive", "chan send", "select":
		return known(func(w Wait) uint64 { return w.Chan })
	case "sync.Mutex.Lock", "sync.RWMutex.RLock", "sync.RWMutex.Lock", "sync.WaitGroup.Wait":
		return known(func(w Wait) uint64 { return w.Elem })
	}
	return false
}

// mayWake reports whether one of the things that a goroutine waits on is marked.
func (im *Image) mayWake(m *heap.Marker, waits []Wait) bool {
	return slices.ContainsFunc(waits, func(w Wait) bool {
		on := w.Chan
		if on == 0 {
			on = w.Elem
		}
		n, ok := im.Pages.Lookup(on)
		return !ok || m.Has(n)
	})
}
