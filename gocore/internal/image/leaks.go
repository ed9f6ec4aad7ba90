package image

import (
	"context"
	"slices"
	"strings"

	"goheap/heap"
)

// Waits says what goroutines wait for, and which of them do so in vain.
type Waits struct {
	// Leaked are goroutines, by their places, that wait for what nobody can do any
	// longer, ascending: no root and no goroutine that may go on leads to what they wait
	// on, so that none can send, receive, close, unlock, finish or signal it.
	Leaked []int
	// For has what each goroutine waits on: several channels in a select. It is nil for
	// what the file does not tell.
	For [][]Awaited
}

// Awaited is a channel, or a part of what package sync makes: the semaphore of a lock or
// a group, the list of a sync.Cond.
type Awaited struct {
	Addr    uint64
	Node    heap.Node // of the object that it is, or is a part of; heap.None for a variable
	Channel bool
}

// FindWaits makes Waits. g is the graph of the image, with the runtime's ways closed, d its
// dominators; reason says why a goroutine waits, in the runtime's words. The error is the context's.
//
// It is the argument of the collector's own search for leaks (Go 1.26, runtime/mgc.go,
// findGoroutineLeaks): goroutines that wait are taken for dead until what they wait on
// is reached, and then for alive, with all that they lead to. What waits in another way
// than by a channel, a select, or in package sync is alive, as are goroutines whose waits
// the file does not have, those of the runtime, and the first one, whose end is the
// program's. What specials keep is reached, as it is for the collector. Other than for
// that, a weak pointer that is reached leads to its object: who asks it has the object,
// while the goroutine that waits keeps that alive.
func (im *Image) FindWaits(ctx context.Context, g *heap.Graph, d *heap.Dominators, reason func(goroutine int) string) (w Waits, err error) {
	w = Waits{For: make([][]Awaited, len(im.Goroutines))}
	for _, s := range im.Records.Waits {
		a := Awaited{Addr: s.Chan, Node: heap.None, Channel: s.Chan != 0}
		if !a.Channel {
			a.Addr = s.Elem
		}
		if n, ok := im.Pages.Lookup(a.Addr); ok {
			a.Node = n
		}
		w.For[s.Goroutine] = append(w.For[s.Goroutine], a)
	}
	if im.Physical {
		return w, nil // the runtime's tables lead everywhere
	}
	var waiting, awake []int
	for i := range im.Goroutines {
		if im.blocked(i, w.For[i], reason(i)) {
			waiting = append(waiting, i)
		} else {
			awake = append(awake, i)
		}
	}
	if len(waiting) == 0 {
		return w, nil
	}
	m, err := d.SubtreeMarker(ctx)
	if err != nil {
		return Waits{}, err
	}
	defer m.Close()
	sent := make([][]heap.Node, len(im.Goroutines))
	for _, s := range im.Records.Waits {
		if n, ok := im.Pages.Lookup(s.Elem); ok {
			sent[s.Goroutine] = append(sent[s.Goroutine], n)
		}
	}
	revive := func(i int) {
		m.Mark(heap.Node(1 + im.Goroutines[i].Root))
		for _, a := range w.For[i] {
			if a.Node != heap.None {
				m.Mark(a.Node)
			}
		}
		for _, n := range sent[i] {
			m.Mark(n)
		}
	}
	for _, i := range awake {
		revive(i)
	}
	for i := range im.Roots {
		if r := &im.Roots[i]; r.Goroutine < 0 && r.Kind != WeakHandleRoot {
			m.Mark(heap.Node(1 + i))
		}
	}
	weak := im.markSpecials(g, m)
	// Those that wait for each other stand in any order: it is turned each time, since
	// a pipeline is as often started from its end as from its beginning.
	for again := true; again; {
		if err := ctx.Err(); err != nil {
			return Waits{}, err
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
			if !slices.ContainsFunc(w.For[i], func(a Awaited) bool { return a.Node == heap.None || m.Has(a.Node) }) {
				return false
			}
			revive(i)
			again = true
			return true
		})
		slices.Reverse(waiting)
	}
	slices.Sort(waiting)
	w.Leaked = waiting
	return w, nil
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
func (im *Image) blocked(i int, waits []Awaited, reason string) bool {
	const first = 1 // main.main runs in it
	g := &im.Goroutines[i]
	if g.Status != GWaiting && g.Status != GLeaked || g.ID == first || strings.HasPrefix(g.Func, "runtime.") {
		return false
	}
	known := func(channel bool) bool {
		return len(waits) > 0 && !slices.ContainsFunc(waits, func(a Awaited) bool { return a.Node == heap.None || a.Channel != channel })
	}
	switch reason {
	case "select (no cases)", "chan receive (nil chan)", "chan send (nil chan)":
		return len(waits) == 0
	case "select":
		// It has all its sudogs before it waits (runtime/select.go, selectgo): with none
		// all of its channels are nil.
		return g.Waiting == 0 || known(true)
	case "chan receive", "chan send":
		return known(true)
	case "sync.Mutex.Lock", "sync.RWMutex.RLock", "sync.RWMutex.Lock", "sync.WaitGroup.Wait", "sync.Cond.Wait":
		return known(false)
	}
	return false
}
