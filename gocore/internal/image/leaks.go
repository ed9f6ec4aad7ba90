package image

import (
	"context"
	"slices"
	"strings"

	"goheap/heap"
)

// Awaited is a channel, or a part of what package sync makes: the semaphore of a lock or
// a group, the list of a sync.Cond.
type Awaited struct {
	Addr    uint64
	Node    heap.Node // of the object that it is, or is a part of; heap.None for a variable
	Channel bool
	Sudog   uint64 // address of the record by which the goroutine waits
}

// StuckQuestion says what Stuck needs to know.
type StuckQuestion struct {
	// On has what each goroutine waits on.
	On [][]Awaited
	// Reason says why a goroutine waits, in the runtime's words.
	Reason func(goroutine int) string
	// First says that the first goroutine counts like others. Its end is the program's,
	// so that to wait is no leak of it.
	First bool
	// Holders are, by goroutine, those which have the lock that it waits for, as far as
	// somebody says so: nil for nobody. They alone give it back.
	Holders map[int][]int
	// Needs are those which all have to do their part, each goroutine for itself: the
	// readers that a writer waits for.
	Needs map[int][]int
}

// WaitsOn says what each goroutine waits on: several channels in a select. It is nil for
// what the file does not tell.
func (im *Image) WaitsOn() [][]Awaited {
	on := make([][]Awaited, len(im.Goroutines))
	for _, s := range im.Records.Waits {
		a := Awaited{Addr: s.Chan, Node: heap.None, Channel: s.Chan != 0, Sudog: s.Addr}
		if !a.Channel {
			a.Addr = s.Elem
		}
		if n, ok := im.Pages.Lookup(a.Addr); ok {
			a.Node = n
		}
		on[s.Goroutine] = append(on[s.Goroutine], a)
	}
	return on
}

// Stuck returns the goroutines, by their places, that wait for what nobody can do any
// longer, ascending: no root and no goroutine that may go on leads to what they wait on,
// so that none can send, receive, close, unlock, finish or signal it. reached are the nodes
// that the others and the roots lead to; the caller closes it. Both are nil where the file
// cannot tell. g is the graph of the image, with the runtime's ways closed, d its dominators.
// The error is the context's.
//
// It is the argument of the collector's own search for leaks (Go 1.26, runtime/mgc.go,
// findGoroutineLeaks): goroutines that wait are taken for dead until what they wait on
// is reached, and then for alive, with all that they lead to. What waits in another way
// than by a channel, a select, or in package sync is alive, as are goroutines whose waits
// the file does not have, those of the runtime, and the first one, unless the question says
// otherwise. What specials keep is reached, as it is for the collector. Other than for
// that, a weak pointer that is reached leads to its object: who asks it has the object,
// while the goroutine that waits keeps that alive.
func (im *Image) Stuck(ctx context.Context, g *heap.Graph, d *heap.Dominators, q StuckQuestion) (stuck []int, reached *heap.SubtreeMarker, err error) {
	if im.Physical {
		return nil, nil, nil // the runtime's tables lead everywhere
	}
	m, err := d.SubtreeMarker(ctx)
	if err != nil {
		return nil, nil, err
	}
	sent := make([][]heap.Node, len(im.Goroutines))
	for _, s := range im.Records.Waits {
		if n, ok := im.Pages.Lookup(s.Elem); ok {
			sent[s.Goroutine] = append(sent[s.Goroutine], n)
		}
	}
	dead := make([]bool, len(im.Goroutines))
	revive := func(i int) {
		dead[i] = false
		m.Mark(heap.Node(1 + im.Goroutines[i].Root))
		for _, a := range q.On[i] {
			if a.Node != heap.None {
				m.Mark(a.Node)
			}
		}
		for _, n := range sent[i] {
			m.Mark(n)
		}
	}
	ended := func(i int) bool {
		if slices.ContainsFunc(q.Needs[i], func(h int) bool { return dead[h] }) {
			return false
		}
		if by := q.Holders[i]; len(by) > 0 {
			return slices.ContainsFunc(by, func(h int) bool { return !dead[h] })
		}
		return slices.ContainsFunc(q.On[i], func(a Awaited) bool { return a.Node == heap.None || m.Has(a.Node) })
	}
	var waiting []int
	for i := range im.Goroutines {
		if dead[i] = im.blocked(i, &q); dead[i] {
			waiting = append(waiting, i)
		}
	}
	if len(waiting) == 0 {
		return nil, m, nil
	}
	for i := range im.Goroutines {
		if !dead[i] {
			revive(i)
		}
	}
	for i := range im.Roots {
		if r := &im.Roots[i]; r.Goroutine < 0 && r.Kind != WeakHandleRoot {
			m.Mark(heap.Node(1 + i))
		}
	}
	for _, n := range im.Interned {
		m.Mark(n)
	}
	weak := im.markSpecials(g, m)
	// Those that wait for each other stand in any order: it is turned each time, since
	// a pipeline is as often started from its end as from its beginning.
	for again := true; again; {
		if err := ctx.Err(); err != nil {
			m.Close()
			return nil, nil, err
		}
		again = false
		weak = slices.DeleteFunc(weak, func(h weakHandle) bool {
			if !m.Has(h.handle) {
				return false
			}
			again = again || !m.Has(h.object)
			m.Mark(h.object)
			return true
		})
		waiting = slices.DeleteFunc(waiting, func(i int) bool {
			if !ended(i) {
				return false
			}
			revive(i)
			again = true
			return true
		})
		slices.Reverse(waiting)
	}
	slices.Sort(waiting)
	return waiting, m, nil
}

// weakHandle is what a weak pointer points to (runtime/mheap.go, getOrAddWeakHandle), and
// the object that it leads to.
type weakHandle struct{ handle, object heap.Node }

// markSpecials marks what specials keep, whoever reaches their objects, and of those with
// a finalizer what they point to (runtime/mgcmark.go, markrootSpans). The handles of weak
// pointers are left out, and returned.
func (im *Image) markSpecials(g *heap.Graph, m *heap.SubtreeMarker) (weak []weakHandle) {
	handles := map[heap.Node]bool{}
	for _, s := range im.Specials {
		object, ok := im.Pages.Lookup(s.Object)
		for _, p := range s.Keeps {
			if n, known := im.Pages.Lookup(p); ok && known && s.Kind == WeakHandleSpecial {
				weak = append(weak, weakHandle{n, object})
				handles[n] = true
			}
		}
	}
	for _, s := range im.Specials {
		for _, p := range s.Keeps {
			if n, ok := im.Pages.Lookup(p); ok && !handles[n] {
				m.Mark(n)
			}
		}
		if object, ok := im.Pages.Lookup(s.Object); ok && s.Kind == FinalizerSpecial {
			for _, n := range g.Targets(object) {
				if n != object && !handles[n] {
					m.Mark(n)
				}
			}
		}
	}
	return weak
}

// blocked reports whether a goroutine waits for others in a way that can be decided.
func (im *Image) blocked(i int, q *StuckQuestion) bool {
	const first = 1 // main.main runs in it
	g, waits := &im.Goroutines[i], q.On[i]
	if g.Status != GWaiting && g.Status != GLeaked || g.ID == first && !q.First || strings.HasPrefix(g.Func, "runtime.") {
		return false
	}
	held := len(q.Holders[i]) > 0 || len(q.Needs[i]) > 0
	known := func(channel bool) bool {
		return len(waits) > 0 && !slices.ContainsFunc(waits, func(a Awaited) bool { return a.Node == heap.None && !held || a.Channel != channel })
	}
	switch q.Reason(i) {
	case "select (no cases)", "chan receive (nil chan)", "chan send (nil chan)":
		return len(waits) == 0
	case "select":
		// It has all its sudogs before it waits (runtime/select.go, selectgo): with none
		// all of its channels are nil. A dump without its executable does not say.
		return g.Waiting == 0 && !g.Recorded || known(true)
	case "chan receive", "chan send":
		return known(true)
	case "sync.Mutex.Lock", "sync.RWMutex.RLock", "sync.RWMutex.Lock", "sync.WaitGroup.Wait", "sync.Cond.Wait":
		return known(false)
	}
	return false
}
