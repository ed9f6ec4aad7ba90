package waits

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"goheap/gocore/internal/image"
	"goheap/gocore/internal/layout"
	"goheap/gocore/internal/program"
	"goheap/gocore/wait"
	"goheap/heap"
)

// waiting is how a goroutine waits: by the calls of package sync and the runtime in which it
// is, and the call that has made these.
type waiting struct {
	calls []string // of package sync, innermost first
	fn    string
	at    string
	condL bool // it has been woken from the Cond whose lock it waits for
}

// callsOf returns the calls of a goroutine, innermost first, until f returns false.
func (f *finder) eachCall(gi int, yield func(c program.Call) bool) {
	g := &f.im.Goroutines[gi]
	if g.Recorded {
		for i := range g.Frames {
			fr := &f.im.Frames[g.FirstFrame+i]
			calls := f.prog.CallsAt(fr.LookupPC(i > 0))
			if len(calls) == 0 {
				calls = []program.Call{{Name: fr.Name}}
			}
			for _, c := range calls {
				if !yield(c) {
					return
				}
			}
		}
		return
	}
	walked, _ := f.vars.Walk(gi)
	for i := range walked {
		for _, c := range f.prog.CallsAt(walked[i].LookupPC()) {
			if !yield(c) {
				return
			}
		}
	}
}

func (f *finder) waitingOf(gi int) (w waiting) {
	f.eachCall(gi, func(c program.Call) bool {
		switch pkg := program.PackageOf(c.Name); {
		case pkg == "sync" || pkg == "internal/sync":
			w.calls = append(w.calls, c.Name)
			return true
		case pkg == "runtime" || strings.HasPrefix(c.Name, "runtime."):
			return true
		}
		w.fn, w.at = program.WithoutShapes(c.Name), placeText(c.File, c.Line)
		return false
	})
	return w
}

func placeText(file string, line int) string {
	if file == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// in reports whether one of the calls is of a method.
func (w *waiting) in(method string) bool { return slices.Contains(w.calls, method) }

// syncPlace says which thing of package sync the semaphore, or the list, at addr is of, by
// the calls of who waits.
func (f *finder) syncPlace(w *waiting, addr uint64) (kind wait.Kind, base uint64, s side, operation string) {
	var lib layout.Library
	if f.prog.Layout != nil {
		lib = f.prog.Layout.Library
	}
	mutex := w.in("sync.(*Mutex).Lock") || w.in("sync.(*Mutex).lockSlow") || w.in("internal/sync.(*Mutex).Lock") || w.in("internal/sync.(*Mutex).lockSlow")
	inside := func(field layout.Field, more uint64) (uint64, bool) { return addr - field.Offset - more, field.Has() }
	var ok bool
	switch {
	case w.in("sync.(*RWMutex).RLock"):
		kind, s, operation = wait.RWMutex, reading, "RLock"
		base, ok = inside(lib.RWMutex.ReaderSem, 0)
	case w.in("sync.(*RWMutex).Lock") && mutex:
		kind, s, operation = wait.RWMutex, queuing, "Lock"
		base, ok = inside(lib.RWMutex.W, lib.Mutex.Sema.Offset)
		ok = ok && lib.Mutex.Sema.Has()
	case w.in("sync.(*RWMutex).Lock"):
		kind, s, operation = wait.RWMutex, writing, "Lock"
		base, ok = inside(lib.RWMutex.WriterSem, 0)
	case mutex && w.in("sync.(*Once).doSlow"):
		kind, operation = wait.Once, "Do"
		base, ok = inside(lib.Once.M, lib.Mutex.Sema.Offset)
		ok = ok && lib.Mutex.Sema.Has()
	case mutex:
		kind, operation = wait.Mutex, "Lock"
		base, ok = inside(lib.Mutex.Sema, 0)
		w.condL = w.in("sync.(*Cond).Wait")
	case w.in("sync.(*WaitGroup).Wait"):
		kind, operation = wait.WaitGroup, "Wait"
		base, ok = inside(lib.WaitGroup.Sema, 0)
	case w.in("sync.(*Cond).Wait"):
		kind, operation = wait.Cond, "Wait"
		base, ok = inside(lib.Cond.List, 0)
	}
	if !ok {
		return wait.Semaphore, addr, all, "wait"
	}
	return kind, base, s, operation
}

// entry is a goroutine at a place, before it has its turn in a queue.
type entry struct {
	waiter wait.Waiter
	side   side
	sudog  uint64
	sema   uint64 // of those that wait at one semaphore
}

// findPlaces finds all places, and who waits there in which order.
func (f *finder) findPlaces(ctx context.Context) error {
	type key struct {
		kind wait.Kind
		addr uint64
	}
	index := map[key]int{}
	var entries [][]entry
	add := func(kind wait.Kind, addr uint64, node heap.Node, e entry) {
		k := key{kind, addr}
		at, ok := index[k]
		if !ok {
			at = len(f.places)
			index[k] = at
			f.places = append(f.places, wait.Place{Kind: kind, Addr: addr, Node: node})
			entries = append(entries, nil)
		}
		entries[at] = append(entries[at], e)
	}
	for i := range f.im.Goroutines {
		if err := program.Look(ctx, i); err != nil {
			return err
		}
		g := &f.im.Goroutines[i]
		if g.Status != image.GWaiting && g.Status != image.GLeaked || strings.HasPrefix(g.Func, "runtime.") {
			continue
		}
		reason := f.vars.WaitReason(i)
		if len(f.on[i]) == 0 {
			switch {
			case reason == "select (no cases)" || strings.HasSuffix(reason, "(nil chan)"), reason == "select" && g.Waiting == 0 && !g.Recorded:
				w := f.waitingOf(i)
				add(wait.NilChannel, 0, heap.None, entry{waiter: wait.Waiter{Goroutine: i, Operation: nilOperation(reason), Select: strings.HasPrefix(reason, "select"), Func: w.fn, At: w.at}})
			case reason == "select" || reason == "chan receive" || reason == "chan send" || strings.HasPrefix(reason, "sync."):
				f.out.Unknown++
			}
			continue
		}
		w := f.waitingOf(i)
		for _, a := range f.on[i] {
			e := entry{waiter: wait.Waiter{Goroutine: i, Select: reason == "select", Func: w.fn, At: w.at}, sudog: a.Sudog, sema: a.Addr}
			if a.Channel {
				if e.side = sending; reason == "chan receive" {
					e.side = receiving
				}
				add(wait.Channel, a.Addr, a.Node, e)
				continue
			}
			var kind wait.Kind
			var base uint64
			kind, base, e.side, e.waiter.Operation = f.syncPlace(&w, a.Addr)
			add(kind, base, a.Node, e)
		}
	}
	order := make([]int, len(f.places))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(f.places[a].Addr, f.places[b].Addr), cmp.Compare(f.places[a].Kind, f.places[b].Kind))
	})
	places, sorted := f.places, make([][]entry, len(entries))
	f.places = make([]wait.Place, len(places))
	for i, at := range order {
		f.places[i], sorted[i] = places[at], entries[at]
	}
	f.sides = make([][]side, len(f.places))
	for i := range f.places {
		p := &f.places[i]
		f.readState(p)
		for _, e := range f.inOrder(p, sorted[i]) {
			switch {
			case e.waiter.Operation != "":
			case e.side == sending:
				e.waiter.Operation = "send"
			default:
				e.waiter.Operation = "receive"
			}
			f.at[e.waiter.Goroutine] = append(f.at[e.waiter.Goroutine], atPlace{i, len(p.Queue)})
			p.Queue = append(p.Queue, e.waiter)
			f.sides[i] = append(f.sides[i], e.side)
		}
	}
	return nil
}

func nilOperation(reason string) string {
	switch {
	case strings.HasPrefix(reason, "chan receive"):
		return "receive"
	case strings.HasPrefix(reason, "chan send"):
		return "send"
	}
	return "select"
}

// inOrder puts those who wait at a place in the order in which they are served. A channel
// has a list for each side (runtime/chan.go, waitq). Those of a semaphore follow each other
// by their waitlink (runtime/sema.go, semaRoot.queue), and those of a Cond by next
// (notifyListAdd). Who is in no list stands last.
func (f *finder) inOrder(p *wait.Place, list []entry) (sorted []entry) {
	if f.prog.Layout == nil || len(list) == 0 {
		return list
	}
	im, s := f.im, &f.prog.Layout.Sudog
	bySudog := make(map[uint64]int, len(list))
	for i := range list {
		bySudog[list[i].sudog] = i
	}
	next := s.Waitlink
	if p.Kind == wait.Channel || p.Kind == wait.Cond {
		next = s.Next
	}
	follow := func(addr uint64) (to uint64) {
		if b, ok := im.Mem.Slice(addr, uint64(s.Size)); ok {
			to = next.Uint(im.Arch, b)
		}
		return to
	}
	taken := make([]bool, len(list))
	chain := func(addr uint64, of side) {
		for {
			i, ok := bySudog[addr]
			if !ok || taken[i] {
				return
			}
			taken[i] = true
			if of != all {
				list[i].side = of
			}
			sorted = append(sorted, list[i])
			addr = follow(addr)
		}
	}
	if p.Kind == wait.Channel {
		h := &f.prog.Layout.Hchan
		if b, ok := im.Mem.Slice(p.Addr, uint64(h.Size)); ok {
			chain(h.SendqFirst.Uint(im.Arch, b), sending)
			chain(h.RecvqFirst.Uint(im.Arch, b), receiving)
		}
	} else {
		led := map[uint64]bool{}
		for i := range list {
			led[follow(list[i].sudog)] = true
		}
		for _, of := range []side{all, writing, reading, queuing} {
			for i := range list {
				if list[i].side == of && !led[list[i].sudog] {
					chain(list[i].sudog, all)
				}
			}
		}
	}
	for i := range list {
		if !taken[i] {
			sorted = append(sorted, list[i])
		}
	}
	return sorted
}

// readState reads what a place says of itself.
func (f *finder) readState(p *wait.Place) {
	if f.prog.Layout == nil {
		return
	}
	l, lib := f.prog.Layout, &f.prog.Layout.Library
	number := func(field layout.Field, more uint64) (uint64, bool) {
		b, ok := f.im.Mem.Slice(p.Addr+more+field.Offset, uint64(field.Size))
		field.Offset = 0
		return field.Uint(f.im.Arch, b), ok && field.Has()
	}
	switch p.Kind {
	case wait.Channel:
		c, ok := f.prog.Space().Chan(nil, p.Addr)
		if p.Known = ok && l.Hchan.Size > 0; ok {
			p.Queued, p.Capacity, p.Closed = c.Queued, c.Capacity, c.Closed
		}
	case wait.Mutex, wait.Once:
		off := uint64(0)
		if p.Kind == wait.Once {
			off = lib.Once.M.Offset
		}
		// The lowest bit is mutexLocked (internal/sync/mutex.go).
		state, ok := number(lib.Mutex.State, off)
		p.Known, p.Locked = ok, state&1 != 0
	case wait.RWMutex:
		count, ok := number(lib.RWMutex.Readers, 0)
		waits, ok2 := number(lib.RWMutex.Waiting, 0)
		// A writer that waits or has it takes rwmutexMaxReaders from the count
		// (sync/rwmutex.go).
		switch n := int32(count); {
		case !ok:
		case n >= 0:
			p.Known, p.Locked, p.Readers = true, n > 0, int(n)
		case ok2:
			p.Known, p.Locked, p.Readers = true, true, max(int(int32(waits)), 0)
		}
	case wait.WaitGroup:
		// The counter is the higher half (sync/waitgroup.go); until Go 1.19 it may stand
		// elsewhere where pointers have 4 bytes.
		if state, ok := number(lib.WaitGroup.State, 0); ok && f.im.Arch.PtrSize == 8 {
			p.Known, p.Missing = true, int(int32(state>>32))
		}
	}
}
